"""Group normalization (Wu and He 2018, arXiv 1803.08494, section 3.1)."""

import torch
from torch import Tensor

from normlab.layers.door import (
    check_eps,
    check_input,
    check_parameters,
    normalize_with,
)
from normlab.layers.formula import moments
from normlab.layers.module import Normalizer


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each group of channels, as ``torch.nn.functional.group_norm`` does.

    Each example by itself, so training and evaluation do the same. Half precision is
    computed in float32.

    Shape:
        input (N, C, *), weight and bias (C,) -> (N, C, *)

    Raises:
        RuntimeError: C is not a multiple of ``num_groups``, ``weight`` or ``bias`` is
            not (C,), or mixed dtypes.
        ValueError: one example whose groups have one value each, or ``eps`` negative.
        NotImplementedError: the input is not real floating point.
    """
    check_input(input)
    check_eps(eps)
    n, c = input.shape[:2]
    if num_groups < 1 or c % num_groups:
        raise RuntimeError(f"num_groups is {num_groups}; it must divide {c} channels")
    check_parameters(input, (c,), weight=weight, bias=bias)
    if input.numel() == num_groups and n == 1:  # as PyTorch: several examples may
        raise ValueError(
            "Expected more than 1 value per channel when training, got input size "
            f"{tuple(input.shape)} for {num_groups} groups: take fewer groups"
        )
    groups = input.unflatten(1, (num_groups, c // num_groups))  # (N, G, C/G, *)
    axes = range(2, groups.dim())
    view = (1, num_groups, c // num_groups) + (1,) * (input.dim() - 2)
    learned = (p if p is None else p.view(view) for p in (weight, bias))
    y = normalize_with(groups, lambda x: moments(x, axes), *learned, eps)
    return y.flatten(1, 2)


class GroupNorm(Normalizer):
    """Group normalization of (N, C, *), with gamma and beta per channel.

    PyTorch's layer takes ``num_groups`` first; here ``num_features`` comes first, as
    in every normalizer, so that each can stand where another does.

    Args:
        num_features: C, the number of channels.
        num_groups: into how many groups of neighbours they are put.
        eps: added to the variance, inside the square root.
        affine: learn gamma (``weight``, starts at 1) and beta (``bias``, at 0).
        device: where the parameters live.
        dtype: their type.
        bias: False learns gamma alone.

    Raises:
        ValueError: ``num_features`` is not a multiple of ``num_groups``.
    """

    def __init__(
        self,
        num_features: int,
        num_groups: int = 2,
        eps: float = 1e-5,
        affine: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, affine, device, dtype, bias=bias)
        if num_groups < 1 or num_features % num_groups:
            raise ValueError(
                f"num_groups is {num_groups}; it must divide num_features, "
                f"{num_features}"
            )
        self.num_groups = num_groups

    def forward(self, input: Tensor) -> Tensor:
        """Normalize ``input`` (N, C, *)."""
        return group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def settings(self) -> dict[str, object]:
        """Return what ``print`` shows of the layer, besides ``num_features``."""
        return {"num_groups": self.num_groups} | super().settings()
