"""Records made up for a test: a table with the columns that a rule asks for."""

from collections.abc import Iterable

import pandas as pd

from normlab.evidence.records import Records

SEEDS = range(5)


def rows(values: Iterable[float], **columns) -> list[dict]:
    """A row a seed."""
    fixed = {"key": "k", "step": 10, "epoch": 1, "epochs": 1} | columns
    return [fixed | {"seed": s, "value": v} for s, v in enumerate(values)]


def records(*groups: list[dict], recordings=()) -> Records:
    """Records of one experiment, whatever its name."""
    table = pd.DataFrame([row for group in groups for row in group])
    return Records(lambda *_: table, lambda *_: list(recordings), lambda _: (1, 1))


def around(middle: float, spread: float = 0.002) -> list[float]:
    """Five values with this mean, evenly spaced over twice the spread."""
    return [middle + spread * k for k in (-1, -0.5, 0, 0.5, 1)]
