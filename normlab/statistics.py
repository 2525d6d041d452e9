"""The statistics that batch normalization uses: observe, recompute, swap, freeze.

A layer here is any module with running statistics: ours, or PyTorch's.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import combinations, permutations

import torch
from torch import Tensor, nn

from normlab.layers import FrozenBatchNorm
from normlab.layers.batch import batch_stats, normalize
from normlab.training import EVAL_BATCH, loss_and_accuracy, preserved, to_float

# name of a layer -> mean (C,), biased variance (C,)
Statistics = dict[str, tuple[Tensor, Tensor]]

# What tells training mode from evaluation mode, one by one:
# noise   the batch's own statistics, or their average over many batches
# lag     that average at today's weights, or the running average of past weights
# factor  the biased variance, or n/(n-1) times it
PARTS = ("noise", "lag", "factor")


def tracking_layers(model: nn.Module) -> dict[str, nn.Module]:
    """Return the layers that keep running statistics, by name and in order."""
    return {
        name: layer
        for name, layer in model.named_modules()
        if getattr(layer, "running_mean", None) is not None
    }


@torch.no_grad()
def observe_batches(model: nn.Module, x: Tensor, batch_size: int) -> Statistics:
    """Return the statistics of every batch of ``x`` in training mode.

    The weights stay, and so do mode and buffers. A last, smaller batch is left out,
    since its statistics would be of another kind.

    Shape:
        x (N, 1, H, W) -> for each layer means and biased variances (batches, C)

    Raises:
        ValueError: ``x`` has no whole batch.
    """
    if not 1 <= batch_size <= len(x):
        raise ValueError(
            f"batch_size is {batch_size} for {len(x)} images; "
            "it must be between 1 and their number"
        )
    seen: dict[str, list] = {name: [] for name in tracking_layers(model)}
    with (
        preserved(model),
        _hooked(model, lambda name, x: seen[name].append(batch_stats(x))),
    ):
        model.train()
        for batch in x.split(batch_size):
            if len(batch) == batch_size:
                model(to_float(batch, model))
    return {
        name: tuple(torch.stack(kind) for kind in zip(*pairs, strict=True))
        for name, pairs in seen.items()
    }


def average(observed: Statistics) -> Statistics:
    """Return the mean over batches: (batches, C) -> (C,), summed in float64."""
    return {
        name: tuple(kind.double().mean(0).to(kind.dtype) for kind in kinds)
        for name, kinds in observed.items()
    }


@torch.no_grad()
def recompute_running(model: nn.Module, x: Tensor, batch_size: int) -> None:
    """Set the running statistics to their averages over ``x`` at today's weights.

    Also called precise batch normalization. The variance gets the factor n/(n-1), as
    it does in training.
    """
    fresh = average(observe_batches(model, x, batch_size))
    counts = _values_per_channel(model, x[:1])
    for name, layer in tracking_layers(model).items():
        mean, var = fresh[name]
        n = batch_size * counts[name]
        layer.running_mean.copy_(mean)
        layer.running_var.copy_(var * n / (n - 1))


def freeze_statistics(model: nn.Module) -> nn.Module:
    """Replace each layer by a ``FrozenBatchNorm`` that shares its tensors; in place."""
    for name, layer in tracking_layers(model).items():
        frozen = FrozenBatchNorm(
            layer.num_features, layer.eps, layer.momentum, layer.affine
        )
        frozen.weight, frozen.bias = layer.weight, layer.bias
        for buffer, tensor in layer.named_buffers():
            setattr(frozen, buffer, tensor)
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, frozen)
    return model


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
    """
    counts = _values_per_channel(model, x[:1])
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
    layers = tracking_layers(model)

    def replace(name: str, x: Tensor) -> Tensor:
        layer = layers[name]
        return normalize(x, *choose(name, x), layer.weight, layer.bias, layer.eps)

    with _hooked(model, replace):
        yield


def _chooser(model, averages, swapped, batch_size, counts):
    layers = tracking_layers(model)

    def choose(name: str, x: Tensor) -> tuple[Tensor, Tensor]:
        layer, n = layers[name], batch_size * counts[name]
        mean, var = averages[name] if "noise" in swapped else batch_stats(x)
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


def _values_per_channel(model: nn.Module, one_image: Tensor) -> dict[str, int]:
    """Return how many values an image has in each layer's channels: H * W, or 1."""
    found: dict[str, int] = {}

    def count(name: str, x: Tensor) -> None:
        found[name] = x[0, 0].numel()

    with torch.no_grad(), preserved(model), _hooked(model, count):
        model.eval()(to_float(one_image, model))
    return found


@contextmanager
def _hooked(model: nn.Module, see: Callable[[str, Tensor], Tensor | None]) -> Iterator:
    """Call ``see(name, input)`` after each layer; what it returns, if anything, counts.

    A forward hook's value takes the place of the layer's output.
    """
    handles = [
        layer.register_forward_hook(
            lambda _, arguments, output, name=name: see(name, arguments[0])
        )
        for name, layer in tracking_layers(model).items()
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
