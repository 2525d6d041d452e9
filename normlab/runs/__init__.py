"""Recorded runs: frozen configuration -> record, with where it comes from.

``python -m normlab.runs list | show NAME | run NAME``
"""

from normlab.runs.axes import WHICH_AXES
from normlab.runs.batch_size import BATCH_SIZE
from normlab.runs.config import Experiment, Run
from normlab.runs.execute import build, record_all, train
from normlab.runs.inside import INSIDE, INSIDE_TOY
from normlab.runs.lenet import LENET, LENET_RATES
from normlab.runs.maps import MAPS
from normlab.runs.modes import FROZEN_FINISH, TRAIN_EVAL_GAP
from normlab.runs.store import ResultsError, benchmark, load, recordings, source

EXPERIMENTS: dict[str, Experiment] = {
    e.name: e
    for e in (
        LENET_RATES,
        LENET,
        INSIDE,
        INSIDE_TOY,
        TRAIN_EVAL_GAP,
        FROZEN_FINISH,
        MAPS,
        BATCH_SIZE,
        WHICH_AXES,
    )
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
