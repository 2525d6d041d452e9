"""Checks at the door of a normalizer."""

import torch
from torch import Tensor


def check_arguments(
    x: Tensor, parameters: dict[str, Tensor | None], training: bool, eps: float
) -> None:
    """Raise what PyTorch raises, so that a mistake shows the same face here."""
    if not x.is_floating_point():
        raise NotImplementedError(f"batch_norm of dtype {x.dtype}: use x.float()")
    if x.dim() < 2:
        raise RuntimeError(f"expected input (N, C, *), got {tuple(x.shape)}")
    running = (parameters["running_mean"], parameters["running_var"])
    if training and (running[0] is None) != (running[1] is None):
        raise ValueError("running_mean and running_var: give both or neither")
    if not training and any(r is None for r in running):
        raise RuntimeError("running_mean and running_var are needed in evaluation mode")
    if training and eps <= 0:
        raise ValueError(f"eps must be positive during training, but got {eps}")
    if eps < 0:
        raise ValueError(f"eps must not be negative, but got {eps}")
    given = {name: p for name, p in parameters.items() if p is not None}
    for name, p in given.items():
        if p.numel() != x.shape[1]:
            raise RuntimeError(
                f"{name} should contain {x.shape[1]} elements not {p.numel()}"
            )
    _check_dtypes(x, given)
    if training and x.numel() == x.shape[1] > 0:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size "
            f"{tuple(x.shape)}: take a larger batch, drop the last one, or call eval()"
        )


def _check_dtypes(x: Tensor, given: dict[str, Tensor]) -> None:
    allowed = {x.dtype}
    if x.dtype in (torch.float16, torch.bfloat16):
        allowed.add(torch.float32)
    dtypes = {p.dtype for p in given.values()}
    if len(dtypes) > 1 or not dtypes <= allowed:
        raise RuntimeError(
            f"mixed dtype: input is {x.dtype}, the statistics and parameters are "
            f"{sorted(map(str, dtypes))}; convert the layer or the input with .to()"
        )
