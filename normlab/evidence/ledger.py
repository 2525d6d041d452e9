"""The ledger as data: a row a claim, the counts, and the text of a CSV file."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from normlab.evidence.claim import OURS, Claim
from normlab.evidence.intervals import UNITS
from normlab.evidence.judge import Verdict
from normlab.evidence.records import RECORDS, Records
from normlab.evidence.registry import written
from normlab.evidence.rules import All, Holds, Rule
from normlab.evidence.sentences import of_other_ways, of_p
from normlab.evidence.sources import LETTERS, called
from normlab.evidence.words import Word

Numbers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Other:
    """Another way to ask than the primary one: its rule, and what came out."""

    name: str
    rule: str
    word: Word
    numbers: Numbers


@dataclass(frozen=True)
class Row:
    """A claim and what became of it; all but the word and the numbers is text.

    Args:
        claimed: the number that the claim gives, "" where its rule has none.
        numbers: (what, number) pairs.
        p: the sentence on p, "" where there is none.
        firm: what the other ways to ask said.
        others: these ways.
        written: whether the rule or the runs came first.
        command: records again what the primary measure is read from.
        files: where that is recorded, in ``results/``.
    """

    verdict: Verdict
    source: str
    claimed: str
    numbers: Numbers
    p: str
    firm: str
    others: tuple[Other, ...]
    rule: str
    written: str
    command: str
    files: str

    @property
    def claim(self) -> Claim:
        """The claim itself."""
        return self.verdict.claim


def ledger(verdicts: Iterable[Verdict], records: Records = RECORDS) -> list[Row]:
    """Return a row a verdict: the sources' claims, the literature's, our findings."""
    ordered = sorted(verdicts, key=lambda verdict: _place(verdict.claim))
    return [_row(verdict, records) for verdict in ordered]


def _place(claim: Claim) -> tuple:
    """Where a claim stands: A2 before A10, and both before what has other names."""
    if named := re.match(r"([A-E])(\d+)(.*)", claim.id):
        letter, number, part = named.groups()
        return (0, letter, int(number), part)
    return (1 + (claim.source == OURS), claim.source, 0, claim.id)


def _row(verdict: Verdict, records: Records) -> Row:
    claim = verdict.claim
    tried = verdict.word is not Word.NOT_TRIED
    recorded = tried and claim.experiment  # what is computed reads no table
    read = _tables(claim.rule, records) if recorded else ()
    return Row(
        verdict=verdict,
        source=called(claim.source),
        claimed=claimed(claim.rule),
        numbers=verdict.numbers,
        p=of_p(verdict),
        firm=of_other_ways(verdict) if tried else "",
        others=tuple(
            Other(v.name, claim.variants[v.name].text, v.word, v.numbers)
            for v in verdict.variants
        ),
        rule="" if claim.rule is None else claim.rule.text,
        written=written(claim) if tried else "",
        command="; ".join(_command(*table) for table in read),
        files="; ".join(_file(*table) for table in read),
    )


def claimed(rule: Rule | None) -> str:
    """Return the number that a claim gives, as its rule shows it."""
    if isinstance(rule, Holds):
        return rule.claimed
    parts = rule.rules if isinstance(rule, All) else (rule,)
    given = [part for part in parts if getattr(part, "number", None) is not None]
    shown = (UNITS[p.unit].show(p.number) + UNITS[p.unit].word for p in given)
    return "; ".join(number.lstrip("+") for number in shown)


def _tables(rule: Rule, records: Records) -> tuple[tuple[str, str], ...]:
    """The (experiment, device) pairs that a rule reads, found by letting it read."""
    read: dict[tuple[str, str], None] = {}

    def noting(load):
        return lambda *table: (read.setdefault(table), load(*table))[1]

    rule.on(Records(noting(records.table), noting(records.recordings)))
    return tuple(read)


def _command(experiment: str, device: str) -> str:
    option = "" if device == "cpu" else f" --device {device}"
    return f"python -m normlab.runs run {experiment}{option}"


def _file(experiment: str, device: str) -> str:
    return f"results/{experiment}{'' if device == 'cpu' else f'.{device}'}.csv"


@dataclass(frozen=True)
class Counts:
    """How many claims there are.

    Args:
        words: word -> claims that got it, in the order of the words.
    """

    words: dict[Word, int]

    @property
    def all(self) -> int:
        """Every claim."""
        return sum(self.words.values())

    @property
    def tried(self) -> int:
        """Those that have a verdict."""
        return self.all - self.words[Word.NOT_TRIED]


def counts(verdicts: Iterable[Verdict]) -> Counts:
    """Count words."""
    words = Counter(verdict.word for verdict in verdicts)
    return Counts({word: words[word] for word in Word})


def by_whose(verdicts: Iterable[Verdict]) -> dict[str, Counts]:
    """Count what others claim and what this book does, apart."""
    verdicts = list(verdicts)
    ours = [verdict for verdict in verdicts if verdict.claim.source == OURS]
    others = [verdict for verdict in verdicts if verdict.claim.source != OURS]
    return {"others' claims": counts(others), "this book's": counts(ours)}


def reasons(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Return why claims are not tried -> how many for this reason, of several each."""
    untried = (v.reason for v in verdicts if v.word is Word.NOT_TRIED)
    return {why: n for why, n in Counter(untried).most_common() if n > 1}


def sources(rows: Iterable[Row]) -> dict[str, int]:
    """Return the sources' names and rows: this book, the texts A to E, the others."""
    rows = list(rows)
    found = Counter(row.source for row in rows)
    lettered = [called(key) for keys in LETTERS.values() for key in keys]
    ordered = [called(OURS), *lettered, *sorted(found)]
    return {name: found[name] for name in dict.fromkeys(ordered) if found[name]}


CSV = {
    "id": lambda row: row.claim.id,
    "source": lambda row: row.source,
    "place": lambda row: row.claim.where,
    "claim": lambda row: row.claim.says,
    "claimed": lambda row: row.claimed,
    "their setting": lambda row: row.claim.setting,
    "our setting": lambda row: row.claim.ours,
    "our numbers": lambda row: listed(row.numbers),
    **{
        name: lambda row, n=n: _primary(row, n)
        for n, name in enumerate(("estimate", "low", "high", "n", "unit"))
    },
    "verdict": lambda row: row.verdict.word,
    "firm": lambda row: row.firm,
    "other ways": lambda row: "; ".join(
        f"{other.name}: {other.word} ({listed(other.numbers)})" for other in row.others
    ),
    "rule": lambda row: row.rule,
    "rule and runs": lambda row: row.written,
    "tests": lambda row: row.verdict.tests or "",
    "p after Holm": lambda row: "" if row.verdict.p is None else f"{row.verdict.p:.3g}",
    "about p": lambda row: row.p,
    "reason": lambda row: row.verdict.reason or row.claim.reason,
    "see": lambda row: row.claim.see,
    "page": lambda row: row.claim.chapter and f"notebooks/{row.claim.chapter}",
    "command": lambda row: row.command,
    "records": lambda row: row.files,
}


def _primary(row: Row, column: int) -> str:
    """Return a number of the primary measure's interval, where there is just one."""
    if len(row.verdict.intervals) != 1:
        return ""
    (interval,) = row.verdict.intervals
    unit = UNITS[interval.unit].word.strip()
    numbers = [f"{value:.6g}" for value in interval.scaled()]
    return [*numbers, str(interval.n), unit][column]


def listed(numbers: Numbers) -> str:
    """Return "what: number; what: number"."""
    return "; ".join(f"{what}: {number}" for what, number in numbers)


def csv_text(rows: Iterable[Row]) -> str:
    """Return the ledger as a table: a line a claim below the names of the columns."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(CSV)
    writer.writerows([cell(row) for cell in CSV.values()] for row in rows)
    return file.getvalue()
