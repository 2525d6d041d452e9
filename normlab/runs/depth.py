"""Three layers and fifteen, with the layer and without, and the depths between.

The source is takataka 2015: ReLU, batch 128, rate 0.1, momentum 0.9. It does not say
how its weights were drawn; its losses at the start fit a deviation of 0.01.
"""

import math
from functools import partial

from torch import nn

from normlab.evaluation import kinds_of_statistics
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.execute import build, data, train_on, updates
from normlab.runs.rows import history_rows
from normlab.runs.score import scored

SMALL = "gaussian_0.01"  # the weights at the start
RATE, MOMENTUM, BATCH = 0.1, 0.9, 128
RATES = (0.001, 0.01, 0.1, 1.0, 10.0)  # of fifteen layers without normalizers
HE_RATE = 0.01  # with He's weights fifteen layers leave the chance level at this one
LATE = 5  # epochs at the end in which a constant rate is scored: one alone is off
DEPTHS = (3, 5, 6, 7, 8, 11, 15)
NARROW = 256
# A layer multiplies the signal by its weights' deviation times the root of its width:
# with so much larger weights 256 units pass it on as 1,000 do.
GAIN = math.sqrt(1000 / NARROW)


def measure(run: Run, device: str, *, late: int = 1, curve: bool = False) -> Outcome:
    """Train the run and score the test images after its last epochs.

    Args:
        run: the training.
        device: "cpu", "cuda", ...
        late: after how many epochs, counted from the end.
        curve: score the validation images after every epoch too.
    """
    training, validation = data(run.evaluate_on)
    test, last = data("test")[1], updates(run)
    an_epoch = len(training[1]) // run.batch_size
    rows: list[dict] = []

    def after(done: int, model: nn.Module) -> None:
        if done % an_epoch and done != last:
            return
        at = {"epoch": -(-done // an_epoch), "step": done}
        if curve:
            found = scored(model, run, training, validation, split="validation", **at)
            # The running ones are in the history.
            rows.extend(r for r in found if r["statistics"] == "recomputed")
        if at["epoch"] > run.epochs - late:
            rows.extend(scored(model, run, training, test, split="test", **at))

    model = build(run)
    kinds = kinds_of_statistics(model)[:1]  # the history has running statistics
    history = train_on(model, run, device, after=[after], statistics=kinds)
    return Outcome(history_rows(history) + rows, history.diverged)


def _run(model: str, norm: str, init: str = SMALL, lr: float = RATE, **more) -> Run:
    same = {"batch_size": BATCH, "momentum": MOMENTUM, "evaluate_on": "validation"}
    return Run(model, norm, lr, seed=0, init=init, drop_last=True, **same, **more)


def _narrow(depth: int, norm: str, init: str, lr: float = RATE) -> Run:
    gain = GAIN if init == SMALL else 1.0
    more = {"epochs": 5, "schedule": "cooled", "gain": gain}
    return _run(f"mlp_{depth}x{NARROW}", norm, init, lr, **more)


DEPTH_SWEEP = Experiment(
    name="depth-sweep",
    question="At which depth does a network stop learning, with the layer and without?",
    variants=(
        *(_narrow(d, norm, SMALL) for d in DEPTHS for norm in ("none", "torch_batch")),
        *(_narrow(d, "none", "he", lr) for d in DEPTHS for lr in (RATE, HE_RATE)),
        *(_narrow(d, "torch_batch", "he") for d in (3, 8, 15)),
    ),
    seeds=3,
    first_seed=10,
    carry_out=measure,
)

DEPTH_FIFTEEN = Experiment(
    name="depth-fifteen",
    question="Do fifteen layers learn, at any rate, without the layer and with it?",
    variants=(
        *(_run("mlp_15x1000", "none", lr=rate, epochs=1) for rate in RATES),
        _run("mlp_15x1000", "none", "he", HE_RATE, epochs=1),
        _run("mlp_15x1000", "torch_batch", epochs=10),
        _run("mlp_3x1000", "none", epochs=10),
    ),
    seeds=3,
    first_seed=10,
    carry_out=partial(measure, late=LATE),
)

DEPTH_THREE = Experiment(
    name="depth-three",
    question="What does the layer change in three layers, trained for 50 epochs?",
    variants=tuple(
        _run("mlp_3x1000", norm, epochs=50) for norm in ("none", "torch_batch")
    ),
    seeds=6,
    first_seed=10,
    carry_out=partial(measure, late=LATE, curve=True),
)
