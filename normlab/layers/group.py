"""Group normalization (Wu and He 2018, arXiv 1803.08494, section 3.1)."""

import torch
from torch import Tensor, nn

from normlab.layers.standardize import check_input, scale_and_shift, standardize


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each group of channels, as ``torch.nn.functional.group_norm`` does.

    Each example by itself, so training and evaluation do the same.

    Shape:
        input (N, C, *), weight and bias (C,) -> (N, C, *)

    Raises:
        RuntimeError: C is not a multiple of ``num_groups``, or ``weight`` or ``bias``
            is not (C,).
        NotImplementedError: the input is not real floating point.
    """
    check_input(input, 2)
    n, c = input.shape[:2]
    if num_groups < 1 or c % num_groups:
        raise RuntimeError(f"num_groups is {num_groups}; it must divide {c} channels")
    groups = input.reshape(n, num_groups, -1)  # (N, G, values)
    y, _, _ = standardize(groups, [2], eps)
    return scale_and_shift(y.view(input.shape), weight, bias)


class GroupNorm(nn.Module):
    """Group normalization of (N, C, *), with gamma and beta per channel.

    Args:
        num_features: C, the number of channels.
        num_groups: into how many groups of neighbours they are put.
        eps: added to the variance, inside the square root.

    Raises:
        ValueError: ``num_features`` is not a multiple of ``num_groups``.
    """

    def __init__(self, num_features: int, num_groups: int = 2, eps: float = 1e-5):
        super().__init__()
        if num_groups < 1 or num_features % num_groups:
            raise ValueError(
                f"num_groups is {num_groups}; it must divide num_features, "
                f"{num_features}"
            )
        self.num_groups, self.eps = num_groups, eps
        self.weight = nn.Parameter(torch.ones(num_features))  # gamma
        self.bias = nn.Parameter(torch.zeros(num_features))  # beta

    def forward(self, input: Tensor) -> Tensor:
        """Normalize ``input`` (N, C, *)."""
        return group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Show the settings, as ``print`` does for PyTorch's layers."""
        return f"{len(self.weight)}, num_groups={self.num_groups}, eps={self.eps}"
