"""The statistics that part the modes: observed, recomputed and frozen.

Recomputed in every layer that averages what it remembers; observed and frozen in
``BatchNorm`` and PyTorch's batch normalizations alone, whose training mode has one mean
and one variance a channel from the whole batch. Other layers with running statistics
are then refused by name.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from normlab.evaluation.scores import preserved, to_float, tracking_layers
from normlab.layers import BatchNorm, BatchRenorm, FrozenBatchNorm, GhostBatchNorm
from normlab.layers.batch import batch_stats
from normlab.layers.door import full
from normlab.models import TORCH_BATCH_NORMS, replace_layers, with_tensors_of

BATCH_NORMS = (BatchNorm, *TORCH_BATCH_NORMS)
# name of a layer -> mean (C,), biased variance (C,)
Statistics = dict[str, tuple[Tensor, Tensor]]


def batch_norms(model: nn.Module) -> dict[str, nn.Module]:
    """Return the tracking layers, all of which have to be plain batch normalization.

    Raises:
        TypeError: a layer remembers statistics of another kind; it is named.
    """
    layers = tracking_layers(model)
    for name, layer in layers.items():
        if not isinstance(layer, BATCH_NORMS) or isinstance(layer, GhostBatchNorm):
            raise TypeError(
                f"layer {name!r} is a {type(layer).__name__}: in training it has not "
                "one mean and variance of the whole batch. Use BatchNorm, or one of "
                "PyTorch's batch normalizations, to look into the statistics"
            )
    return layers


@torch.no_grad()
def observe_batches(model: nn.Module, x: Tensor, batch_size: int) -> Statistics:
    """Return the statistics of every batch of ``x`` in training mode.

    The weights stay, and so do mode and buffers. A last, smaller batch is left out,
    since its statistics would be of another kind.

    A layer that is called twice has twice as many; one that is not called has none
    and is left out.

    Shape:
        x (N, 1, H, W) -> for each layer means and biased variances (batches, C)

    Raises:
        ValueError: ``x`` has no whole batch.
        TypeError: a layer is not plain batch normalization.
    """
    _check_whole_batch(x, batch_size)
    seen: dict[str, list] = {name: [] for name in batch_norms(model)}
    with (
        preserved(model),
        hooked(model, lambda name, x: seen[name].append(batch_stats(full(x)))),
    ):
        model.train()
        for batch in x.split(batch_size):
            if len(batch) == batch_size:
                model(to_float(batch, model))
    return {
        name: tuple(torch.stack(kind) for kind in zip(*pairs, strict=True))
        for name, pairs in seen.items()
        if pairs
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

    Also called precise batch normalization. Each layer remembers of a batch what it
    remembers in training, a variance with the factor n/(n-1) for one, and counts all
    batches alike. A last, smaller batch is left out, and a layer that the images do
    not reach is left alone. PyTorch's ``update_bn`` is the same for PyTorch's layers,
    and passes over ours.

    ``BatchRenorm`` uses its memory in training too, for r and d, so that what reaches
    the layers behind it depends on what it remembers. It is given the averages
    themselves: the memory at which training would settle, were the weights and the
    limits to stay as they are today. The old memory lags behind the weights, which is
    what recomputing is to undo; one that grows from nothing is nobody's; and with r = 1
    and d = 0 the layers behind would meet other inputs than they were trained on and
    than evaluation mode gives them. A layer's averages depend on the layers before it
    alone, so these layers settle one by one, in the order in which they are called, and
    each takes a pass over ``x``.

    Raises:
        ValueError: ``x`` has no whole batch.
        TypeError: a layer remembers something that cannot be averaged; it is named.
    """
    _check_whole_batch(x, batch_size)
    _check_averages(model)
    twin = copy.deepcopy(model)  # the model is left alone if this fails
    batches = x[: len(x) // batch_size * batch_size].split(batch_size)
    for together in _settling(twin, to_float(batches[0], model)):
        for layer in tracking_layers(twin).values():
            layer.momentum = 0.0  # it keeps what it remembers
        for layer in together:
            layer.momentum = None  # the plain average of all batches since the reset
            layer.reset_running_stats()
        for batch in batches:
            twin.train()(to_float(batch, model))
    averaged = tracking_layers(twin)
    for name, layer in tracking_layers(model).items():
        if averaged[name].num_batches_tracked > 0:
            _copy_running(averaged[name], layer)


def _settling(model: nn.Module, batch: Tensor) -> list[list[nn.Module]]:
    """Return which layers can be averaged in one pass: each list after those before.

    The limits of ``BatchRenorm`` are fixed at today's on the way.
    """
    layers, alone = tracking_layers(model), set()
    for name, layer in layers.items():
        if isinstance(layer, BatchRenorm):
            limits = layer.limits(layer.num_batches_tracked)
            layer.limits = lambda _, fixed=limits: fixed
            if tuple(map(float, limits)) != (1, 0):  # else it is batch normalization
                alone.add(name)
    called: list[str] = []
    if alone:
        with hooked(model, lambda name, _: called.append(name)):
            model.eval()(batch)
    first = [name for name in dict.fromkeys(called) if name in alone]
    others = [layer for name, layer in layers.items() if name not in first]
    return [[layers[name]] for name in first] + ([others] if others else [])


def _copy_running(source: nn.Module, target: nn.Module) -> None:
    """Copy the running statistics, whatever they are, and not the count of batches."""
    running = dict(source.named_buffers(recurse=False))
    for name, buffer in target.named_buffers(recurse=False):
        if name.startswith("running_"):
            buffer.copy_(running[name])


def _check_averages(model: nn.Module) -> None:
    for name, layer in tracking_layers(model).items():
        if getattr(layer, "num_batches_tracked", None) is None:
            raise TypeError(
                f"layer {name!r} is a {type(layer).__name__}, which does not count "
                "batches, so that they cannot be averaged. Use a normalizer that does"
            )


def _check_whole_batch(x: Tensor, batch_size: int) -> None:
    if not 1 <= batch_size <= len(x):
        raise ValueError(
            f"batch_size is {batch_size} for {len(x)} images; "
            "it must be between 1 and their number"
        )


def freeze_statistics(model: nn.Module) -> nn.Module:
    """Put a ``FrozenBatchNorm`` with the same tensors in each batch norm's place.

    In place, wherever a layer stands. Returned is the model; where it is itself such
    a layer, its replacement. Ghost batch normalization freezes alike,
    since its evaluation mode is batch normalization's.

    Raises:
        TypeError: a layer remembers statistics of another kind.
    """
    for name, layer in tracking_layers(model).items():
        if not isinstance(layer, BATCH_NORMS):
            raise TypeError(
                f"layer {name!r} is a {type(layer).__name__}; only batch "
                "normalization can be frozen"
            )

    def frozen(layer: nn.Module) -> nn.Module | None:
        if not isinstance(layer, BATCH_NORMS) or layer.running_mean is None:
            return None
        options = layer.eps, layer.momentum, layer.affine
        return with_tensors_of(layer, FrozenBatchNorm(layer.num_features, *options))

    return replace_layers(model, frozen)


def values_per_channel(model: nn.Module, one_image: Tensor) -> dict[str, int]:
    """Return how many values an image has in each layer's channels: H * W, or 1.

    Raises:
        ValueError: a layer is called with maps of different sizes.
    """
    found: dict[str, int] = {}

    def count(name: str, x: Tensor) -> None:
        values = x[0, 0].numel()
        if found.setdefault(name, values) != values:
            raise ValueError(
                f"layer {name!r} is called with {found[name]} and with {values} values "
                "a channel; its statistics have no single n"
            )

    with torch.no_grad(), preserved(model), hooked(model, count):
        model.eval()(to_float(one_image, model))
    return found


@contextmanager
def hooked(model: nn.Module, see: Callable[[str, Tensor], Tensor | None]) -> Iterator:
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
