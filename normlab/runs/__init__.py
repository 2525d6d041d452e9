"""Recorded runs: frozen configuration -> record, with where it comes from.

``python -m normlab.runs list | show NAME | run NAME``
"""

from importlib import import_module

from normlab.runs.config import Experiment, Run
from normlab.runs.execute import build, record_all, train
from normlab.runs.store import (
    ResultsError,
    benchmark,
    load,
    recordings,
    records,
    source,
)

# The files that describe experiments, in the order in which these are listed.
_FILES = (
    "lenet",
    "inside",
    "modes",
    "maps",
    "batch_size",
    "axes",
    "rate_map",
    "rate_steps",
    "depth",
    "schedules",
    "implementations",
    "race",
    "tiny_batches",
    "two_classes",
    "scaled_weights",
    "batch_augmentation",
    "bnp",
    "binary",
    "scale",
    "shift",
    "placement",
    "regularizer",
    "residual",
    "page",
)
EXPERIMENTS: dict[str, Experiment] = {
    thing.name: thing
    for file in _FILES
    for thing in vars(import_module(f"{__name__}.{file}")).values()
    if isinstance(thing, Experiment)
}


def progress(experiment: str) -> tuple[int, int]:
    """Return how many of an experiment's runs are recorded, and how many it has."""
    wanted = {run.key for run in EXPERIMENTS[experiment].runs()}
    return len(wanted & records(experiment).keys()), len(wanted)


__all__ = [
    "EXPERIMENTS",
    "Experiment",
    "ResultsError",
    "Run",
    "benchmark",
    "build",
    "load",
    "progress",
    "record_all",
    "recordings",
    "source",
    "train",
]
