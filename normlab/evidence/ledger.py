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
from normlab.evidence.rules import All, Rule
from normlab.evidence.sources import called
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
        firm: how many other ways to ask there are, and which decide otherwise.
        others: these ways.
        written: whether the rule or the runs came first.
        command: records again what the primary measure is read from.
        files: where that is recorded, in ``results/``.
    """

    verdict: Verdict
    source: str
    claimed: str
    numbers: Numbers
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
    tried = claim.rule is not None
    recorded = tried and claim.experiment  # what is computed reads no table
    read = _tables(claim.rule, records) if recorded else ()
    return Row(
        verdict=verdict,
        source=called(claim.source),
        claimed=claimed(claim.rule),
        numbers=verdict.numbers,
        firm=firmness(verdict) if tried else "",
        others=tuple(
            Other(v.name, claim.variants[v.name].text, v.word, v.numbers)
            for v in verdict.variants
        ),
        rule=claim.rule.text if tried else "",
        written=written(claim) if tried else "",
        command="; ".join(_command(*table) for table in read),
        files="; ".join(_file(*table) for table in read),
    )


def claimed(rule: Rule | None) -> str:
    """Return the number that a claim gives, as its rule shows it."""
    parts = rule.rules if isinstance(rule, All) else (rule,)
    given = [part for part in parts if getattr(part, "number", None) is not None]
    shown = (UNITS[p.unit].show(p.number) + UNITS[p.unit].word for p in given)
    return "; ".join(number.lstrip("+") for number in shown)


def firmness(verdict: Verdict) -> str:
    """Say how many other ways to ask there are, and which decide otherwise."""
    asked, flips = len(verdict.variants), verdict.depends_on
    if not asked:
        return "asked in one way"
    if not flips:
        return f"{asked} other way{'s' * (asked > 1)} asked, none decides otherwise"
    return (
        f"by the primary measure {verdict.primary}; decided otherwise in "
        f"{len(flips)} of {asked} other ways: {', '.join(flips)}"
    )


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
        reasons: why not -> claims that are not tried.
    """

    words: dict[Word, int]
    reasons: dict[str, int]

    @property
    def all(self) -> int:
        """Every claim."""
        return sum(self.words.values())

    @property
    def tried(self) -> int:
        """Those that have a rule."""
        return self.all - self.words[Word.NOT_TRIED]


def counts(verdicts: Iterable[Verdict]) -> Counts:
    """Count words and reasons."""
    verdicts = list(verdicts)
    words = Counter(verdict.word for verdict in verdicts)
    untried = (v.claim.reason for v in verdicts if v.word is Word.NOT_TRIED)
    return Counts(
        {word: words[word] for word in Word}, dict(Counter(untried).most_common())
    )


CSV = {
    "id": lambda row: row.claim.id,
    "source": lambda row: row.source,
    "place": lambda row: row.claim.place,
    "claim": lambda row: row.claim.says,
    "claimed": lambda row: row.claimed,
    "their setting": lambda row: row.claim.setting,
    "our setting": lambda row: row.claim.ours,
    "our numbers": lambda row: listed(row.numbers),
    "verdict": lambda row: row.verdict.word,
    "firm": lambda row: row.firm,
    "other ways": lambda row: "; ".join(
        f"{other.name}: {other.word} ({listed(other.numbers)})" for other in row.others
    ),
    "rule": lambda row: row.rule,
    "rule and runs": lambda row: row.written,
    "tests": lambda row: row.verdict.tests or "",
    "p": lambda row: "" if row.verdict.p is None else f"{row.verdict.p:.3g}",
    "reason": lambda row: row.claim.reason,
    "page": lambda row: row.claim.chapter and f"notebooks/{row.claim.chapter}",
    "command": lambda row: row.command,
    "records": lambda row: row.files,
}


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
