"""What is learned through the layer from a handful of images."""

from functools import cache, partial

import pandas as pd
import torch

from normlab.data import fashion_mnist
from normlab.evidence.claim import OURS, Claim
from normlab.evidence.rules import TWENTIETH, Column, Effect
from normlab.layers import BatchNorm
from normlab.models import mlp
from normlab.training import fit

SEEDS, STEPS = range(5), 200
RATE, OTHERS = 0.03, (0.01, 0.1)


@cache
def small_batches(n: int, lr: float, frozen: bool) -> pd.Series:
    """Return the training loss over the second half of 200 steps, by seed.

    Args:
        n: images a batch.
        lr: the rate of plain gradient descent.
        frozen: the weights before the layer stay as they were drawn.
    """
    x, y, *_ = fashion_mnist()
    few, losses = (x[: STEPS * n], y[: STEPS * n]), {}
    for seed in SEEDS:
        torch.manual_seed(seed)
        model = mlp(2, 100, BatchNorm)  # flatten, linear, norm, relu, linear
        model[1].requires_grad_(not frozen)
        history = fit(model, few, epochs=1, lr=lr, batch_size=n, seed=seed)
        losses[seed] = sum(history.step_losses[STEPS // 2 :]) / (STEPS // 2)
    return pd.Series(losses, name="loss")


def _arm(n: int, lr: float, frozen: bool) -> Column:
    return lambda _: small_batches(n, lr, frozen)


def learning_costs(learning: Column, frozen: Column, n: int, lr: float) -> Effect:
    """The rule that weights which learn end with a higher loss than frozen ones."""
    what = f"training loss, weights learning over frozen, {n} images, rate {lr:g}"
    return Effect(learning, frozen, TWENTIETH, what, "times")


def learning_pays(learning: Column, frozen: Column, n: int, lr: float) -> Effect:
    """The rule that weights which learn end with a lower loss than frozen ones."""
    what = f"training loss, weights learning over frozen, {n} images, rate {lr:g}"
    return Effect(frozen, learning, TWENTIETH, what, "times", shown_as=-1)


def _live(rule, n: int, lr: float):
    return rule(_arm(n, lr, frozen=False), _arm(n, lr, frozen=True), n, lr)


_about = partial(
    Claim,
    source=OURS,
    ours="a network with one normalized hidden layer of 100, plain gradient descent, "
    "200 steps, mean of the last 100 losses, 5 seeds",
    chapter="batch-of-two",
)

CLAIMS = (
    _about(
        id="two-images",
        says="With two images a batch, learning the weights before the layer leaves a "
        "higher loss than keeping them as they were drawn.",
        rule=_live(learning_costs, 2, RATE),
        variants={f"rate {lr:g}": _live(learning_costs, 2, lr) for lr in OTHERS},
    ),
    _about(
        id="eight-images",
        says="With eight images a batch, learning the weights before the layer leaves "
        "a lower loss than keeping them as they were drawn; tried at one rate.",
        rule=_live(learning_pays, 8, RATE),
    ),
)
