"""Where verdicts are made: claims and records in, words out."""

from collections.abc import Iterable
from dataclasses import dataclass

from normlab.evidence.claim import Claim
from normlab.evidence.intervals import holm_levels
from normlab.evidence.records import RECORDS, Records
from normlab.evidence.rules import LEVEL, Trial
from normlab.evidence.words import Word


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
        level: what p had to be below; None where the rule has no p.
        p: of the primary comparison.
        variants: the other ways to ask.
    """

    claim: Claim
    word: Word
    primary: Word
    numbers: tuple[tuple[str, str], ...] = ()
    tests: int = 0
    level: float | None = None
    p: float | None = None
    variants: tuple[Variant, ...] = ()

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The variants that decide the other way."""
        return tuple(v.name for v in self.variants if v.word.contradicts(self.primary))


def judge(claims: Iterable[Claim], records: Records = RECORDS) -> dict[str, Verdict]:
    """Return the verdict on each claim, by its id.

    Claims of one experiment share its level of 0.05, by Holm's method: give all of
    them at once. What is computed live belongs to none and is judged by itself.
    """
    claims = list(claims)
    trials = {c.id: c.rule.on(records) for c in claims if c.rule is not None}
    families: dict[str, dict[str, float]] = {}
    for claim in claims:
        if not claim.experiment or claim.id not in trials:
            continue
        if trials[claim.id].p is not None:
            families.setdefault(claim.experiment, {})[claim.id] = trials[claim.id].p
    levels = {e: holm_levels(p_values) for e, p_values in families.items()}
    found = {}
    for claim in claims:
        if claim.id not in trials:
            found[claim.id] = Verdict(claim, Word.NOT_TRIED, Word.NOT_TRIED)
            continue
        level = levels.get(claim.experiment, {}).get(claim.id)
        tests = len(families.get(claim.experiment, ())) if level is not None else 0
        found[claim.id] = _verdict(claim, trials[claim.id], level, tests, records)
    return found


def _verdict(
    claim: Claim, trial: Trial, level: float | None, tests: int, records: Records
) -> Verdict:
    primary = trial.decide(LEVEL if level is None else level)
    variants = tuple(
        Variant(name, (asked := rule.on(records)).decide(LEVEL), asked.numbers)
        for name, rule in claim.variants.items()
    )
    flips = any(variant.word.contradicts(primary) for variant in variants)
    word = primary.one_step_down() if flips else primary
    return Verdict(claim, word, primary, trial.numbers, tests, level, trial.p, variants)
