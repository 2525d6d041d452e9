"""The door of every normalizer: what is refused, and in what precision it computes.

Everything is checked before any state moves. Half precision is computed in float32,
where autocast is on too, and the result has the input's dtype and memory format.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from normlab.layers.formula import normalize

Statistics = Callable[[Tensor], tuple[Tensor, Tensor]]


def normalize_with(
    input: Tensor,
    statistics: Statistics,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
) -> Tensor:
    """Normalize ``input`` with what ``statistics(input in full precision)`` says.

    The one way through all normalizers. ``statistics`` returns mean and biased
    variance, and may move running ones; they, ``weight`` and ``bias`` broadcast
    against the input. Check everything first.
    """
    with without_autocast(input):
        x = full(input)
        mean, var = statistics(x)
        return normalize(x, mean, var, weight, bias, eps).to(input.dtype)


def without_autocast(input: Tensor) -> AbstractContextManager:
    """Return a block in which autocast takes no operation to half precision."""
    if input.is_meta:  # there is no autocast there
        return nullcontext()
    return torch.autocast(input.device.type, enabled=False)


def full(x: Tensor) -> Tensor:
    """Return half precision as float32, anything else as it is."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def check_input(input: Tensor, least: int = 2) -> None:
    """Raise unless ``input`` is real floating point with at least ``least`` axes."""
    if not input.is_floating_point():
        raise NotImplementedError(
            f"input has dtype {input.dtype}; normalize floating point: input.float()"
        )
    if input.dim() < least:
        form = "(N, C, *) " if least == 2 else ""
        raise RuntimeError(
            f"expected input {form}with at least {least} axes, got {tuple(input.shape)}"
        )


def check_rank(input: Tensor) -> None:
    """Raise unless ``input`` has 2 to 5 axes, as PyTorch's batch norms take."""
    if not 2 <= input.dim() <= 5:
        raise ValueError(f"expected 2D to 5D input (got {input.dim()}D input)")


def check_eps(eps: float, *, positive: bool = False) -> None:
    """Raise where ``eps`` would let a variance of 0, or less, be divided by."""
    if eps < 0 or (positive and eps == 0):
        least = "be positive during training" if positive else "not be negative"
        raise ValueError(f"eps must {least}, but got {eps}")


def check_parameters(
    input: Tensor, shape: Sequence[int], **parameters: Tensor | None
) -> None:
    """Raise unless each parameter has ``shape`` and a fitting dtype.

    All have the input's dtype, or all float32 where the input is in half precision.
    """
    given = {name: p for name, p in parameters.items() if p is not None}
    for name, p in given.items():
        if p.shape == (p.numel(),) and len(shape) == 1 and p.shape != tuple(shape):
            raise RuntimeError(
                f"{name} should contain {shape[0]} elements not {p.numel()}"
            )
        if p.shape != tuple(shape):
            raise RuntimeError(
                f"{name} has shape {tuple(p.shape)}; an input of shape "
                f"{tuple(input.shape)} needs {tuple(shape)}"
            )
    dtypes = {p.dtype for p in given.values()}
    if len(dtypes) > 1 or not dtypes <= {input.dtype, full(input[:0]).dtype}:
        raise RuntimeError(
            f"mixed dtype: input is {input.dtype}, the statistics and parameters are "
            f"{sorted(map(str, dtypes))}; convert the layer or the input with .to()"
        )
