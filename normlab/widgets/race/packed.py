"""The recorded race, packed for the widget: a cell a contender."""

from collections import defaultdict
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from normlab.evidence.claims.schedules import reached
from normlab.runs import Run, load, recordings, store
from normlab.runs.contenders import BEST, CONTENDERS, entered
from normlab.runs.early import CHANCE
from normlab.runs.registry import RACE
from normlab.runs.rows import STEPS_KEPT
from normlab.runs.watch import EVERY

FIRST, OTHERS, COST = "race", "race-others", "race-cost"
SIZES = (2, 4, 8, 32, 128)  # images that share statistics
HALF = RACE // 2  # updates, of batch normalization to the level that all are to reach
LOOKS = range(EVERY, RACE + 1, EVERY)
NOT_TRIED = "not tried here"
WHOLE_GRADIENT = (
    "cannot, because it acts on the gradient, which is that of all 128 images"
)


@dataclass(frozen=True)
class Row:
    """A normalizer in the table.

    Args:
        label: what the reader calls it.
        color: of its curves.
        contenders: (images that share statistics, contender) pairs; a single one with 0
            where no image looks at another, so that it stands for any number.
        otherwise: what is said where there is none.
    """

    label: str
    color: str
    contenders: tuple[tuple[int, str], ...]
    otherwise: str = field(default=NOT_TRIED)


def _of_sizes(family: str, *sizes: int) -> tuple[tuple[int, str], ...]:
    return tuple((size, f"{family}_{size}") for size in sizes)


ROWS = (
    Row("batch norm", "batch", _of_sizes("batch", *SIZES)),
    Row("batch renorm", "renorm", _of_sizes("renorm", 2, 4, 8, 128)),
    Row("batch Kalman", "changed", _of_sizes("kalman", 2, 4, 8, 128)),
    Row(
        "preconditioned gradients",
        "none",
        ((128, "precondition"),),
        otherwise=WHOLE_GRADIENT,
    ),
    Row("group norm", "data", ((0, "group"),)),
    Row("group norm, standardized weights", "data", ((0, "group_standardized"),)),
    Row("FRN and threshold", "data", ((0, "filter_response"),)),
    Row("instance norm", "data", ((0, "instance"),)),
    Row("scaled weights, clipped gradients", "data", ((0, "scaled"),)),
    Row("nothing", "none", ((0, "none"),)),
)
NAMES = tuple(name for row in ROWS for _, name in row.contenders)


@dataclass
class _Seen:
    """What is recorded of a contender: a test accuracy and a curve (T,) each seed."""

    accuracies: list[float] = field(default_factory=list)
    curves: list[np.ndarray] = field(default_factory=list)


def packed() -> dict[str, Any]:
    """Return what the module reads: rows of the table, and what each cell has.

    Accuracies and the level in per cent; seconds as a share of what a step without a
    normalizer takes; bytes in millions. What is not recorded yet has no cell.

    Raises:
        ResultsError: the race is not recorded; the message says how to record it.
    """
    seen = _recorded()
    level = float(np.mean([c[LOOKS.index(HALF)] for c in seen["batch_128"].curves]))
    costs = _costs()
    return {
        "sizes": list(SIZES),
        "names": list(NAMES),
        "rows": [asdict(row) for row in ROWS],
        "steps": list(LOOKS),
        "level": _percent(level),
        "cells": {
            name: _cell(seen[name], level) | costs.get(name, {})
            for name in NAMES
            if name in seen
        },
    }


def _names(**options) -> dict[Run, str]:
    """Return contenders by their run of seed 0."""
    runs = entered(*CONTENDERS, rates=BEST, **options)
    return dict(zip(runs, CONTENDERS, strict=True))


def _recorded() -> dict[str, _Seen]:
    names, found = _names(), defaultdict(_Seen)
    for experiment in (FIRST, OTHERS):
        if experiment != FIRST and not store.records(experiment):
            continue
        at_end = _values(load(experiment), "accuracy", "test", "recomputed")
        for run, arrays in recordings(experiment):
            if name := names.get(replace(run, seed=0)):
                found[name].accuracies.append(at_end[run.key])
                found[name].curves.append(_whole(arrays["few/accuracy"]))
    return found


def _values(table: pd.DataFrame, measure: str, split: str, statistics: str):
    kept = (table["measure"] == measure) & (table["split"] == split)
    kept &= table["statistics"].fillna("") == statistics
    return table[kept].set_index("key")["value"]


def _whole(curve: np.ndarray) -> np.ndarray:
    """Return a curve up to the last look: who broke off guesses from there on."""
    rest = np.full(len(LOOKS) - len(curve), CHANCE)
    return np.concatenate([curve.astype(float), rest])


def _cell(seen: _Seen, level: float) -> dict[str, Any]:
    steps = np.array(LOOKS)
    updates = [reached(steps, curve, level) for curve in seen.curves]
    arrived = sum(at < LOOKS[-1] for at in updates)  # the last look is for the others
    everybody = arrived == len(updates)
    middle = float(np.exp(np.mean(np.log(updates)))) if everybody else None
    stacked = np.stack(seen.curves)
    return {
        "accuracy": [_percent(of(seen.accuracies)) for of in (np.mean, min, max)],
        "seeds": len(seen.accuracies),
        "arrived": arrived,
        "updates": None if middle is None else round(middle, 1),
        "curve": {
            kind: [_percent(value) for value in of(stacked, axis=0)]
            for kind, of in (("mean", np.mean), ("low", np.min), ("high", np.max))
        },
    }


def _costs() -> dict[str, dict[str, Any]]:
    """Return time and memory of a step by contender, as far as they are recorded."""
    if not store.records(COST):
        return {}
    table, names = load(COST), _names(steps=STEPS_KEPT)
    ratios = _values(table, "step_seconds_ratio", "train", "")
    sizes = _values(table, "bytes_kept", "train", "")
    found = defaultdict(list)
    for key, record in store.records(COST).items():
        name = names.get(replace(Run(**record["config"]), seed=0))
        found[name].append((ratios[key], sizes[key]))
    return {
        name: {
            "seconds": [round(float(of(times)), 3) for of in (np.median, min, max)],
            "bytes": round(float(np.median(kept)) / 1e6, 3),
        }
        for name, pairs in found.items()
        for times, kept in [tuple(zip(*pairs, strict=True))]
    }


def _percent(share: float) -> float:
    return round(100 * float(share), 3)
