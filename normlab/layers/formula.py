"""The formula of every normalizer; they differ in which axes share a mean.

Mean and variance keep the axes that they are over, with length 1, so that everything
broadcasts against x.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def moments(x: Tensor, axes: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance over ``axes``; of no values 0 and 1.

    ``var_mean`` and not E[x^2] - E[x]^2, which cancels once the mean is some
    thousand times the spread, nor the plain two passes, which fail at a million.
    """
    if x.numel() == 0:  # nothing to normalize, and no warning about it
        shape = list(x.shape)
        for axis in axes:
            shape[axis] = 1
        return x.new_zeros(shape), x.new_ones(shape)
    var, mean = torch.var_mean(x, list(axes), correction=0, keepdim=True)
    return mean, var


def mean_square(x: Tensor, axes: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return 0, as no mean is taken out, and the mean square; of no values 0 and 1."""
    zero = x.new_zeros(())
    if x.numel() == 0:
        return zero, x.new_ones(())
    return zero, x.square().mean(list(axes), keepdim=True)


def normalize(
    x: Tensor,
    mean: Tensor,
    var: Tensor,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Return ``(x - mean) / sqrt(var + eps) * weight + bias``; all broadcast to x."""
    scale = torch.rsqrt(var + eps)
    if weight is not None:
        scale = scale * weight
    y = (x - mean) * scale
    return y if bias is None else y + bias


def per_channel(v: Tensor | None, x: Tensor) -> Tensor | None:
    """Return one number a channel, (C,), so that it broadcasts: (1, C, 1, ...)."""
    return v if v is None else v.reshape(1, -1, *[1] * (x.dim() - 2))
