"""Rules: each tries a claim on records and says which word it earns.

An effect is judged by its size and by Student's t on pairs of the same seed. With d the
smallest difference that counts, and a level of 0.05, lower by Holm's method where an
experiment has several claims:

- better: p < level and |mean| >= d, with the claimed sign; opposite: with the other;
- small: p < level and |mean| < d;
- same: the 90% interval lies within (-d, d);
- open: none of these.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

import numpy as np
import pandas as pd

from normlab.evidence.intervals import UNITS, further_run, mean, p_value
from normlab.evidence.records import Records, paired
from normlab.evidence.words import Word

LEVEL = 0.05
FEWEST = 5  # seeds; with fewer there is no verdict
FEW = f"fewer than {FEWEST} seeds"
Column = Callable[[Records], pd.Series]  # values by seed; an Arm is one


class Size(StrEnum):
    """How a difference compares with the smallest one that counts."""

    BETTER, OPPOSITE, SMALL, SMALL_OPPOSITE, SAME, OPEN = (
        "better",
        "opposite",
        "small",
        "small, with the other sign",
        "same",
        "open",
    )


@dataclass(frozen=True)
class Trial:
    """What a rule found.

    Args:
        numbers: (what, number as text) pairs.
        decide: from the level that p must be below to the word.
        p: of the comparison, where there is one; the largest of several.
    """

    numbers: tuple[tuple[str, str], ...]
    decide: Callable[[float], Word]
    p: float | None = None


class Rule(Protocol):
    """What a claim is judged by."""

    @property
    def text(self) -> str:
        """The rule in a sentence or two."""

    def on(self, records: Records) -> Trial:
        """Try it."""


def size_of(differences: np.ndarray, smallest: float, level: float = LEVEL) -> Size:
    """Sort differences, of which the claim says that they are positive."""
    middle = float(np.mean(differences))
    separated = p_value(differences) < level
    if separated and abs(middle) >= smallest:
        return Size.BETTER if middle > 0 else Size.OPPOSITE
    if mean(differences, level=0.90).within(smallest):
        return Size.SAME
    if separated:
        return Size.SMALL if middle > 0 else Size.SMALL_OPPOSITE
    return Size.OPEN


@dataclass(frozen=True)
class Effect:
    """One arm is higher than the other, by at least ``smallest``.

    Args:
        higher: the arm that the claim says is higher, values by seed.
        lower: the other one.
        smallest: the smallest difference that counts, in the unit of the values; of a
            ratio its logarithm.
        what: the difference in words, "2 images less 16".
        unit: of the difference, a name in ``UNITS``; "times" compares ratios.
        number: the size that the claim gives, if it does, as a positive difference.
        shown_as: -1 shows the difference the other way round, as ``what`` says it.
    """

    higher: Column
    lower: Column
    smallest: float
    what: str
    unit: str = "points"
    number: float | None = None
    shown_as: int = 1

    @property
    def text(self) -> str:
        """The rule in words."""
        least = UNITS[self.unit].show(self.smallest).lstrip("+")
        said = (
            f"{self.what}: as claimed if p < {LEVEL} and the mean difference is at "
            f"least {least}{UNITS[self.unit].word}; no effect if its 90% interval is "
            "nearer to zero than that."
        )
        if self.number is None:
            return said
        number = UNITS[self.unit].show(self.number).lstrip("+")
        return f"{said} The claimed {number} must lie where a further run would fall."

    def differences(self, records: Records) -> np.ndarray:
        """Return higher less lower by seed, of logarithms where a ratio is meant."""
        first, second = self.higher(records), self.lower(records)
        if UNITS[self.unit].logarithm:
            first, second = np.log(first), np.log(second)
        return paired(first, second).to_numpy()

    def on(self, records: Records) -> Trial:
        """Try it."""
        found = self.differences(records)
        if (unjudged := _unjudged(self.what, found)) is not None:
            return unjudged
        shown = ((self.what, str(mean(self.shown_as * found, self.unit))),)
        return Trial(shown, lambda level: self._word(found, level), p_value(found))

    def _word(self, found: np.ndarray, level: float) -> Word:
        size = size_of(found, self.smallest, level)
        if size is Size.OPEN:
            return Word.UNDECIDED
        if size is Size.SMALL:
            return Word.IN_DIRECTION
        if size is not Size.BETTER:
            return Word.NOT_REPRODUCED
        exact = self.number is None or _number_fits(found, self.number)
        return Word.REPRODUCED if exact else Word.IN_DIRECTION


def _number_fits(found: np.ndarray, number: float) -> bool:
    """Whether a further run may give the number, and the range says something."""
    run = further_run(found)
    wide = abs(run.high - run.estimate) > abs(run.estimate)  # over x2 on a side
    return not run.excludes(number) and not wide


def _unjudged(what: str, found: np.ndarray) -> Trial | None:
    """Return a trial without a verdict where the values allow none."""
    if len(found) >= FEWEST and np.isfinite(found).all():
        return None
    said = f"{len(found)} seeds, {np.isfinite(found).sum()} finite numbers"
    return Trial(((what, said),), lambda _: Word.UNDECIDED)


@dataclass(frozen=True)
class Same:
    """Two arms differ by less than ``margin``.

    Args:
        first: values by seed.
        second: values by seed.
        margin: what would count as a difference.
        what: the difference in words.
        unit: a name in ``UNITS``.
    """

    first: Column
    second: Column
    margin: float
    what: str
    unit: str = "points"

    @property
    def text(self) -> str:
        """The rule in words."""
        most = UNITS[self.unit].show(self.margin).lstrip("+")
        return (
            f"{self.what}: the same if the 90% interval of the difference is nearer to "
            f"zero than {most}{UNITS[self.unit].word}; not the same if p < {LEVEL} and "
            "the mean difference is at least that."
        )

    def on(self, records: Records) -> Trial:
        """Try it."""
        effect = Effect(self.first, self.second, self.margin, self.what, self.unit)
        found = effect.differences(records)
        if (unjudged := _unjudged(self.what, found)) is not None:
            return unjudged

        def decide(level: float) -> Word:
            size = size_of(found, self.margin, level)
            if size is Size.SAME:
                return Word.REPRODUCED
            apart = size in (Size.BETTER, Size.OPPOSITE)
            return Word.NOT_REPRODUCED if apart else Word.UNDECIDED

        shown = ((self.what, str(mean(found, self.unit))),)
        # A small p is needed for a difference only, not for its absence.
        same = mean(found, level=0.90).within(self.margin)
        return Trial(shown, decide, None if same else p_value(found))


@dataclass(frozen=True)
class NoWorse:
    """One arm is not below another by ``margin`` or more; it may be above.

    Args:
        first: values by seed, of which larger is better.
        second: values by seed.
        margin: what would count as worse.
        what: the difference in words.
        unit: a name in ``UNITS``.
        shown_as: -1 shows the difference the other way round, as ``what`` says it.
    """

    first: Column
    second: Column
    margin: float
    what: str
    unit: str = "points"
    shown_as: int = 1

    @property
    def text(self) -> str:
        """The rule in words."""
        least = UNITS[self.unit].show(-self.shown_as * self.margin)
        return (
            f"{self.what}: no worse if the 90% interval ends before "
            f"{least}{UNITS[self.unit].word}; worse if p < {LEVEL} and the mean "
            "difference is at least that."
        )

    def on(self, records: Records) -> Trial:
        """Try it."""
        effect = Effect(self.first, self.second, self.margin, self.what, self.unit)
        found = effect.differences(records)
        if (unjudged := _unjudged(self.what, found)) is not None:
            return unjudged
        holds = mean(found, level=0.90).low > -self.margin

        def decide(level: float) -> Word:
            if holds:
                return Word.REPRODUCED
            worse = size_of(found, self.margin, level) is Size.OPPOSITE
            return Word.NOT_REPRODUCED if worse else Word.UNDECIDED

        shown = ((self.what, str(mean(self.shown_as * found, self.unit))),)
        return Trial(shown, decide, None if holds else p_value(found))


@dataclass(frozen=True)
class Number:
    """A published number of one run lies where a further run of ours would fall.

    Args:
        ours: values by seed.
        number: the published one.
        what: it measures.
        unit: a name in ``UNITS``.
    """

    ours: Column
    number: float
    what: str
    unit: str = ""

    @property
    def text(self) -> str:
        """The rule in words."""
        number = UNITS[self.unit].show(self.number)
        return (
            f"{number}{UNITS[self.unit].word} lies within the 95% range for one "
            "further run, which reaches no further than zero and twice the mean."
        )

    def on(self, records: Records) -> Trial:
        """Try it."""
        found = self.ours(records).to_numpy()
        if (unjudged := _unjudged(self.what, found)) is not None:
            return unjudged
        run = further_run(found, self.unit)
        if run.excludes(self.number):
            word = Word.NOT_REPRODUCED
        else:
            word = Word.REPRODUCED if _number_fits(found, self.number) else None
        shown = ((self.what, str(run)), ("claimed", self._claimed()))
        return Trial(shown, lambda _: word or Word.UNDECIDED)

    def _claimed(self) -> str:
        return UNITS[self.unit].show(self.number) + UNITS[self.unit].word


@dataclass(frozen=True)
class Holds:
    """A rule of its own: a function of the records that returns word and numbers.

    Args:
        text: the rule in words.
        check: records -> (word, (what, number) pairs). Of an identity, which needs no
            records, it ignores them.
    """

    text: str
    check: Callable[[Records], tuple[Word, tuple[tuple[str, str], ...]]]

    def on(self, records: Records) -> Trial:
        """Try it."""
        word, numbers = self.check(records)
        return Trial(numbers, lambda _: word)


def alone(effect: Effect) -> Holds:
    """Return the rule of an effect that is computed live: no other shares its level."""

    def check(records: Records) -> tuple[Word, tuple[tuple[str, str], ...]]:
        trial = effect.on(records)
        return trial.decide(LEVEL), trial.numbers

    return Holds(effect.text, check)


@dataclass(frozen=True)
class All:
    """Several rules that must all hold; one that fails decides.

    Args:
        rules: each a part of the claim.
    """

    rules: tuple[Rule, ...]

    @property
    def text(self) -> str:
        """The rule in words."""
        return "All of these. " + " ".join(rule.text for rule in self.rules)

    def on(self, records: Records) -> Trial:
        """Try each."""
        trials = [rule.on(records) for rule in self.rules]
        numbers = tuple(number for trial in trials for number in trial.numbers)
        return Trial(
            numbers,
            lambda level: _weakest([trial.decide(level) for trial in trials]),
            _p_of_all(trials),
        )


def _p_of_all(trials: list[Trial]) -> float | None:
    """Return the largest p, since all have to hold; or, by Bonferroni, of a failure.

    One part that fails is enough, whatever the others' p, but it had several chances.
    """
    known = [trial for trial in trials if trial.p is not None]
    failed = [
        trial.p
        for trial in known
        if trial.decide(LEVEL / len(known)) is Word.NOT_REPRODUCED
    ]
    if failed:
        return min(1.0, len(known) * min(failed))
    return max((trial.p for trial in known), default=None)


def _weakest(words: list[Word]) -> Word:
    order = (Word.NOT_REPRODUCED, Word.UNDECIDED, Word.IN_DIRECTION, Word.REPRODUCED)
    return min(words, key=order.index)


def flipped(rule: Effect) -> Effect:
    """Return the rule for the opposite claim, that the other arm is higher."""
    return replace(rule, higher=rule.lower, lower=rule.higher, shown_as=-rule.shown_as)
