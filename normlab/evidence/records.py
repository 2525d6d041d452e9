"""The values of recorded runs, one a seed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from normlab import runs
from normlab.runs.config import Run

LAST = "last"  # as an epoch: each run's last one


class Records:
    """Recorded runs, to select from.

    Args:
        load: (experiment, device) -> its tidy table; as it was recorded by default.
        recordings: (experiment, device) -> pairs of a run and its arrays.
        progress: experiment -> (runs that are recorded, runs that it has).
    """

    def __init__(
        self,
        load: Callable[[str, str], pd.DataFrame] = runs.load,
        recordings: Callable[[str, str], list] = runs.recordings,
        progress: Callable[[str], tuple[int, int]] = runs.progress,
    ) -> None:
        self.table = cache(load)
        self.recordings = cache(recordings)
        self.progress = cache(progress)

    def values(
        self, experiment: str, measure: str, device: str = "cpu", **settings
    ) -> pd.Series:
        """Return what was measured under these settings, by seed.

        Args:
            experiment: its name.
            measure: a name in the table's column ``measure``.
            device: "cpu" or "cuda".
            settings: column -> its content. Of several contents, in a list, the mean
                over them is taken in each seed. ``epoch`` may be "last".

        Raises:
            ValueError: a column or content that is not there, or a column that is not
                named and has more than one content, so that a seed has several values.
        """
        table = self.table(experiment, device)
        rows = table
        for column, content in {"measure": measure, **settings}.items():
            rows = _chosen(rows, column, content, experiment)
        _check_one_value(rows, settings)
        return rows.groupby("seed")["value"].mean().sort_index().rename(measure)

    def arrays(
        self, experiment: str, *names: str, device: str = "cpu", **settings
    ) -> dict[int, dict[str, np.ndarray]]:
        """Return the recorded arrays of each seed's one run with these settings.

        Args:
            experiment: its name.
            names: runs that did not keep these arrays do not count.
            device: "cpu" or "cuda".
            settings: field of a ``Run`` -> its content.

        Raises:
            ValueError: no run is left, or a seed has several.
        """
        found: dict[int, tuple] = {}
        for run, arrays in self.recordings(experiment, device):
            has = all(getattr(run, field) == c for field, c in settings.items())
            if not has or any(name not in arrays for name in names):
                continue
            if run.seed in found:
                raise ValueError(_differing(found[run.seed][0], run))
            found[run.seed] = run, arrays
        if not found:
            asked = ", ".join([*names, *(f"{f}={c!r}" for f, c in settings.items())])
            raise ValueError(f"{experiment} has no recording with {asked}")
        return {seed: found[seed][1] for seed in sorted(found)}


def _chosen(rows: pd.DataFrame, column: str, content, experiment: str) -> pd.DataFrame:
    if column not in rows:
        known = ", ".join(map(str, rows.columns))
        raise ValueError(f"{experiment} has no column {column!r}; it has {known}")
    if column == "epoch" and isinstance(content, str) and content == LAST:
        kept = rows["epoch"] == rows["epochs"]
    else:
        kept = rows[column].isin(_listed(content))
    if not kept.any():
        there = ", ".join(map(str, sorted(rows[column].dropna().unique())[:12]))
        raise ValueError(
            f"{experiment} has nothing with {column}={content!r}; there is {there}"
        )
    return rows[kept]


def _differing(one, other) -> str:
    """Say which field tells two runs of one seed apart."""
    fields = [f for f in vars(one) if getattr(one, f) != getattr(other, f)]
    ways = (f"{f}={getattr(one, f)!r} or {getattr(other, f)!r}" for f in fields)
    return f"seed {one.seed} has several runs; name {', '.join(ways)}"


def _listed(content) -> list:
    if isinstance(content, Iterable) and not isinstance(content, str):
        return list(content)
    return [content]


def _check_one_value(rows: pd.DataFrame, settings: dict) -> None:
    averaged = {c for c, content in settings.items() if not np.isscalar(content)}
    # Where the run ended is a matter of the epoch, and the rest says nothing more.
    implied = {"value", "seed", "measure", "key", "step"} | ({"epoch"} & {*averaged})
    for column in rows.columns.difference(list(implied | averaged)):
        contents = rows[column].dropna().unique()
        if len(contents) > 1:
            listed = ", ".join(map(str, contents[:6]))
            raise ValueError(
                f"{column} is {listed} in the chosen rows; name one, or a list to "
                f"average over, such as {column}={contents[0]!r}"
            )
    if rows.duplicated(["seed", *sorted(averaged)]).any():
        steps = ", ".join(map(str, sorted(rows["step"].unique())[:6]))
        raise ValueError(f"step is {steps} in the chosen rows; name one")


RECORDS = Records()


def values(experiment: str, measure: str, device: str = "cpu", **settings) -> pd.Series:
    """Return recorded values by seed: see ``Records.values``."""
    return RECORDS.values(experiment, measure, device, **settings)


def recorded(
    experiment: str, array: str, device: str = "cpu", **settings
) -> np.ndarray:
    """Return one recorded array of every seed, (seeds, ...): see ``Records.arrays``."""
    found = RECORDS.arrays(experiment, array, device=device, **settings)
    return np.stack([arrays[array] for arrays in found.values()])


def paired(first: pd.Series, second: pd.Series) -> pd.Series:
    """Return ``first - second`` by seed.

    Raises:
        ValueError: they have not the same seeds.
    """
    if list(first.index) != list(second.index):
        raise ValueError(
            f"seeds {list(first.index)} and {list(second.index)} make no pairs; "
            "select runs that share their seeds"
        )
    return first - second


@dataclass(frozen=True)
class Arm:
    """One side of a comparison: a selection that can be asked of any records.

    Args:
        experiment: its name.
        measure: what is compared.
        settings: (column, content) pairs.
        device: "cpu" or "cuda".
    """

    experiment: str
    measure: str
    settings: tuple[tuple[str, object], ...] = ()
    device: str = "cpu"

    def __call__(self, records: Records) -> pd.Series:
        """Return the values by seed."""
        return records.values(
            self.experiment, self.measure, self.device, **dict(self.settings)
        )

    def but(self, **settings) -> "Arm":
        """Return the same arm with other settings, as for a variant of a rule."""
        changed = dict(self.settings) | settings
        experiment = changed.pop("experiment", self.experiment)
        measure = changed.pop("measure", self.measure)
        device = changed.pop("device", self.device)
        return arm(experiment, measure, device, **changed)


def arm(experiment: str, measure: str, device: str = "cpu", **settings) -> Arm:
    """Return an arm; a list of contents means the average over them in each seed."""
    fixed = {c: v if np.isscalar(v) else tuple(v) for c, v in settings.items()}
    return Arm(experiment, measure, tuple(fixed.items()), device)


@dataclass(frozen=True)
class Reading:
    """A number that is read off each run's recorded arrays: a side of a comparison.

    Args:
        experiment: its name.
        read: arrays by name -> the number.
        settings: (field of a ``Run``, content) pairs.
        device: "cpu" or "cuda".
    """

    experiment: str
    read: Callable[[Mapping[str, np.ndarray]], float]
    settings: tuple[tuple[str, object], ...] = ()
    device: str = "cpu"

    def __call__(self, records: Records) -> pd.Series:
        """Return the numbers by seed."""
        runs = records.arrays(
            self.experiment, device=self.device, **dict(self.settings)
        )
        return pd.Series({seed: float(self.read(a)) for seed, a in runs.items()})


def told(run: Run, *fields: str) -> dict[str, object]:
    """Return what tells the run from others of its experiment, but for the seed.

    Model, normalizer and rate, where no fields are named.
    """
    return {f: getattr(run, f) for f in fields or ("model", "norm", "lr")}


def reading(
    experiment: str,
    read: Callable[[Mapping[str, np.ndarray]], float],
    run: Run,
    *fields: str,
) -> Reading:
    """Return an arm: a number of the arrays of such runs, which ``fields`` tell."""
    return Reading(experiment, read, tuple(told(run, *fields).items()))


@dataclass(frozen=True)
class Change:
    """What an arm has more than another, by seed: to compare two differences."""

    first: Callable[[Records], pd.Series]
    second: Callable[[Records], pd.Series]

    def __call__(self, records: Records) -> pd.Series:
        """Return the differences by seed."""
        return paired(self.first(records), self.second(records))
