"""Root mean square normalization (Zhang and Sennrich 2019, arXiv 1910.07467).

    y = gamma * x / sqrt(mean(x^2) + eps)

Layer normalization without the mean, and without beta.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from normlab.layers.door import (
    check_eps,
    check_input,
    check_parameters,
    full,
    normalize_with,
)
from normlab.layers.formula import mean_square, per_channel
from normlab.layers.module import Normalizer


def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """Divide by the root mean square over the last axes, as PyTorch's ``rms_norm``.

    Each example by itself, so training and evaluation do the same. Half precision is
    computed in float32. ``eps`` None is the step from 1 to the next number of the type
    that it is computed in.

    Shape:
        input (*, *normalized_shape), weight (*normalized_shape) -> like input

    Raises:
        RuntimeError: the last axes are not ``normalized_shape``, ``weight`` has another
            shape, or mixed dtypes.
        ValueError: ``eps`` is negative.
        NotImplementedError: the input is not real floating point.
    """
    shape = tuple(normalized_shape)
    check_input(input, max(1, len(shape)))
    if not shape or tuple(input.shape[-len(shape) :]) != shape:
        raise RuntimeError(
            f"normalized_shape is {shape}; the input {tuple(input.shape)} must end so"
        )
    check_parameters(input, shape, weight=weight)
    eps = torch.finfo(full(input[:0]).dtype).eps if eps is None else eps
    check_eps(eps)
    axes = range(-len(shape), 0)
    return normalize_with(input, lambda x: mean_square(x, axes), weight, None, eps)


class RMSNorm(Normalizer):
    """Root mean square normalization of (N, C, *): over all of an example's values.

    Gamma is per channel, so that the layer fits wherever batch normalization does;
    PyTorch's has one per value. For (N, C) the two are the same.

    Args:
        num_features: C.
        eps: added to the mean square, inside the root; see ``rms_norm``.
        elementwise_affine: learn gamma (``weight``, starts at 1); PyTorch's name.
        device: where the parameter lives.
        dtype: its type.
    """

    def __init__(
        self,
        num_features: int,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        affine = elementwise_affine
        super().__init__(num_features, eps, affine, device, dtype, bias=False)

    def forward(self, input: Tensor) -> Tensor:
        """Normalize ``input`` (N, C, *)."""
        check_input(input)
        check_parameters(input, input.shape[1:2], weight=self.weight)
        shape = input.shape[1:]  # of an example: (C, *)
        gamma = per_channel(self.weight, input)
        return rms_norm(
            input, shape, gamma if gamma is None else gamma[0].expand(shape), self.eps
        )
