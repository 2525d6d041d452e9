"""What tells training mode from evaluation mode, swapped one part at a time."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import combinations, permutations

import torch
from torch import Tensor, nn

from normlab.evaluation.scores import EVAL_BATCH, loss_and_accuracy
from normlab.evaluation.statistics import (
    Statistics,
    batch_norms,
    hooked,
    values_per_channel,
)
from normlab.layers.batch import batch_stats
from normlab.layers.door import full, normalize_with
from normlab.layers.formula import per_channel

# noise   the batch's own statistics, or their average over many batches
# lag     that average at today's weights, or the running average of past weights
# factor  the biased variance, or n/(n-1) times it
PARTS = ("noise", "lag", "factor")


@torch.no_grad()
def score_states(
    model: nn.Module,
    averages: Statistics,
    x: Tensor,
    y: Tensor,
    batch_size: int,
    *,
    shuffles: int = 1,
    seed: int = 0,
    unbiased: bool = True,
) -> dict[frozenset[str], tuple[float, float]]:
    """Return (loss, accuracy) with every set of ``PARTS`` swapped to evaluation mode.

    Nothing swapped is training mode on batches of ``batch_size``, all of it swapped
    is evaluation mode; between them the parts add up on the mean and on the logarithm
    of the variance.

    Args:
        model: with running statistics from batches of ``batch_size``.
        averages: of the training images at today's weights; see ``average``.
        x: images (N, 1, H, W).
        y: labels (N,).
        batch_size: images whose statistics are shared in training mode.
        shuffles: how many ways to put the images into batches, the same for each set.
        seed: of the shuffling.
        unbiased: False does without the factor n/(n-1), as a control.

    Raises:
        TypeError: a layer is not plain batch normalization.
    """
    batch_norms(model)
    counts = values_per_channel(model, x[:1])
    parts = PARTS if unbiased else PARTS[:2]
    generator = torch.Generator().manual_seed(seed)
    whole = len(y) // batch_size * batch_size
    orders = [
        torch.randperm(len(y), generator=generator)[:whole].to(x.device)
        for _ in range(shuffles)
    ]
    scores = {}
    for count in range(len(PARTS) + 1):
        for swapped in map(frozenset, combinations(PARTS, count)):
            active = swapped & set(parts)
            choose = _chooser(model, averages, active, batch_size, counts)
            alone = "noise" in swapped  # then images do not influence each other
            found = [
                _score(model, x[o], y[o], choose, EVAL_BATCH if alone else batch_size)
                for o in ([slice(None)] if alone else orders)
            ]
            scores[swapped] = tuple(
                sum(kind) / len(found) for kind in zip(*found, strict=True)
            )
    return scores


def over_orders(values: Mapping[frozenset[str], float]) -> dict[str, list[float]]:
    """Return what each part changes, one number for each order of swapping.

    Their mean is the part's Shapley value; these add up to the whole difference.

    Args:
        values: a number for every set of the parts, the empty one included.
    """
    parts = sorted(frozenset().union(*values))
    changes: dict[str, list[float]] = {part: [] for part in parts}
    for order in permutations(parts):
        done: frozenset[str] = frozenset()
        for part in order:
            changes[part].append(values[done | {part}] - values[done])
            done |= {part}
    return changes


@contextmanager
def normalized_with(
    model: nn.Module, choose: Callable[[str, Tensor], tuple[Tensor, Tensor]]
) -> Iterator[None]:
    """Let ``choose(layer's name, its input)`` say mean (C,) and variance (C,)."""
    layers = batch_norms(model)

    def replace(name: str, x: Tensor) -> Tensor:
        layer, chosen = layers[name], choose(name, x)
        learned = (per_channel(p, x) for p in (layer.weight, layer.bias))
        statistics = tuple(per_channel(s, x) for s in chosen)
        return normalize_with(x, lambda _: statistics, *learned, layer.eps)

    with hooked(model, replace):
        yield


def _chooser(model, averages, swapped, batch_size, counts):
    layers = batch_norms(model)

    def choose(name: str, x: Tensor) -> tuple[Tensor, Tensor]:
        layer, n = layers[name], batch_size * counts[name]
        mean, var = averages[name] if "noise" in swapped else batch_stats(full(x))
        if "lag" in swapped:
            usual_mean, usual_var = averages[name]
            mean = mean + (layer.running_mean - usual_mean)
            var = var * (layer.running_var * (n - 1) / n / usual_var)
        if "factor" in swapped:
            var = var * n / (n - 1)
        return mean, var

    return choose


def _score(model, x, y, choose, batch_size) -> tuple[float, float]:
    with normalized_with(model, choose):
        return loss_and_accuracy(model, x, y, batch_size=batch_size)
