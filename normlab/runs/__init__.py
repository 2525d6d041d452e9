"""Recorded runs: frozen configuration -> record, with where it comes from.

``python -m normlab.runs list | show NAME | run NAME``
"""

from importlib import import_module

from normlab.runs.config import Experiment, Run
from normlab.runs.execute import build, record_all, train
from normlab.runs.store import ResultsError, benchmark, load, recordings, source

# The files that describe experiments, in the order in which these are listed.
_FILES = ("lenet", "inside", "modes", "maps", "batch_size", "axes")
EXPERIMENTS: dict[str, Experiment] = {
    thing.name: thing
    for file in _FILES
    for thing in vars(import_module(f"{__name__}.{file}")).values()
    if isinstance(thing, Experiment)
}

__all__ = [
    "EXPERIMENTS",
    "Experiment",
    "ResultsError",
    "Run",
    "benchmark",
    "build",
    "load",
    "record_all",
    "recordings",
    "source",
    "train",
]
