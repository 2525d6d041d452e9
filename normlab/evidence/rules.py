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
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
import pandas as pd

from normlab.evidence.intervals import UNITS, Interval, further_run, mean, p_value
from normlab.evidence.records import Records, paired
from normlab.evidence.wording import WORDS, in_words
from normlab.evidence.words import Word

LEVEL = 0.05
# The smallest ratio of two losses that counts, 1.05, as a logarithm. A literal, because
# NumPy's differs in its last digit from processor to processor, and the hash of a rule
# must not.
TWENTIETH = 0.04879016416943204
HALF_A_POINT = 0.005  # of accuracy: the smallest difference that counts in most claims
FEWEST = 5  # seeds; with fewer there is no verdict
FEW = f"fewer than {FEWEST} seeds"
LAST = f"else {Word.UNDECIDED}"  # as a rule's words end
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
        p: of the comparison, where there is one; of several see ``All``.
        p_of: which of several p's that is, "" where there is one.
        intervals: those that the numbers show.
    """

    numbers: tuple[tuple[str, str], ...]
    decide: Callable[[float], Word]
    p: float | None = None
    p_of: str = ""
    intervals: tuple[Interval, ...] = ()


class Rule(Protocol):
    """What a claim is judged by."""

    @property
    @in_words
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


@in_words
def limit(unit: str, size: float) -> str:
    """Return a limit as a rule names it: "−1.0 points", of a ratio "1/1.05"."""
    shown = UNITS[unit]
    if shown.logarithm:
        return f"{'1/' if size < 0 else ''}{shown.show(abs(size))}"
    return shown.show(size) + shown.word


@in_words
def between(unit: str, size: float) -> str:
    """Return the limits on both sides: "−1.0 and +1.0 points", "1/1.05 and 1.05"."""
    low = limit(unit, -size).removesuffix(UNITS[unit].word)
    return f"{low} and {limit(unit, size)}"


@in_words
def _kind(unit: str) -> str:
    return "mean ratio" if UNITS[unit].logarithm else "mean"


class Measured:
    """A rule on one comparison: ``what``, its ``condition``, and what is otherwise."""

    @property
    @in_words
    def text(self) -> str:
        """The rule in words."""
        return capital(f"{self.what}: {self.condition}; {self.otherwise}.")


@in_words
def capital(text: str) -> str:
    """Return it as a sentence begins."""
    return text[0].upper() + text[1:]


@dataclass(frozen=True)
class Effect(Measured):
    """One arm is higher than the other, by at least ``smallest``.

    Args:
        higher: the arm that the claim says is higher, values by seed.
        lower: the other one.
        smallest: the smallest difference that counts, in the unit of the values; of a
            ratio its logarithm.
        what: the difference in words, "test accuracy, 2 images − 16 images".
        unit: of the difference, a name in ``UNITS``; "times" compares ratios.
        number: the size that the claim gives, if it does, as a positive difference.
        shown_as: -1 shows the difference the other way round, as ``what`` says it.
    """

    higher: Column
    lower: Column
    smallest: float
    what: str = field(metadata=WORDS)
    unit: str = "points"
    number: float | None = None
    shown_as: int = 1

    @property
    @in_words
    def condition(self) -> str:
        """When it is as claimed, in words."""
        least = "at least" if self.shown_as > 0 else "at most"
        return (
            f"as claimed if p < {LEVEL} and the {_kind(self.unit)} is {least} "
            f"{limit(self.unit, self.shown_as * self.smallest)}"
        )

    @property
    @in_words
    def otherwise(self) -> str:
        """When it is something else, in words."""
        said = (
            "else no effect if the 90% interval lies between "
            f"{between(self.unit, self.smallest)}; else in direction if p < {LEVEL} "
            "with the claimed sign"
        )
        if self.number is not None:
            number = UNITS[self.unit].show(self.number).lstrip("+")
            said += (
                f"; in direction too if the claimed {number} lies where no further run "
                "would fall, or that range reaches beyond zero or twice the mean"
            )
        opposite = f"{Word.NOT_REPRODUCED} if p < {LEVEL} with the other sign"
        return f"{said}; {opposite}; {LAST}"

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
        interval = mean(self.shown_as * found, self.unit)
        return Trial(
            ((self.what, interval.sentence(self._digits(interval))),),
            lambda level: self._word(found, level),
            p_value(found),
            intervals=(interval,),
        )

    @in_words
    def _digits(self, interval: Interval) -> int | None:
        """Return one digit more where the mean would look like the limit itself."""
        unit = UNITS[self.unit]
        alike = unit.show(abs(interval.estimate)) == unit.show(self.smallest)
        return unit.digits + 1 if alike else None

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
class Same(Measured):
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
    what: str = field(metadata=WORDS)
    unit: str = "points"

    @property
    @in_words
    def condition(self) -> str:
        """When it is the same, in words."""
        return (
            "the same if the 90% interval lies between "
            f"{between(self.unit, self.margin)}"
        )

    @property
    @in_words
    def otherwise(self) -> str:
        """When it is not, in words."""
        outside = f"p < {LEVEL} and the {_kind(self.unit)} lies outside"
        return f"not the same if {outside}; {LAST}"

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

        interval = mean(found, self.unit)
        # A small p is needed for a difference only, not for its absence.
        same = mean(found, level=0.90).within(self.margin)
        p = None if same else p_value(found)
        return Trial(((self.what, str(interval)),), decide, p, intervals=(interval,))


@dataclass(frozen=True)
class NoWorse(Measured):
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
    what: str = field(metadata=WORDS)
    unit: str = "points"
    shown_as: int = 1

    @property
    @in_words
    def condition(self) -> str:
        """When it is no worse, in words."""
        up = self.shown_as > 0
        return (
            f"no worse if the 90% interval's {'lower' if up else 'upper'} end is "
            f"{'above' if up else 'below'} "
            f"{limit(self.unit, -self.shown_as * self.margin)}"
        )

    @property
    @in_words
    def otherwise(self) -> str:
        """When it is worse, in words."""
        beyond = f"p < {LEVEL} and the {_kind(self.unit)} is beyond that too"
        return f"worse if {beyond}; {LAST}"

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

        interval = mean(self.shown_as * found, self.unit)
        p = None if holds else p_value(found)
        return Trial(((self.what, str(interval)),), decide, p, intervals=(interval,))


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
    what: str = field(metadata=WORDS)
    unit: str = ""

    @property
    @in_words
    def text(self) -> str:
        """The rule in words."""
        number = UNITS[self.unit].show(self.number)
        return (
            f"As claimed if {number}{UNITS[self.unit].word} lies within the 95% range "
            "for one further run, and not if it lies outside; undecided if that range "
            "reaches beyond zero or twice the mean."
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
        return Trial(shown, lambda _: word or Word.UNDECIDED, intervals=(run,))

    @in_words
    def _claimed(self) -> str:
        return UNITS[self.unit].show(self.number) + UNITS[self.unit].word


@dataclass(frozen=True)
class Holds:
    """A rule of its own: a function of the records that returns word and numbers.

    Args:
        text: the rule in words.
        check: records -> (word, (what, number) pairs). Of an identity, which needs no
            records, it ignores them.
        claimed: the number that the claim gives, as text.
    """

    text: str = field(metadata=WORDS)
    check: Callable[[Records], tuple[Word, tuple[tuple[str, str], ...]]]
    claimed: str = field(default="", metadata=WORDS)

    def on(self, records: Records) -> Trial:
        """Try it."""
        word, numbers = self.check(records)
        return Trial(numbers, lambda _: word)


@dataclass(frozen=True)
class All:
    """Several rules that must all hold; one that fails decides.

    Args:
        rules: each a part of the claim.
    """

    rules: tuple[Rule, ...]

    @property
    @in_words
    def text(self) -> str:
        """The rule in words: what is asked of several measures is said once."""
        measured = [rule for rule in self.rules if isinstance(rule, Measured)]
        others = [rule.text for rule in self.rules if not isinstance(rule, Measured)]
        parts = []
        for otherwise in dict.fromkeys(rule.otherwise for rule in measured):
            alike = [rule for rule in measured if rule.otherwise == otherwise]
            parts.append(capital(f"{_conditions(alike)}; {otherwise}."))
        return " ".join(["All of these.", *parts, *others])

    def on(self, records: Records) -> Trial:
        """Try each."""
        trials = [rule.on(records) for rule in self.rules]
        p, p_of = _p_of_all(trials)
        return Trial(
            tuple(number for trial in trials for number in trial.numbers),
            lambda level: _weakest([trial.decide(level) for trial in trials]),
            p,
            p_of,
            tuple(interval for trial in trials for interval in trial.intervals),
        )


def _p_of_all(trials: list[Trial]) -> tuple[float | None, str]:
    """Return the largest p, since all have to hold; or, by Bonferroni, of a failure.

    One part that fails is enough, whatever the others' p, but it had several chances.
    """
    known = [trial for trial in trials if trial.p is not None]
    failed = [
        trial.p
        for trial in known
        if trial.decide(LEVEL / len(known)) is Word.NOT_REPRODUCED
    ]
    several = len(known) > 1
    if failed:
        p = min(1.0, len(known) * min(failed))
        said = f"the smallest of its parts' p, times {len(known)}, as one that fails is"
        return p, f"{said} enough" if several else ""
    largest = max((trial.p for trial in known), default=None)
    return largest, "the largest of its parts' p, as all must hold" if several else ""


@in_words
def _conditions(rules: list[Measured]) -> str:
    """Return "A; B: each as claimed if ...; C: as claimed if ...": a condition once."""
    said = []
    for condition in dict.fromkeys(rule.condition for rule in rules):
        whats = [rule.what for rule in rules if rule.condition == condition]
        listed = _listed([what.rpartition(": ") for what in whats])
        said.append(f"{listed}: {'each ' * (len(whats) > 1)}{condition}")
    return "; ".join(said)


@in_words
def _listed(whats: list[tuple[str, str, str]]) -> str:
    """Return "measure: A; B", or all in full where the measures differ."""
    if len({measure for measure, _, _ in whats}) > 1:
        return "; ".join("".join(what) for what in whats)
    measure, colon, _ = whats[0]
    return measure + colon + "; ".join(compared for _, _, compared in whats)


def _weakest(words: list[Word]) -> Word:
    order = (Word.NOT_REPRODUCED, Word.UNDECIDED, Word.IN_DIRECTION, Word.REPRODUCED)
    return min(words, key=order.index)
