"""The step that every normalizer shares: which values have a mean in common."""

import torch
from torch import Tensor


def standardize(
    x: Tensor, axes: list[int], eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return ``(x - mean) / sqrt(var + eps)``, and the mean and biased variance.

    Both are over ``axes``, which they keep with length 1. Half precision is computed
    in float32.
    """
    half = x.dtype in (torch.float16, torch.bfloat16)
    values = x.float() if half else x
    var, mean = torch.var_mean(values, axes, correction=0, keepdim=True)
    return ((values - mean) * torch.rsqrt(var + eps)).to(x.dtype), mean, var


def scale_and_shift(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """Return ``x * weight + bias``, where given, per channel.

    Shape:
        x (N, C, *), weight and bias (C,) -> (N, C, *)

    Raises:
        RuntimeError: ``weight`` or ``bias`` is not (C,).
    """
    per_channel = (1, -1) + (1,) * (x.dim() - 2)  # (C,) -> (1, C, 1, 1)
    for name, value in (("weight", weight), ("bias", bias)):
        if value is not None and value.shape != x.shape[1:2]:
            raise RuntimeError(
                f"{name} has shape {tuple(value.shape)}; the input's {x.shape[1]} "
                f"channels need ({x.shape[1]},)"
            )
    if weight is not None:
        x = x * weight.view(per_channel)
    return x if bias is None else x + bias.view(per_channel)


def check_input(x: Tensor, least: int) -> None:
    """Raise unless ``x`` is floating point with at least ``least`` axes."""
    if not x.is_floating_point():
        raise NotImplementedError(f"normalization of dtype {x.dtype}: use x.float()")
    if x.dim() < least:
        raise RuntimeError(f"expected at least {least} axes, got {tuple(x.shape)}")
