"""The networks of the book, each with ``norm=``: what goes before each activation.

``norm`` is a callable ``num_features -> nn.Module``; None puts nothing there.
``dense_norm`` is the same for what follows a Linear layer, and is ``norm`` unless
said otherwise: some normalizers have no place where a channel is a single value.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from normlab.layers import (
    BatchNorm,
    BinaryConv2d,
    KalmanNorm,
    ScaledBinaryConv2d,
    ScaledStandardizedConv2d,
    ScaledStandardizedLinear,
    StandardizedConv2d,
)
from normlab.layers.door import check_rank
from normlab.layers.module import Normalizer
from normlab.layers.weights import ScaledWeight

Norm = Callable[[int], nn.Module]
SAME = "same"  # dense_norm: what norm is


class TorchBatchNorm(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d):
    """PyTorch's three layers in one: they differ in this check alone."""

    def _check_input_dim(self, input: Tensor) -> None:
        check_rank(input)


TORCH_BATCH_NORMS = (
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.SyncBatchNorm,
)
NORMALIZERS = (
    Normalizer,
    *TORCH_BATCH_NORMS,
    nn.GroupNorm,
    nn.LayerNorm,
    nn.RMSNorm,
    nn.InstanceNorm1d,
    nn.InstanceNorm2d,
    nn.InstanceNorm3d,
)


def lenet(
    norm: Norm | None = None,
    act: Callable[[], nn.Module] = nn.Sigmoid,
    dense_norm: Norm | str | None = SAME,
    order: str = "norm-act",
):
    """LeNet as d2l.ai trains it with batch normalization: no padding, max-pooling.

    44,426 parameters without normalizers, 44,878 with batch normalization.

    Args:
        norm: see above.
        act: the activation.
        dense_norm: see above.
        order: "norm-act" or "act-norm", what follows the weights.

    Shape:
        (N, 1, 28, 28) -> logits (N, 10)

    Raises:
        ValueError: ``order`` is another.
    """
    if order not in ("norm-act", "act-norm"):
        raise ValueError(f"order={order!r}; use 'norm-act' or 'act-norm'")
    dense_norm = norm if dense_norm == SAME else dense_norm

    def behind(weights: nn.Module, kind: Norm | None, width: int) -> list[nn.Module]:
        pair = [*_maybe(kind, width), act()]
        return [weights, *(pair if order == "norm-act" else reversed(pair))]

    return nn.Sequential(
        *behind(nn.Conv2d(1, 6, kernel_size=5), norm, 6),  # (N, 6, 24, 24)
        nn.MaxPool2d(2),  # (N, 6, 12, 12)
        *behind(nn.Conv2d(6, 16, kernel_size=5), norm, 16),  # (N, 16, 8, 8)
        nn.MaxPool2d(2),  # (N, 16, 4, 4)
        nn.Flatten(),  # (N, 256)
        *behind(nn.Linear(256, 120), dense_norm, 120),
        *behind(nn.Linear(120, 84), dense_norm, 84),
        nn.Linear(84, 10),
    )


def mlp(
    depth: int,
    width: int,
    norm: Norm | None = None,
    act: Callable[[], nn.Module] = nn.ReLU,
    inputs: int = 784,
    outputs: int = 10,
    dense_norm: Norm | str | None = SAME,
):
    """A network of ``depth`` weight layers, ``depth - 1`` of them hidden.

    All of them are Linear, so ``dense_norm`` is what stands behind each if given.

    Shape:
        (N, 1, 28, 28) or (N, inputs) -> logits (N, outputs)

    Raises:
        ValueError: ``depth`` is below 1.
    """
    if depth < 1:
        raise ValueError(f"depth={depth}: a network needs at least one weight layer")
    norm = norm if dense_norm == SAME else dense_norm
    sizes = [inputs] + [width] * (depth - 1)
    hidden = [
        layer
        for fan_in, fan_out in pairwise(sizes)
        for layer in (nn.Linear(fan_in, fan_out), *_maybe(norm, fan_out), act())
    ]
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(sizes[-1], outputs))


# The widths of the networks of source 000 on a quarter of the pixels: a row a block.
WIDTHS = ((8, 8), (16, 16), (32, 32), (64, 64))


def deep_cnn(
    norm: Norm | None = None,
    act: Callable[[], nn.Module] = nn.ReLU,
    widths: Sequence[Sequence[int]] = WIDTHS,
    order: str = "norm-act",
    size: int = 14,
    dropout: float = 0.0,
    between: bool = False,
):
    """Blocks of 3x3 convolutions, with a 2x2 max-pooling between any two blocks.

    What is left of each map in the end is averaged. A last column or row of an odd map
    is pooled by itself. 74,114 parameters without normalizers as it stands.

    Args:
        norm: what normalizes, once for each convolution.
        act: the activation behind each convolution.
        widths: channels of each convolution, a sequence a block.
        order: "norm-act" or "act-norm", what follows a convolution; "norm-weight"
            normalizes what enters the next weights, those of a convolution, behind
            any pooling, or of the last layer. The raw image is left as it is.
        size: of the images; 14 has them averaged over 2x2 pixels first, 28 as they are.
        dropout: share of the averages that is dropped in training.
        between: normalize only between convolutions of the same block.

    Shape:
        (N, 1, 28, 28) -> logits (N, 10)

    Raises:
        ValueError: ``order`` or ``size`` is another.
    """
    if order not in ("norm-act", "act-norm", "norm-weight"):
        raise ValueError(f"order={order!r}; use 'norm-act', 'act-norm', 'norm-weight'")
    if size not in (14, 28):
        raise ValueError(f"size={size!r}; use 14 or 28")
    layers: list[nn.Module] = [nn.AvgPool2d(2)] if size == 14 else []
    channels = 1
    before: list[nn.Module] = []  # the next weights
    for number, block in enumerate(widths):
        if number:
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
        for place, width in enumerate(block, start=1):
            layers += [*before, nn.Conv2d(channels, width, kernel_size=3, padding=1)]
            here = _maybe(None if between and place == len(block) else norm, width)
            layers += here if order == "norm-act" else []
            layers.append(act())
            layers += here if order == "act-norm" else []
            before = here if order == "norm-weight" else []
            channels = width
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), *before]
    layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers, nn.Linear(channels, 10))


def binary_cnn(norm: Norm | None = None, scaled: bool = False, **options):
    """``deep_cnn`` with all convolutions but the first binary, and no other activation.

    Real numbers are summed, normalized and pooled; the sign is taken where the next
    convolution begins. ``set_binary_weights`` begins the second stage of training.

    Args:
        norm: what normalizes behind each convolution.
        scaled: standardize and scale the weights of every convolution, so that it does
            without a normalizer.
        options: of ``deep_cnn``.

    Shape:
        (N, 1, 28, 28) -> logits (N, 10)
    """
    model = deep_cnn(norm, act=nn.Identity, **options)
    first, *binary = (m for m in model.modules() if isinstance(m, nn.Conv2d))

    def replacement(layer: nn.Module) -> nn.Module | None:
        if layer in binary:
            return _like(layer, ScaledBinaryConv2d if scaled else BinaryConv2d)
        if layer is first and scaled:
            return _like(layer, ScaledStandardizedConv2d)
        return None

    return replace_layers(model, replacement)


def xavier(model: nn.Module) -> nn.Module:
    """Draw weights uniformly with Xavier's bounds; leave biases as PyTorch made them.

    What d2l's ``train_ch6`` does (Glorot and Bengio 2010, equation 16).
    """
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.xavier_uniform_(layer.weight)
    return model


def gaussian(model: nn.Module, std: float) -> nn.Module:
    """Draw weights from N(0, std^2) and set biases to 0."""
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.normal_(layer.weight, std=std)
            nn.init.zeros_(layer.bias)
    return model


def fan_in_normal(model: nn.Module, variance: float) -> nn.Module:
    """Draw weights from N(0, variance / fan-in) and set biases to 0.

    With ``variance`` 2 what He et al. 2015 (equation 10) derive for ReLU; with 1 a
    layer keeps the variance of its inputs where nothing else follows.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            fan_in = layer.weight[0].numel()
            nn.init.normal_(layer.weight, std=math.sqrt(variance / fan_in))
            nn.init.zeros_(layer.bias)
    return model


@torch.no_grad()
def scale_weights(model: nn.Module, factor: float) -> nn.Module:
    """Multiply the weights of linear layers and convolutions; biases stay."""
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            layer.weight *= factor
    return model


def normalizers(model: nn.Module) -> dict[str, nn.Module]:
    """Return the normalizers of a model, ours and PyTorch's, by name and in order."""
    return {n: m for n, m in model.named_modules() if isinstance(m, NORMALIZERS)}


def scale_invariant_weights(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return the weights, by name, whose size is no part of the function.

    They are those of each layer that a batch normalization follows at once: it takes
    out of a channel whatever it was multiplied by, and its bias with the mean.

    Raises:
        ValueError: there are none, or the order of the layers is not known, as in
            anything but a nested ``nn.Sequential``.
    """
    found = {
        f"{name}.weight": layer.weight
        for (name, layer), (_, after) in pairwise(_in_order(model))
        if isinstance(layer, nn.Linear | nn.Conv2d)
        and isinstance(after, (BatchNorm, *TORCH_BATCH_NORMS))
    }
    if not found:
        raise ValueError(
            f"no layer of this {type(model).__name__} is followed by a batch "
            "normalization; give a nested nn.Sequential with norm=BatchNorm"
        )
    return found


def gamma_and_beta(model: nn.Module) -> list[nn.Parameter]:
    """Return the parameters of the model's normalizers."""
    return [
        parameter
        for layer in normalizers(model).values()
        for parameter in layer.parameters(recurse=False)
    ]


def replace_layers(
    model: nn.Module, replacement: Callable[[nn.Module], nn.Module | None]
) -> nn.Module:
    """Put ``replacement(layer)`` in the place of each layer for which it is not None.

    In place, and at every place where a layer stands: one that is used twice is
    replaced by one that is used twice. Returned is the model, or its replacement
    where the model is itself such a layer.
    """
    places = list(model.named_modules(remove_duplicate=False))
    made = {layer: replacement(layer) for layer in model.modules()}
    for name, layer in places:
        if made[layer] is not None and name:
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, made[layer])
    return model if made[model] is None else made[model]


def with_tensors_of(layer: nn.Module, new: nn.Module) -> nn.Module:
    """Return ``new`` after it has taken over the very tensors of ``layer``."""
    new.weight, new.bias = layer.weight, layer.bias
    for name, buffer in layer.named_buffers():
        setattr(new, name, buffer)
    return new


def standardize_weights(model: nn.Module, scaled: bool = False, **options) -> nn.Module:
    """Put layers with standardized weights in the places of a model's; in place.

    Convolutions, and with ``scaled`` Linear layers too, but for the last one, the
    classifier. Weights and biases are shared, and no random number is drawn.
    Returned is the model; see ``replace_layers``.

    Args:
        model: any model; subclasses of ``nn.Conv2d`` and ``nn.Linear`` stay.
        scaled: scaled standardization, which needs no normalizer behind.
        options: ``eps``, and with ``scaled`` ``gamma``.

    Raises:
        ValueError: a unit has a single weight.
    """
    layers = [m for m in model.modules() if type(m) in (nn.Conv2d, nn.Linear)]
    linear = [m for m in layers if type(m) is nn.Linear]
    left = linear[-1:] if scaled else linear
    conv = ScaledStandardizedConv2d if scaled else StandardizedConv2d

    def replacement(layer: nn.Module) -> nn.Module | None:
        if layer not in layers or layer in left:
            return None
        kind = conv if type(layer) is nn.Conv2d else ScaledStandardizedLinear
        return _like(layer, kind, **options)

    return replace_layers(model, replacement)


def _like(layer: nn.Conv2d | nn.Linear, kind: type, **options) -> nn.Module:
    """Return a layer of another kind with the shape and the very tensors of one."""
    names = ("in_features", "out_features")
    if isinstance(layer, nn.Conv2d):
        names = ("in_channels", "out_channels", "kernel_size", "stride", "padding")
        names += ("dilation", "groups", "padding_mode")
    shape = {name: getattr(layer, name) for name in names}
    new = kind(**shape, bias=layer.bias is not None, device="meta", **options)
    new = with_tensors_of(layer, new).train(layer.training)
    if isinstance(new, ScaledWeight):
        new.gain = nn.Parameter(layer.weight.new_ones(len(layer.weight)))
    return new


def to_torch(model: nn.Module) -> nn.Module:
    """Put PyTorch's layer in the place of each of our ``BatchNorm``; in place.

    The tensors are shared, the outputs the same. PyTorch's helpers that look for the
    type of a layer then find it: ``update_bn``, ``convert_sync_batchnorm``, the fusing
    of convolutions. Returned is the model; see ``replace_layers``.

    Raises:
        TypeError: a variant of ``BatchNorm`` that PyTorch does not have.
    """
    for name, layer in model.named_modules():
        if isinstance(layer, BatchNorm) and type(layer) is not BatchNorm:
            raise TypeError(
                f"layer {name!r} is a {type(layer).__name__}; PyTorch has none"
            )

    def torchs(layer: nn.Module) -> nn.Module | None:
        if type(layer) is not BatchNorm:
            return None
        options = (layer.eps, layer.momentum, layer.affine, layer.track_running_stats)
        new = TorchBatchNorm(layer.num_features, *options)
        return with_tensors_of(layer, new.train(layer.training))

    return replace_layers(model, torchs)


def link_kalman(model: nn.Module) -> nn.Module:
    """Tell each ``KalmanNorm`` which one is below it and what stands between; in place.

    Call it last: layers that are put in another's place afterwards are not seen. Links
    add no parameters and no modules, and copies of the model are linked among
    themselves. Returned is the model.

    Raises:
        TypeError: the layers do not stand in ``nn.Sequential``, so that their order is
            not known; another normalizer stands between; or a closed form is asked for
            where there is none.
        ValueError: a layer stands at two places.
    """
    below, between, seen = None, [], set()
    for name, layer in _in_order(model):
        if not isinstance(layer, KalmanNorm):
            between.append(layer)
            continue
        if layer in seen:
            raise ValueError(f"layer {name!r} stands at two places; use two layers")
        layer.unlink()
        if below is not None:
            _check_between(between)
            layer.link(below, between)
        seen.add(layer)
        below, between = layer, []
    return model


def _check_between(layers: Sequence[nn.Module]) -> None:
    found = [layer for module in layers for layer in normalizers(module).values()]
    if found:
        raise TypeError(
            f"a {type(found[0]).__name__} stands between two KalmanNorm; a prior can "
            "not pass another normalizer"
        )


def _in_order(model: nn.Module, name: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield the layers of nested ``nn.Sequential``, in the order of their calls."""
    if isinstance(model, nn.Sequential):
        for child, layer in model._modules.items():  # one that stands twice, twice
            yield from _in_order(layer, f"{name}.{child}".lstrip("."))
    elif not isinstance(model, KalmanNorm) and any(
        isinstance(layer, KalmanNorm) for layer in model.modules()
    ):
        raise TypeError(
            f"the order of the layers in a {type(model).__name__} is not known; "
            "link_kalman needs nn.Sequential"
        )
    else:
        yield name, model


def _maybe(norm: Norm | None, num_features: int) -> list[nn.Module]:
    return [] if norm is None else [norm(num_features)]
