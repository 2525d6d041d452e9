"""Scores of a network in both modes, and the statistics that part the modes.

These are observed, recomputed, swapped and frozen in ``BatchNorm`` and PyTorch's batch
normalizations, whose training mode has one mean and one variance a channel from the
whole batch. Other layers with running statistics are refused by name.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import combinations, permutations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from normlab.arguments import check_answer, check_labels, check_pair, check_whole
from normlab.layers import BatchNorm, FrozenBatchNorm, GhostBatchNorm
from normlab.layers.batch import batch_stats
from normlab.layers.door import full, normalize_with
from normlab.layers.formula import per_channel
from normlab.models import TORCH_BATCH_NORMS, replace_layers, with_tensors_of

EVAL_BATCH = 1000  # images; bounds memory, changes no number
BATCH_NORMS = (BatchNorm, *TORCH_BATCH_NORMS)
# name of a layer -> mean (C,), biased variance (C,)
Statistics = dict[str, tuple[Tensor, Tensor]]

# What tells training mode from evaluation mode, one by one:
# noise   the batch's own statistics, or their average over many batches
# lag     that average at today's weights, or the running average of past weights
# factor  the biased variance, or n/(n-1) times it
PARTS = ("noise", "lag", "factor")


@torch.no_grad()
def loss_and_accuracy(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    *,
    statistics: str = "running",
    batch_size: int = EVAL_BATCH,
) -> tuple[float, float]:
    """Return (mean cross-entropy in nats, accuracy in 0 to 1) over a data set.

    With ``statistics="running"`` the model is in eval mode; with "batch" it is in
    train mode, so that normalizers use the statistics of each ``batch_size`` images.
    Mode and buffers are afterwards what they were.

    Raises:
        TypeError: ``x`` or ``y`` is no tensor.
        ValueError: ``statistics`` is neither; images or labels of a wrong shape, type
            or number; a label that is none of the model's classes.
    """
    _kinds([statistics])
    check_pair("(x, y)", (x, y))
    check_whole(batch_size=batch_size)
    loss = torch.zeros((), dtype=torch.float64, device=x.device)
    hits = torch.zeros((), dtype=torch.long, device=x.device)
    with preserved(model):
        model.train(statistics == "batch")
        batches = zip(x.split(batch_size), y.split(batch_size), strict=True)
        for number, (batch, labels) in enumerate(batches):
            logits = model(to_float(batch, model))
            if number == 0:
                check_answer("(x, y)", logits, len(batch))
                check_labels("(x, y)", y, logits.shape[1])
            loss += F.cross_entropy(logits, labels, reduction="sum")
            hits += (logits.argmax(1) == labels).sum()
    return loss.item() / len(y), hits.item() / len(y)


@contextmanager
def preserved(model: nn.Module) -> Iterator[None]:
    """Give every module its mode, and every buffer its content, back at the end."""
    modes = {module: module.training for module in model.modules()}
    buffers = [b.clone() for b in model.buffers()]
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode
        with torch.no_grad():
            for buffer, before in zip(model.buffers(), buffers, strict=True):
                buffer.copy_(before)


def to_float(x: Tensor, model: nn.Module) -> Tensor:
    """Return images in the model's own float type: uint8 0..255 becomes 0..1.

    Raises:
        ValueError: the model has no parameters, and so no type of its own.
    """
    first = next(model.parameters(), None)
    if first is None:
        raise ValueError(
            f"a {type(model).__name__} has no parameters, so no float type"
        )
    images = x.to(first.dtype)
    return images if x.is_floating_point() else images.div_(255)


def tracking_layers(model: nn.Module) -> dict[str, nn.Module]:
    """Return the layers that keep running statistics, by name and in order."""
    return {
        name: layer
        for name, layer in model.named_modules()
        if getattr(layer, "running_mean", None) is not None
    }


def kinds_of_statistics(model: nn.Module) -> tuple[str, ...]:
    """Return what there is to evaluate the model with, as ``fit`` calls it."""
    return ("running", "batch") if tracking_layers(model) else ("running",)


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
    if not 1 <= batch_size <= len(x):
        raise ValueError(
            f"batch_size is {batch_size} for {len(x)} images; "
            "it must be between 1 and their number"
        )
    seen: dict[str, list] = {name: [] for name in batch_norms(model)}
    with (
        preserved(model),
        _hooked(model, lambda name, x: seen[name].append(batch_stats(full(x)))),
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

    Also called precise batch normalization. The variance gets the factor n/(n-1), as
    it does in training. A layer that the images do not reach is left alone. PyTorch's
    ``update_bn`` is the same for PyTorch's layers, and passes over ours.

    Raises:
        ValueError: ``x`` has no whole batch, or a layer is called with maps of
            different sizes.
        TypeError: a layer is not plain batch normalization.
    """
    fresh = average(observe_batches(model, x, batch_size))
    counts = _values_per_channel(model, x[:1])
    layers = batch_norms(model)
    for name, (mean, var) in fresh.items():
        n = batch_size * counts[name]
        layers[name].running_mean.copy_(mean)
        layers[name].running_var.copy_(var * n / (n - 1))


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
    layers = batch_norms(model)

    def replace(name: str, x: Tensor) -> Tensor:
        layer, chosen = layers[name], choose(name, x)
        learned = (per_channel(p, x) for p in (layer.weight, layer.bias))
        statistics = tuple(per_channel(s, x) for s in chosen)
        return normalize_with(x, lambda _: statistics, *learned, layer.eps)

    with _hooked(model, replace):
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


def _values_per_channel(model: nn.Module, one_image: Tensor) -> dict[str, int]:
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


def _kinds(statistics: Iterable[str]) -> tuple[str, ...]:
    kinds = (statistics,) if isinstance(statistics, str) else tuple(statistics)
    for kind in kinds:
        if kind not in ("running", "batch"):
            raise ValueError(f"statistics={kind!r}; use 'running' or 'batch'")
    return kinds
