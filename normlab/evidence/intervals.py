"""What a few seeds allow us to say: an estimate, and the interval around it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from normlab.evidence.wording import in_words


@dataclass(frozen=True)
class Unit:
    """How a number is shown.

    Args:
        factor: what the recorded number is multiplied by.
        digits: after the decimal point.
        word: behind the number.
        signed: a plus sign too, for what is a difference.
        logarithm: the number is the logarithm of a ratio, which is shown.
    """

    factor: float = 1.0
    digits: int = 3
    word: str = ""
    signed: bool = False
    logarithm: bool = False

    def scale(self, value: float) -> float:
        """Return the number in this unit: a recorded share in points, say."""
        return float(np.exp(value)) if self.logarithm else self.factor * value

    @in_words
    def show(self, value: float, digits: int | None = None) -> str:
        """Return the number as text, with a real minus sign and without its word."""
        sign = "+" if self.signed else ""
        places = self.digits if digits is None else digits
        return f"{self.scale(value):{sign},.{places}f}".replace("-", "−")


UNITS = {
    "": Unit(),
    "%": Unit(100, 1, "%"),  # of what is recorded as a share
    "points": Unit(100, 1, " points", signed=True),  # a difference of such shares
    "nats": Unit(1, 3, " nats"),
    "nats more": Unit(1, 3, " nats", signed=True),
    "times": Unit(1, 2, " times", logarithm=True),
    "more": Unit(1, 3, "", signed=True),
}


@dataclass(frozen=True)
class Interval:
    """An estimate from independent values, one a seed, and what surrounds it.

    It prints itself, and unpacks into estimate, low and high.

    Args:
        estimate: of what ``kind`` says.
        low: the lower end, in the unit of what was recorded.
        high: the upper end.
        n: how many values.
        level: how often such an interval holds what it is for.
        kind: "mean", "further run", "correlation" or "mean correlation".
        unit: a name in ``UNITS``.
    """

    estimate: float
    low: float
    high: float
    n: int
    level: float = 0.95
    kind: str = "mean"
    unit: str = ""

    def excludes(self, value: float = 0.0) -> bool:
        """Return whether the value lies outside."""
        return not self.low <= value <= self.high

    def within(self, margin: float) -> bool:
        """Return whether all of it is nearer to zero than ``margin``."""
        return -margin < self.low and self.high < margin

    def __iter__(self) -> Iterator[float]:
        return iter((self.estimate, self.low, self.high))

    @in_words
    def text(self, digits: int | None = None) -> str:
        """Return "−3.4 points (−5.6 to −1.2)"."""
        unit = UNITS[self.unit]
        mean, low, high = (unit.show(v, digits) for v in self)
        return f"{mean}{unit.word} ({low} to {high})"

    @in_words
    def short(self, digits: int | None = None) -> str:
        """Return it for a table: no unit, * where it excludes zero."""
        unit = UNITS[self.unit]
        mean, low, high = (unit.show(v, digits) for v in self)
        star = " *" if self.excludes() else ""
        return f"{mean} ({low} to {high}){star}".replace(" ", "\xa0")  # on one line

    @in_words
    def sentence(self, digits: int | None = None) -> str:
        """Return the text with what the interval is, and of how many seeds."""
        end = {"mean": "", "further run": " for a further run"}.get(self.kind, "")
        said = f"{self.level:.0%} interval{end}, {self.n} seeds"
        return f"{self.text(digits)[:-1]}; {said})"

    def scaled(self) -> tuple[float, float, float]:
        """Return estimate, low and high as numbers, as they are shown."""
        return tuple(UNITS[self.unit].scale(value) for value in self)

    @in_words
    def __str__(self) -> str:
        return self.sentence()

    @in_words
    def __repr__(self) -> str:
        return str(self)


def mean(values: Sequence[float], unit: str = "", level: float = 0.95) -> Interval:
    """Return the mean and its interval by Student's t, for independent values.

    For a comparison give the differences of the pairs that share a seed.

    Raises:
        ValueError: fewer than two values, or one that is not finite.
    """
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        raise ValueError(f"{len(values)} value(s) give no interval; take two or more")
    if not np.isfinite(values).all():
        raise ValueError(f"values={values.tolist()} are not all finite; leave out runs")
    middle = values.mean()
    error = values.std(ddof=1) / np.sqrt(len(values))
    reach = stats.t.ppf((1 + level) / 2, len(values) - 1) * error
    ends = float(middle - reach), float(middle + reach)
    return Interval(float(middle), *ends, n=len(values), level=level, unit=unit)


def further_run(
    values: Sequence[float], unit: str = "", level: float = 0.95
) -> Interval:
    """Return where one further run would fall, by Student's t.

    The interval to hold a single published run against; it is wider than that of
    the mean, because one run varies more than a mean.

    Raises:
        ValueError: fewer than two values.
    """
    of_mean = mean(values, unit, level)
    reach = (of_mean.estimate - of_mean.low) * np.sqrt(len(values) + 1)
    ends = of_mean.estimate - reach, of_mean.estimate + reach
    low, high = map(float, ends)
    return replace(of_mean, low=low, high=high, kind="further run")


def correlation(
    x: Sequence[float], y: Sequence[float], level: float = 0.95
) -> Interval:
    """Return Pearson's correlation of pairs and Fisher's interval.

    Raises:
        ValueError: fewer than four pairs, or lengths that differ.
    """
    if len(x) != len(y) or len(x) < 4:
        raise ValueError(f"{len(x)} and {len(y)} values; take four pairs or more")
    found = float(np.corrcoef(x, y)[0, 1])
    reach = stats.norm.ppf((1 + level) / 2) / np.sqrt(len(x) - 3)
    low, high = np.tanh(np.arctanh(found) + np.array([-reach, reach]))
    return Interval(found, float(low), float(high), len(x), level, "correlation")


def mean_correlation(values: Sequence[float], level: float = 0.95) -> Interval:
    """Return the mean of independent correlations, one a seed, and its interval.

    By Student's t on Fisher's scale: a correlation ends at 1, its interval should too.

    Raises:
        ValueError: fewer than two values, or one that is 1 or -1.
    """
    of_scale = mean(np.arctanh(values), level=level)
    middle, low, high = map(float, np.tanh(tuple(of_scale)))
    return replace(
        of_scale, estimate=middle, low=low, high=high, kind="mean correlation"
    )


def p_value(values: Sequence[float]) -> float:
    """Return the two-sided p of a mean of zero, by Student's t.

    Values that are all the same have no spread to judge by: p is 0, or 1 at zero.
    """
    values = np.asarray(values, dtype=float)
    if np.ptp(values) == 0:
        return float(values[0] == 0)
    return float(stats.ttest_1samp(values, 0.0).pvalue)


def holm_levels(p_values: dict[str, float], level: float = 0.05) -> dict[str, float]:
    """Return the level that each of several tests has to keep, by Holm (1979).

    The smallest of m p-values is held against level / m, the next against
    level / (m - 1), and so on; from the first that fails on, none can succeed: 0.
    """
    levels, failed = {}, False
    for rank, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        own = level / (len(p_values) - rank)
        failed = failed or p_values[name] >= own
        levels[name] = 0.0 if failed else own
    return levels


def holm_p(p_values: dict[str, float]) -> dict[str, float]:
    """Return each p raised by Holm's correction, to be held against the whole level.

    The smallest of m is multiplied by m, the next by m - 1, and so on; none is below
    the one before it, or above 1. A p is below its level of ``holm_levels`` where the
    raised one is below the level shared.
    """
    raised, highest = {}, 0.0
    for rank, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[name]))
        raised[name] = highest
    return raised
