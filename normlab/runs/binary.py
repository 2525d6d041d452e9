"""Binary networks with batch normalization, without it, and with what replaces it.

The deep network, in which all convolutions but the first are binary. Training has two
stages of as many updates: in the first what enters these convolutions is binary, in
the second their weights are too. Each begins with an optimizer of its own, warms up and
is cooled.
"""

from dataclasses import replace
from functools import partial

from torch import nn

from normlab.layers import set_binary_weights
from normlab.runs.chosen_rates import FIRST
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.early import (
    curve,
    first_losses,
    guessing,
    last,
    train_while_finite,
)
from normlab.runs.execute import build, data, updates
from normlab.runs.rows import row
from normlab.runs.score import scored
from normlab.training import History

BATCH, EPOCH = 128, 50_000 // 128
STAGE = 1400  # updates
ORDERS_APART = 1_000_003  # added to the seed in the second stage: another order
# What a run has besides: a network, what normalizes it, what turns its gradients.
ARMS = {
    "batch": {"model": "binary_cnn", "norm": "torch_batch"},
    "scaled": {"model": "binary_cnn_scaled", "norm": "none", "transform": "clip"},
    "neither": {"model": "binary_cnn", "norm": "none"},
}


def trained(name: str, lr: float) -> Run:
    """Return an arm's run of seed 0 at a rate, the highest of either stage."""
    return Run(
        **ARMS[name],
        lr=lr,
        batch_size=BATCH,
        epochs=-(-2 * STAGE // EPOCH),
        seed=0,
        evaluate_on="validation",
        init="he",
        optimizer="adam",
        steps=2 * STAGE,
        schedule="warm_cooled",
        drop_last=True,
    )


def stages(run: Run) -> tuple[Run, Run]:
    """Return the two halves of a run as runs: each with half of its updates."""
    half = updates(run) // 2
    first = replace(run, steps=half, epochs=-(-run.epochs // 2))
    return first, replace(first, seed=run.seed + ORDERS_APART)


def score_stages(run: Run, device: str, *, on: tuple[str, ...]) -> Outcome:
    """Train the run in two stages; score it at the end of each.

    The second goes on from what the first has learned. A training that breaks off
    guesses from there on.
    """
    model, whole = build(run), History()
    rows, training = [], data(run.evaluate_on)[0]
    for number, stage in enumerate(stages(run), start=1):
        set_binary_weights(model, number == 2)
        if not whole.diverged:
            whole.extend(_trained(model, stage, device, number))
        at = last(run) if number == 2 else last(stage)
        for split in on:
            if whole.diverged:
                kinds = ("running", "recomputed")
                rows += [guessing(split, kind, **at) for kind in kinds]
            else:
                held_out = data(split)[1]
                rows += scored(model, run, training, held_out, split=split, **at)
    seconds = sum(epoch.seconds for epoch in whole.epochs)
    rows.append(row("seconds", seconds, split="train", **last(run)))
    kept = curve(whole.step_losses, updates(run))
    return Outcome([*first_losses(whole), *rows], whole.diverged, kept)


def _trained(model: nn.Module, stage: Run, device: str, number: int) -> History:
    """Train for a stage; where it breaks off, say in which."""
    history = train_while_finite(model, stage, device)
    if history.diverged:
        history.diverged = f"in stage {number} {history.diverged}"
    return history


# The rates that are tried.
GRIDS = {
    "batch": (0.001, 0.003, 0.01, 0.03, 0.1),
    "scaled": (0.003, 0.01, 0.03, 0.1),
    "neither": (0.001, 0.003, 0.01, 0.03, 0.1),
}
# Of each grid the rates with the best and the second-best mean accuracy on validation
# images, statistics recomputed, in "binary-rates"; a test recomputes them.
BEST = {"batch": 0.03, "scaled": 0.03, "neither": 0.003}
SECOND = {"batch": 0.01, "scaled": 0.01, "neither": 0.001}
END = ("validation", "test")


def chosen(rates: dict[str, float]) -> tuple[Run, ...]:
    """Return the runs of seed 0 at these rates."""
    return tuple(trained(name, lr) for name, lr in rates.items())


BINARY_RATES = Experiment(
    name="binary-rates",
    question="Which rate suits a binary network, with a normalizer or without?",
    variants=tuple(trained(name, lr) for name, grid in GRIDS.items() for lr in grid),
    seeds=2,
    carry_out=partial(score_stages, on=("validation",)),
)
BINARY_RUNS = Experiment(
    name="binary",
    question="Can a binary network do without batch normalization?",
    variants=chosen(BEST),
    seeds=10,
    first_seed=FIRST,
    carry_out=partial(score_stages, on=END),
)
BINARY_SECOND = Experiment(
    name="binary-second",
    question="Is it the same at the second-best rates?",
    variants=chosen(SECOND),
    first_seed=FIRST,
    carry_out=partial(score_stages, on=END),
)
