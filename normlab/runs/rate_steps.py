"""How many updates fewer, at larger rates: evaluations at steps that grow by 15%."""

import copy
from functools import partial

from torch import nn

from normlab.evaluation import recompute_running, tracking_layers
from normlab.runs.chosen_rates import FIRST, RATE_WITHOUT, SECOND_RATE_WITHOUT
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.early import (
    ending,
    first_losses,
    guessing,
    score_at_end,
    train_while_finite,
)
from normlab.runs.execute import build, data, updates
from normlab.runs.rows import evaluated, thin
from normlab.runs.score import RECOMPUTED_OVER
from normlab.training import After, Pair

GROWTH = 1.15  # of the step, from one evaluation to the next
EARLIEST = 100  # no arm is anywhere near a target before
FACTORS = (1, 5, 30)  # times the rate of the network without the layer
RATES = (0.001, 0.003, 0.01, 0.03, 0.1)


def times(factor: float) -> float:
    """Return so many times the rate that suits the network without the layer."""
    return round(factor * RATE_WITHOUT, 6)


def evaluated_at(steps: int) -> list[int]:
    """Return the steps of the evaluations, the last one among them."""
    found = [steps]
    while found[-1] > EARLIEST:
        found.append(int(found[-1] / GROWTH))
    return found[::-1]


def watch_accuracy(run: Run, device: str) -> Outcome:
    """Train the run, score it on validation images on the way, on test at its end.

    A training that breaks off guesses from there on.
    """
    model, places = build(run), evaluated_at(updates(run))
    training, validation = data("validation")
    rows: list[dict] = []

    def score(done: int, model: nn.Module) -> None:
        if done in places:
            at = {"split": "validation", "epoch": epoch_of(done, run), "step": done}
            rows.extend(with_averages(model, run, training, validation, **at))

    after: list[After] = [score]
    history = train_while_finite(model, run, device, after=after)
    reached = {row["step"] for row in rows}
    rows += [
        guessing("validation", epoch=epoch_of(step, run), step=step)
        for step in places
        if step not in reached
    ]
    return Outcome(
        [*first_losses(history), *rows, *ending(model, run, history, ("test",))],
        history.diverged,
        thin(history.step_losses),
    )


def epoch_of(step: int, run: Run) -> int:
    """Return the epoch in which, or after which, so many updates are done."""
    return -(-step * run.epochs // updates(run))


def with_averages(
    model: nn.Module, run: Run, training: Pair, held_out: Pair, **at
) -> list[dict]:
    """Return the score of ``runs.score`` without that of running statistics beside.

    On the way these would cost a third more, and nobody asks for them.
    """
    if tracking_layers(model):
        model = copy.deepcopy(model)
        device = next(model.parameters()).device
        few = training[0][:RECOMPUTED_OVER].to(device)
        recompute_running(model, few, run.batch_size)
    rows = evaluated(model, held_out, ("running",), **at)
    return [row | {"statistics": "recomputed"} for row in rows]


def _run(norm: str, lr: float) -> Run:
    return Run(
        model="deep_cnn",
        norm=norm,
        lr=lr,
        batch_size=128,
        epochs=5,
        seed=0,
        evaluate_on="validation",
        momentum=0.9,
        init="he",
        drop_last=True,
        steps=1950,
    )


RATE_STEPS_RATES = Experiment(
    name="rate-steps-rates",
    question="Which constant rate suits the deep network without a normalizer?",
    variants=tuple(_run("none", lr) for lr in RATES),
    seeds=3,
    carry_out=partial(score_at_end, on=("validation",)),
)

RATE_STEPS = Experiment(
    name="rate-steps",
    question="How many updates does the layer save, at larger rates?",
    variants=(
        _run("none", RATE_WITHOUT),
        _run("none", SECOND_RATE_WITHOUT),
        *(_run("torch_batch", times(factor)) for factor in FACTORS),
    ),
    seeds=10,
    first_seed=FIRST,
    carry_out=watch_accuracy,
)
