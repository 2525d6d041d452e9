"""The columns of a table of results, and how one is made, read and written.

Every table has the columns that are not optional. An optional one is in a file only
where a row of the experiment uses it; a row that does not has no text or no number.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Column:
    """What a column holds: values of one kind, str, int or float, and their meaning."""

    kind: type
    meaning: str
    optional: bool = False

    @property
    def dtype(self) -> str | type:
        """As pandas has it: only an optional whole number may be missing."""
        return "Int64" if self.optional and self.kind is int else self.kind


def _optional(kind: type, meaning: str) -> Column:
    return Column(kind, meaning, optional=True)


COLUMNS = {
    "key": Column(str, "The run: the first 12 hex digits of its configuration's hash."),
    "split": Column(str, "Images it was measured on: train, validation or test."),
    "statistics": Column(
        str,
        "What normalizers used while the network was scored: running (evaluation "
        "mode, also of networks without running statistics), batch (that of the "
        "images scored together), recomputed (averages over the training images, "
        "taken anew) or mixed (see `swapped`). Empty for what a training leaves as it "
        "goes.",
    ),
    "measure": Column(
        str,
        "What was measured. loss (nats) and accuracy (0 to 1); step_loss, of one "
        "batch; seconds of an epoch's training; finite_updates, made before a loss "
        "that is not finite. gradient_variance and gradient_square: variance and "
        "squared mean of a batch's gradient, summed over all parameters. "
        "scatter_mean, scatter_var, batch_over_whole_var, error_mean, error_var: how a "
        "layer's batches scatter and running averages miss. dead_units: the share of "
        "units that are 0 for all images, in the layer with most of them. "
        "step_seconds, step_seconds_ratio (over that of the same network without a "
        "normalizer) and bytes_kept by autograd, of a training step.",
    ),
    "epoch": Column(int, "The epoch that it was measured in or after, from 1."),
    "step": Column(
        int,
        "Updates done when it was measured; a step_loss is that of the next update's "
        "batch.",
    ),
    "budget": _optional(
        str, "What of the training was spent: epochs (5) or updates (1,200)."
    ),
    "swapped": _optional(
        str,
        "What of training mode was replaced by evaluation mode's: nothing, or noise, "
        "lag and factor, joined by +.",
    ),
    "control": _optional(
        str,
        "Which part of the gap was switched off before swapping: exact (no lag) or "
        "biased (no factor).",
    ),
    "layer": _optional(int, "The number of the normalizer in the network, from 0."),
    "running_momentum": _optional(
        float, "Momentum of the running average that was kept beside the layer's own."
    ),
    "ending": _optional(
        str,
        "How the last epoch was done: usual, frozen, or recomputed and then frozen; "
        "before is the network that all of them start from.",
    ),
    "ending_rate": _optional(
        float, "Learning rate of that last epoch, as a share of the run's."
    ),
    "order": _optional(
        str, "Which channels were silenced first: smallest or largest gamma, or random."
    ),
    "share": _optional(int, "Per cent of each layer's channels that were silenced."),
    "value": Column(float, "The number."),
}
_MISSING = ["", "nan", "NaN"]


def check_row(row: object) -> None:
    """Raise ValueError unless this is a row without its key, as a run leaves it."""
    if not isinstance(row, dict):
        raise ValueError(f"its row {row!r} is no object")
    needed = {n for n, c in COLUMNS.items() if not c.optional} - {"key"}
    if lost := sorted(needed - row.keys()):
        raise ValueError(f"its row {row!r} lacks {lost[0]!r}")
    if strange := sorted(row.keys() - COLUMNS.keys() | row.keys() & {"key"}):
        raise ValueError(f"its row {row!r} has {strange[0]!r}, which no table has")
    for name, value in row.items():
        kind = COLUMNS[name].kind
        if not isinstance(value, Real if kind is float else kind):
            raise ValueError(f"its row has {name}={value!r}, not a {kind.__name__}")


def check_columns(names: Sequence[str]) -> None:
    """Raise ValueError unless a table with these columns is one of ours."""
    there = [n for n, c in COLUMNS.items() if not c.optional or n in names]
    if list(names) != there:
        raise ValueError(f"its columns are {', '.join(map(str, names))}")


def table_of(rows: Iterable[dict]) -> pd.DataFrame:
    """Return rows, each with its key, as a table."""
    return _tidy(pd.DataFrame(list(rows), columns=list(COLUMNS)))


def joined(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return tables, at least one, one below the other."""
    tables = list(tables)
    return _tidy(pd.concat([t for t in tables if len(t)] or tables))


def _tidy(table: pd.DataFrame) -> pd.DataFrame:
    """Put the columns in order, with what is missing in them; drop unused ones."""
    table = table.reindex(columns=list(COLUMNS))
    for name, column in COLUMNS.items():
        if column.kind is str:
            table[name] = table[name].astype(object).where(table[name].notna(), "")
    table = table.astype({name: column.dtype for name, column in COLUMNS.items()})
    optional = table[[n for n, c in COLUMNS.items() if c.optional]]
    used = (optional.notna() & (optional != "")).any()
    return table.drop(columns=used.index[~used])


def read(path: Path) -> pd.DataFrame:
    """Return the table in a file.

    Raises:
        OSError: there is no such file.
        ValueError: it is no such table.
    """
    header = pd.read_csv(path, nrows=0).columns
    check_columns(header)
    numbers = [n for n in header if COLUMNS[n].kind is not str]
    return pd.read_csv(
        path,
        dtype={name: COLUMNS[name].dtype for name in header},
        keep_default_na=False,  # an empty text is a text
        na_values=dict.fromkeys(numbers, _MISSING),
    )


def text_of(table: pd.DataFrame) -> str:
    """Return a table as the text of a file; nine digits keep all of a float32."""
    file = io.StringIO()
    table.to_csv(file, index=False, float_format="%.9g", lineterminator="\n")
    return file.getvalue()
