"""Layer normalization (Ba, Kiros and Hinton 2016, arXiv 1607.06450, equation 4)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from normlab.layers.door import (
    check_eps,
    check_input,
    check_parameters,
    normalize_with,
)
from normlab.layers.formula import moments, per_channel
from normlab.layers.module import Normalizer


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize over the last axes, as ``torch.nn.functional.layer_norm`` does.

    Each example by itself, so training and evaluation do the same. Half precision is
    computed in float32.

    Shape:
        input (*, *normalized_shape), weight and bias (*normalized_shape) -> like input

    Raises:
        RuntimeError: the last axes are not ``normalized_shape``, ``weight`` or
            ``bias`` has another shape, or mixed dtypes.
        ValueError: ``eps`` is negative.
        NotImplementedError: the input is not real floating point.
    """
    shape = tuple(normalized_shape)
    check_input(input, max(1, len(shape)))
    check_eps(eps)
    if not shape or tuple(input.shape[-len(shape) :]) != shape:
        raise RuntimeError(
            f"normalized_shape is {shape}; the input {tuple(input.shape)} must end so"
        )
    check_parameters(input, shape, weight=weight, bias=bias)
    axes = range(-len(shape), 0)
    return normalize_with(input, lambda x: moments(x, axes), weight, bias, eps)


class LayerNorm(Normalizer):
    """Layer normalization of (N, C, *): over all of an example's values.

    Gamma and beta are per channel, so that the layer fits wherever batch
    normalization does; PyTorch's has one per value. For (N, C) the two are the same.

    Args:
        num_features: C.
        eps: added to the variance, inside the square root.
        elementwise_affine: learn gamma (``weight``, starts at 1) and beta (``bias``,
            at 0); the name is PyTorch's.
        bias: False learns gamma alone.
        device: where the parameters live.
        dtype: their type.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        affine = elementwise_affine
        super().__init__(num_features, eps, affine, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """Normalize ``input`` (N, C, *)."""
        check_input(input)
        vectors = {"weight": self.weight, "bias": self.bias}
        check_parameters(input, input.shape[1:2], **vectors)
        shape = input.shape[1:]  # of an example: (C, *)
        learned = (
            p if p is None else per_channel(p, input)[0].expand(shape)
            for p in vectors.values()
        )
        return layer_norm(input, shape, *learned, self.eps)
