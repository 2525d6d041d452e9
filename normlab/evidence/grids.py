"""Numbers that are read off a grid of rates, of first weights or of steps.

Where accuracy falls below a level lies between two points of the grid: the place is
interpolated, in the logarithm of what the grid holds. Where it does not fall before the
grid ends, the end counts, and is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd

from normlab.evidence.intervals import Interval, mean, p_value
from normlab.evidence.records import Records
from normlab.evidence.rules import LEVEL, Effect, Size, Trial, size_of
from normlab.evidence.words import Word

IN_A_ROW = 3  # evaluations at or above a level that must follow each other
LAST = 5  # evaluations whose mean is what a training comes to


class Edged(Protocol):
    """A side of a comparison that may end at the edge of its grid."""

    def __call__(self, records: Records) -> pd.Series:
        """Return the values by seed."""

    def at_edge(self, records: Records) -> int:
        """Return in how many seeds the edge of the grid counts."""


def accuracies(
    records: Records, experiment: str, column: str, split: str, **settings
) -> pd.DataFrame:
    """Return accuracy with recomputed statistics: a row a seed, a column a point.

    Args:
        records: what is recorded.
        experiment: its name.
        column: of the table, whose contents are the grid.
        split: of the images.
        settings: column -> its content, until a seed has one value at each point.
    """
    rows = records.table(experiment, "cpu")
    fixed = {"measure": "accuracy", "statistics": "recomputed", "split": split}
    for name, content in (fixed | settings).items():
        rows = rows[rows[name] == content]
    return rows.pivot(index="seed", columns=column, values="value").sort_index(axis=1)


def crossing(inside: float, outside: float, at: Sequence[float], level: float) -> float:
    """Return where the line between two points meets the level, in the logarithm.

    Args:
        inside: accuracy at the first point, at the level or above.
        outside: accuracy at the second, below it.
        at: the two points.
        level: which.
    """
    share = (inside - level) / (inside - outside)
    near, far = np.log(at)
    return float(np.exp(near + share * (far - near)))


def reach(values: pd.Series, start: int, step: int, level: float) -> tuple[float, bool]:
    """Return how far accuracy stays at the level from a point on, and if to the edge.

    Args:
        values: accuracy by grid point, in order.
        start: number of a point at the level or above.
        step: 1 to go up, -1 to go down.
        level: which.
    """
    grid, found = values.index.to_numpy(), values.to_numpy()
    here = start
    while 0 <= here + step < len(grid):
        there = here + step
        if found[there] < level:
            between = grid[here], grid[there]
            return crossing(found[here], found[there], between, level), False
        here = there
    return float(grid[here]), True


@dataclass(frozen=True)
class LargestRate:
    """The largest rate that is within so much of an arm's best, by seed.

    The best is that of the mean over seeds. A seed that is nowhere within has the rate
    at which it is best itself.

    Args:
        experiment: its name.
        norm: of the arm.
        within: of accuracy, 0 to 1.
    """

    experiment: str
    norm: str
    within: float

    def __call__(self, records: Records) -> pd.Series:
        """Return the rates by seed."""
        return self._found(records)["rate"]

    def at_edge(self, records: Records) -> int:
        """Return in how many seeds the largest rate of the grid is within."""
        return int(self._found(records)["edge"].sum())

    def _found(self, records: Records) -> pd.DataFrame:
        table = accuracies(records, self.experiment, "lr", "validation", norm=self.norm)
        level = table.mean().max() - self.within
        found = {seed: self._of(values, level) for seed, values in table.iterrows()}
        return pd.DataFrame.from_dict(found, orient="index", columns=["rate", "edge"])

    def _of(self, values: pd.Series, level: float) -> tuple[float, bool]:
        within = np.flatnonzero(values >= level)
        if not len(within):
            return float(values.idxmax()), False
        return reach(values, within[-1], 1, level)


@dataclass(frozen=True)
class Width:
    """Over how many decades of k an arm stays within so much of its best, by seed.

    The range around the seed's own best k; the best is that of the mean over seeds. A
    seed that is nowhere within has a range of 0.

    Args:
        experiment: its name.
        norm: of the arm.
        rates: (k, the rate at which it is tried) pairs.
        within: of accuracy, 0 to 1.
    """

    experiment: str
    norm: str
    rates: tuple[tuple[float, float], ...]
    within: float

    def __call__(self, records: Records) -> pd.Series:
        """Return the decades by seed."""
        return self._found(records)["decades"]

    def at_edge(self, records: Records) -> int:
        """Return in how many seeds the range goes on where the grid ends."""
        return int(self._found(records)["edge"].sum())

    def table(self, records: Records) -> pd.DataFrame:
        """Return accuracy: a row a seed, a column a k."""
        columns = [
            accuracies(
                records,
                self.experiment,
                "gain",
                "test",
                norm=self.norm,
                gain=gain,
                lr=rate,
            )
            for gain, rate in self.rates
        ]
        return pd.concat(columns, axis=1)

    def _found(self, records: Records) -> pd.DataFrame:
        table = self.table(records)
        level = table.mean().max() - self.within
        found = {seed: self._of(values, level) for seed, values in table.iterrows()}
        columns = ["decades", "edge"]
        return pd.DataFrame.from_dict(found, orient="index", columns=columns)

    def _of(self, values: pd.Series, level: float) -> tuple[float, bool]:
        best = int(np.argmax(values.to_numpy()))
        if values.iloc[best] < level:
            return 0.0, False
        low, open_below = reach(values, best, -1, level)
        high, open_above = reach(values, best, 1, level)
        return float(np.log10(high / low)), open_below or open_above


@dataclass(frozen=True)
class StepsTo:
    """After how many updates an arm is at a target, by seed.

    The target is what the other network comes to in the same seed, the mean of its last
    evaluations, less a margin. Reached is the first of three evaluations in a row; an
    arm that never gets there counts at the last.

    Args:
        experiment: its name.
        norm: of the arm.
        lr: of the arm.
        target_lr: of the network without a normalizer that sets the target.
        below: the margin, of accuracy, 0 to 1.
    """

    experiment: str
    norm: str
    lr: float
    target_lr: float
    below: float

    def __call__(self, records: Records) -> pd.Series:
        """Return the steps by seed."""
        return self._found(records)["steps"]

    def at_edge(self, records: Records) -> int:
        """Return in how many seeds it never gets there."""
        return int(self._found(records)["edge"].sum())

    def _found(self, records: Records) -> pd.DataFrame:
        own = self._curves(records, norm=self.norm, lr=self.lr)
        aim = self._curves(records, norm="none", lr=self.target_lr)
        targets = aim.iloc[:, -LAST:].mean(axis=1) - self.below
        found = {
            seed: steps_to(values, targets[seed]) for seed, values in own.iterrows()
        }
        return pd.DataFrame.from_dict(found, orient="index", columns=["steps", "edge"])

    def _curves(self, records: Records, **arm) -> pd.DataFrame:
        return accuracies(records, self.experiment, "step", "validation", **arm)


def steps_to(values: pd.Series, target: float) -> tuple[float, bool]:
    """Return the first step of ``IN_A_ROW`` at the target or above, or the last one."""
    there = (values >= target).to_numpy().astype(int)
    full = np.convolve(there, np.ones(IN_A_ROW, int), "valid") == IN_A_ROW
    if not full.any():
        return float(values.index[-1]), True
    return float(values.index[int(np.argmax(full))]), False


@dataclass(frozen=True)
class OnGrid(Effect):
    """An effect between sides that are read off a grid.

    No interval is taken to be narrower than a step of the grid, whatever the seeds say:
    between two points nothing was tried.

    Args:
        grid_step: a step of the grid, in the unit of the differences (of a ratio its
            logarithm).
        edge: what it means if the edge of the grid counts, in words.
    """

    grid_step: float = 0.0
    edge: str = ""

    def on(self, records: Records) -> Trial:
        """Try it, and count the seeds in which an edge counts."""
        trial = super().on(records)
        if not trial.intervals:
            return trial
        (interval,) = trial.intervals
        wide = self._widened(interval)
        sides = self.higher, self.lower
        counted = " and ".join(str(side.at_edge(records)) for side in sides)
        numbers = (
            (self.what, wide.sentence(self._digits(wide))),
            (self.edge, f"{counted} of {interval.n} seeds"),
        )
        return replace(trial, numbers=numbers, intervals=(wide,))

    def _widened(self, interval: Interval) -> Interval:
        least = self.grid_step / 2
        return replace(
            interval,
            low=min(interval.low, interval.estimate - least),
            high=max(interval.high, interval.estimate + least),
        )

    def _word(self, found: np.ndarray, level: float) -> Word:
        size = size_of(found, self.smallest, level)
        if size in (Size.BETTER, Size.OPPOSITE):
            return super()._word(found, level)
        if self._widened(mean(found, level=1 - 2 * LEVEL)).within(self.smallest):
            return Word.NOT_REPRODUCED
        apart = p_value(found) < level and self._widened(mean(found)).excludes(0)
        if not apart:
            return Word.UNDECIDED
        return Word.IN_DIRECTION if np.mean(found) > 0 else Word.NOT_REPRODUCED

    @property
    def otherwise(self) -> str:
        """When it is something else, in words."""
        return f"{super().otherwise}; no interval is narrower than a step of the grid"
