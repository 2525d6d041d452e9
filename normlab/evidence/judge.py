"""Where verdicts are made: claims and records in, words out."""

import pickle
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from normlab.evidence.claim import Claim
from normlab.evidence.intervals import Interval, holm_levels, holm_p
from normlab.evidence.records import RECORDS, Records
from normlab.evidence.rules import LEVEL, Trial
from normlab.evidence.words import Word

PENDING = "Its rule is written; {} of the {} runs of its experiment are recorded."


@dataclass(frozen=True)
class Variant:
    """Another way to ask, and its answer."""

    name: str
    word: Word
    numbers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Verdict:
    """What became of a claim.

    Args:
        claim: which.
        word: after the variants had their say.
        primary: by the primary measure alone.
        numbers: (what, number) pairs behind it.
        tests: how many comparisons of its experiment share the level.
        level: what the comparison's own p had to be below; None where it shares none.
        p: of the primary comparison, raised by Holm's correction where it shares the
            level; to be held against all of it.
        p_of: which of several p's that is.
        by_interval: whether the word stands whatever p is.
        intervals: of the primary measures.
        variants: the other ways to ask.
        reason: why it is not tried, "" where it is.
    """

    claim: Claim
    word: Word
    primary: Word
    numbers: tuple[tuple[str, str], ...] = ()
    tests: int = 0
    level: float | None = None
    p: float | None = None
    p_of: str = ""
    by_interval: bool = False
    intervals: tuple[Interval, ...] = ()
    variants: tuple[Variant, ...] = ()
    reason: str = ""

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The variants that decide the other way."""
        return tuple(v.name for v in self.variants if v.word.contradicts(self.primary))


def judge(claims: Iterable[Claim], records: Records = RECORDS) -> dict[str, Verdict]:
    """Return the verdict on each claim, by its id.

    Claims of one experiment share its level of 0.05, by Holm's method: give all of
    them at once. What is computed live belongs to none and is judged by itself. An
    experiment is looked at once, when all of its runs are recorded; until then its
    claims are not tried.
    """
    claims, records = list(claims), _Remembering(records)
    reasons = {claim.id: _why_not(claim, records) for claim in claims}
    trials = {c.id: c.rule.on(records) for c in claims if not reasons[c.id]}
    families: dict[str, dict[str, float]] = {}
    for claim in claims:
        if not claim.experiment or claim.id not in trials:
            continue
        if trials[claim.id].p is not None:
            families.setdefault(claim.experiment, {})[claim.id] = trials[claim.id].p
    shared = {
        name: (levels[name], raised[name], len(p_values))
        for p_values in families.values()
        for levels, raised in [(holm_levels(p_values), holm_p(p_values))]
        for name in p_values
    }
    found = {}
    for claim in claims:
        if claim.id not in trials:
            words = Word.NOT_TRIED, Word.NOT_TRIED
            found[claim.id] = Verdict(claim, *words, reason=reasons[claim.id])
            continue
        trial = trials[claim.id]
        level, p, tests = shared.get(claim.id, (None, trial.p, 0))
        verdict = _verdict(claim, trial, LEVEL if level is None else level, records)
        found[claim.id] = replace(verdict, level=level, p=p, tests=tests)
    return found


class _Remembering(Records):
    """Records that look a series up once: a rule and its variants share most arms."""

    def __init__(self, records: Records) -> None:
        super().__init__(records.table, records.recordings, records.progress)
        self._known: dict[bytes, pd.Series] = {}

    def values(self, *what: str, **settings) -> pd.Series:
        key = pickle.dumps((what, sorted(settings.items())))
        if key not in self._known:
            self._known[key] = super().values(*what, **settings)
        return self._known[key].copy()


def _why_not(claim: Claim, records: Records) -> str:
    """Return why a claim is not tried, or not yet; "" where it is."""
    if claim.rule is None:
        return claim.reason
    if not claim.experiment:
        return ""
    done, wanted = records.progress(claim.experiment)
    return PENDING.format(done, wanted) if done < wanted else ""


def _verdict(claim: Claim, trial: Trial, level: float, records: Records) -> Verdict:
    primary = trial.decide(level)
    variants = tuple(
        Variant(name, (asked := rule.on(records)).decide(LEVEL), asked.numbers)
        for name, rule in claim.variants.items()
    )
    flips = any(variant.word.contradicts(primary) for variant in variants)
    return Verdict(
        claim,
        primary.one_step_down() if flips else primary,
        primary,
        trial.numbers,
        p_of=trial.p_of,
        by_interval=primary is not Word.UNDECIDED and trial.decide(0.0) is primary,
        intervals=trial.intervals,
        variants=variants,
    )
