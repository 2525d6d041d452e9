"""How large a rate a network bears, and how large first weights, in a short training.

LeNet makes 1,000 updates of 64 images at a constant rate, without momentum. Its first
weights are drawn for its activation, then multiplied by k, the run's ``gain``.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from torch import nn

from normlab.runs.chosen_rates import RATE_OF_GAIN
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.early import first_losses, seconds, train_while_finite
from normlab.runs.execute import build, data, updates
from normlab.runs.rows import row
from normlab.runs.score import scored
from normlab.training import History

GAINS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
# Four in a decade, of which every second is one of ``RATES``.
FINE = (0.03, 0.055, 0.1, 0.18, 0.3, 0.55, 1.0, 1.8, 3.0, 5.5, 10.0, 18.0, 30.0)
INIT = {"lenet": "lecun", "lenet_relu": "he"}
NORMS = ("none", "torch_batch")
POINTS = 40  # of a loss curve: means of as many blocks of updates
CHANCE = 0.1  # what is right by chance, of ten classes
FIRST = 10  # seed of the runs that decide; what is chosen is chosen with seeds 0 to 2


def score_at_end(run: Run, device: str, *, on: Sequence[str]) -> Outcome:
    """Train the run and score it once, at its end; keep its loss curve.

    A training that breaks off is scored as guessing, so that its place is not empty.

    Args:
        run: what to train, evaluated on validation images.
        device: where.
        on: "validation", or that and "test".
    """
    model = build(run)
    history = train_while_finite(model, run, device)
    return Outcome(
        [*first_losses(history), *ending(model, run, history, on)],
        history.diverged,
        curve(history.step_losses, updates(run)),
    )


def ending(
    model: nn.Module, run: Run, history: History, on: Sequence[str]
) -> list[dict]:
    """Return the rows of a run's end: scores, updates that were finite, seconds."""
    at = last(run)
    finite = len(history.step_losses) - (history.diverged is not None)
    rows = [row("finite_updates", finite, split="train", **at)]
    training, _ = data(run.evaluate_on)
    round_up = 0 if run.drop_last else run.batch_size - 1
    rows += seconds(history, (len(training[1]) + round_up) // run.batch_size)
    for split in on:
        if history.diverged:
            rows += [guessing(split, kind, **at) for kind in ("running", "recomputed")]
        else:
            rows += scored(model, run, training, data(split)[1], split=split, **at)
    return rows


def last(run: Run) -> dict[str, int]:
    """Return the epoch and the step at which a run ends."""
    return {"epoch": run.epochs, "step": updates(run)}


def guessing(split: str, statistics: str = "recomputed", **at) -> dict:
    """Return the accuracy of guessing as a row; such a network has no loss."""
    return row("accuracy", CHANCE, split=split, statistics=statistics, **at)


def curve(losses: list[float], steps: int) -> dict[str, np.ndarray]:
    """Return "loss/mean": means over ``POINTS`` blocks of a training's updates.

    Where a block holds a loss that is not finite, or none, it is nan.
    """
    whole = np.full(-(-steps // POINTS) * POINTS, np.nan)
    whole[: len(losses)] = losses
    whole[~np.isfinite(whole)] = np.nan
    return {"loss/mean": whole.reshape(POINTS, -1).mean(1).astype(np.float32)}


def _run(model: str, norm: str, gain: float, lr: float) -> Run:
    return Run(
        model=model,
        norm=norm,
        lr=lr,
        batch_size=64,
        epochs=2,
        seed=0,
        evaluate_on="validation",
        init=INIT[model],
        gain=gain,
        steps=1000,
    )


def _between(low: float, high: float) -> list[float]:
    return [rate for rate in FINE if low <= rate <= high]


def _map(model: str) -> tuple[Run, ...]:
    return tuple(
        _run(model, norm, gain, lr) for norm in NORMS for gain in GAINS for lr in RATES
    )


RATE_MAP = Experiment(
    name="rate-map",
    question="Which rates and first weights does LeNet with ReLU learn with?",
    variants=_map("lenet_relu"),
    seeds=3,
    carry_out=partial(score_at_end, on=("validation",)),
)

RATE_MAP_SIGMOID = Experiment(
    name="rate-map-sigmoid",
    question="Which rates and first weights does LeNet with sigmoids learn with?",
    variants=_map("lenet"),
    seeds=2,
    carry_out=partial(score_at_end, on=("validation",)),
)

RATE_LINE = Experiment(
    name="rate-line",
    question="How large a rate does LeNet with ReLU bear?",
    variants=tuple(
        _run("lenet_relu", norm, 1.0, lr)
        for norm, ends in {"none": (0.055, 1.8), "torch_batch": (0.3, 10)}.items()
        for lr in _between(*ends)
    ),
    seeds=10,
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=("validation",)),
)

RATE_LINE_SIGMOID = Experiment(
    name="rate-line-sigmoid",
    question="How large a rate does LeNet with sigmoids bear?",
    variants=tuple(
        _run("lenet", norm, 1.0, lr)
        for norm, ends in {"none": (1, 10), "torch_batch": (0.55, 18)}.items()
        for lr in _between(*ends)
    ),
    seeds=5,
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=("validation",)),
)


def _widths(model: str) -> tuple[Run, ...]:
    """Each k at its own rate, and at the rate of k = 1."""
    runs = [
        _run(model, norm, gain, lr)
        for norm in NORMS
        for gain in GAINS
        for lr in (RATE_OF_GAIN[model, norm][gain], RATE_OF_GAIN[model, norm][1.0])
    ]
    return tuple(dict.fromkeys(runs))


RATE_WIDTH = Experiment(
    name="rate-width",
    question="How wide a range of first weights does LeNet with ReLU bear?",
    variants=_widths("lenet_relu"),
    seeds=10,
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=("validation", "test")),
)

SIGMOID_RATES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)

RATE_SIGMOIDS = Experiment(
    name="rate-sigmoids",
    question="Do eight layers of sigmoids learn, at any rate?",
    variants=tuple(
        Run(
            model="eight_sigmoids",
            norm=norm,
            lr=lr,
            batch_size=128,
            epochs=2,
            seed=0,
            evaluate_on="validation",
            init="lecun",
            drop_last=True,
            schedule="cooled",
            steps=780,
        )
        for norm in NORMS
        for lr in SIGMOID_RATES
    ),
    seeds=5,
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=("validation", "test")),
)
