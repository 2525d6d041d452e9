"""What the next layer expects of a batch, from the statistics of the layer below.

``sampled`` is what the released code of batch Kalman normalization does (wanggrun/
Kalman-Normalization at 77fb650): one random map a part of the batch goes through the
layers between. ``expected`` does without random numbers: it carries the mean and the
variance of every pixel through them, as if pixels and channels were independent.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from normlab.layers.formula import moments

Moments = tuple[Tensor, Tensor]  # means and variances, of like shape
LEAST_VARIANCE = 1e-12  # the square root of less has too large a gradient
LARGEST_WINDOW = 9  # values: 3x3


def over_maps(maps: Tensor) -> Moments:
    """Return mean and biased variance over the pixels of each map.

    Shape:
        maps (parts, C, *) -> (parts, C) each
    """
    mean, var = moments(maps, range(2, maps.dim()))
    return mean.flatten(1), var.flatten(1)


def draw(mean: Tensor, var: Tensor, maps: Sequence[int]) -> Tensor:
    """Return one map a part and channel whose pixels are drawn from N(mean, var).

    Numbers come from PyTorch's generator. Gradients reach mean and variance.

    Shape:
        mean and var (parts, C), maps the sizes * -> (parts, C, *)
    """
    mean, var = (s.reshape(*s.shape, *[1] * len(maps)) for s in (mean, var))
    noise = torch.randn(*mean.shape[:2], *maps, dtype=mean.dtype, device=mean.device)
    return mean + _deviation(var) * noise


def sampled(
    mean: Tensor,
    var: Tensor,
    maps: Sequence[int],
    between: Sequence[nn.Module],
    dtype: torch.dtype | None = None,
) -> Moments:
    """Return the statistics of random maps behind the layers between.

    The layers are called as they are, in the precision ``dtype`` that images pass
    them in, but for their hooks, which are to see images alone.

    Shape:
        mean and var (parts, C), maps the sizes * -> (parts, C') each

    Raises:
        ValueError: maps of one value, which have no variance.
    """
    x = draw(mean, var, maps).to(dtype or mean.dtype)
    for layer in between:
        x = layer.forward(x)
    if x.shape[2:].numel() == 1:
        raise ValueError(
            f"the random map has shape {tuple(x.shape)}: one value has no variance to "
            "expect. Use closed_form=True, or leave Kalman normalization out there"
        )
    return over_maps(x.to(mean.dtype))


def expected(
    mean: Tensor, var: Tensor, maps: Sequence[int], between: Sequence[nn.Module]
) -> Moments:
    """Return what random maps have behind the layers between, without drawing any.

    The mean is exact for convolutions, and so is the variance of a pixel, padding
    included; where the mean differs between the edge and the middle of a map, that
    counts as variance, as it does in a map. Behind max-pooling both are approximate:
    see ``pooled``.

    Shape:
        mean and var (parts, C), maps the sizes * -> (parts, C') each

    Raises:
        TypeError: a layer whose moments are not known here.
    """
    view = (*mean.shape, *[1] * len(maps))
    state = tuple(s.reshape(view).expand(*mean.shape, *maps) for s in (mean, var))
    for layer in rectified_last(between):
        state = rule(layer)(layer, *state)
    means, variances = (s.flatten(2) if s.dim() > 2 else s[..., None] for s in state)
    mean, across = over_maps(means)
    return mean, variances.mean(2) + across


def rectified_last(between: Sequence[nn.Module]) -> list[nn.Module]:
    """Return the layers with a ReLU behind the max-pooling that follows it.

    The two commute, and the largest of several normal values is known best before
    they are rectified.
    """
    layers = list(between)
    for i, (first, second) in enumerate(pairwise(between)):
        if isinstance(first, nn.ReLU) and isinstance(second, nn.MaxPool2d):
            layers[i : i + 2] = second, first
    return layers


def rule(layer: nn.Module) -> Callable[[nn.Module, Tensor, Tensor], Moments]:
    """Return the function that carries means and variances through a layer.

    Raises:
        TypeError: there is none.
    """
    found = _RULES.get(type(layer))
    if found is None or _unusual(layer):
        raise TypeError(
            f"no closed form for {layer}: it is known for "
            f"{', '.join(t.__name__ for t in _RULES)}, padded by zeros, in windows of "
            f"at most {LARGEST_WINDOW}. Use closed_form=False"
        )
    return found


def rectified(mean: Tensor, var: Tensor) -> Moments:
    """Return mean and variance of max(x, 0), x from N(mean, var).

    With a = mean / deviation and h(a) = a Phi(a) + phi(a), the mean is deviation h(a)
    and the variance var (Phi(a) - h(a) h(-a)), which does not cancel where a is large.
    """
    deviation = _deviation(var)
    a = mean / deviation
    below, above = torch.special.ndtr(-a), torch.special.ndtr(a)
    density = torch.exp(-a.square() / 2) / math.sqrt(2 * math.pi)
    h, opposite = a * above + density, density - a * below
    return deviation * h, (deviation.square() * (above - h * opposite)).clamp_min(0)


def largest_of(count: int) -> tuple[float, float]:
    """Return mean and variance of the largest of ``count`` draws from N(0, 1).

    By the trapezoidal rule, whose error is below rounding for such a function.
    """
    x = torch.linspace(-12, 12, 2401, dtype=torch.float64)
    density = count * torch.exp(-x.square() / 2) * torch.special.ndtr(x) ** (count - 1)
    density = density / density.sum()
    mean = (density * x).sum()
    return mean.item(), (density * (x - mean).square()).sum().item()


_LARGEST = torch.tensor(
    [largest_of(n) for n in range(1, LARGEST_WINDOW + 1)], dtype=torch.float64
)


def pooled(layer: nn.MaxPool2d, mean: Tensor, var: Tensor) -> Moments:
    """Return mean and variance of the largest value of each window.

    As if a window held independent normal values that share their mean and variance;
    what follows takes the largest to be normal too, which it is not. Real neighbours
    are alike, so that real maxima are smaller.
    """
    window = (layer.kernel_size, layer.stride, layer.padding, layer.ceil_mode)

    def total(x: Tensor) -> Tensor:
        return F.avg_pool2d(x, *window, divisor_override=1)

    count = total(torch.ones_like(mean[:1, :1]))  # less at the edges
    mean, var = total(mean) / count, total(var) / count
    shift, shrink = _LARGEST.to(mean)[count.long() - 1].unbind(-1)
    return mean + shift * _deviation(var), shrink * var


def _convolved(layer: nn.Conv2d, mean: Tensor, var: Tensor) -> Moments:
    squares = layer.weight.to(var.dtype).square()
    place = (layer.stride, layer.padding, layer.dilation, layer.groups)
    bias = None if layer.bias is None else layer.bias.to(mean.dtype)
    means = F.conv2d(mean, layer.weight.to(mean.dtype), bias, *place)
    return means, F.conv2d(var, squares, None, *place)


def _weighted(layer: nn.Linear, mean: Tensor, var: Tensor) -> Moments:
    weight = layer.weight.to(mean.dtype)
    bias = None if layer.bias is None else layer.bias.to(mean.dtype)
    return F.linear(mean, weight, bias), F.linear(var, weight.square())


def _rectified(_: nn.ReLU, mean: Tensor, var: Tensor) -> Moments:
    return rectified(mean, var)


def _both(layer: nn.Module, mean: Tensor, var: Tensor) -> Moments:
    return layer.forward(mean), layer.forward(var)


def _deviation(var: Tensor) -> Tensor:
    return var.clamp_min(LEAST_VARIANCE).sqrt()


def _unusual(layer: nn.Module) -> bool:
    if not isinstance(layer, nn.MaxPool2d):
        return getattr(layer, "padding_mode", "zeros") != "zeros"
    size = layer.kernel_size
    values = size * size if isinstance(size, int) else math.prod(size)
    return layer.dilation != 1 or values > LARGEST_WINDOW


_RULES: dict[type[nn.Module], Callable[[nn.Module, Tensor, Tensor], Moments]] = {
    nn.Conv2d: _convolved,
    nn.Flatten: _both,
    nn.Identity: _both,
    nn.Linear: _weighted,
    nn.MaxPool2d: pooled,
    nn.ReLU: _rectified,
}
