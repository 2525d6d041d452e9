"""Layer normalization (Ba, Kiros and Hinton 2016, arXiv 1607.06450, equation 4)."""

from collections.abc import Sequence

from torch import Tensor

from normlab.layers.group import GroupNorm
from normlab.layers.standardize import check_input, standardize


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize over the last axes, as ``torch.nn.functional.layer_norm`` does.

    Each example by itself, so training and evaluation do the same.

    Shape:
        input (*, *normalized_shape), weight and bias (*normalized_shape) -> like input

    Raises:
        RuntimeError: the last axes are not ``normalized_shape``, or ``weight`` or
            ``bias`` has another shape.
        NotImplementedError: the input is not real floating point.
    """
    shape = tuple(normalized_shape)
    check_input(input, max(1, len(shape)))
    if not shape or tuple(input.shape[-len(shape) :]) != shape:
        raise RuntimeError(
            f"normalized_shape is {shape}; the input {tuple(input.shape)} must end so"
        )
    for name, value in (("weight", weight), ("bias", bias)):
        if value is not None and tuple(value.shape) != shape:
            raise RuntimeError(f"{name} has shape {tuple(value.shape)}, not {shape}")
    y, _, _ = standardize(input, list(range(-len(shape), 0)), eps)
    if weight is not None:
        y = y * weight
    return y if bias is None else y + bias


class LayerNorm(GroupNorm):
    """Layer normalization of (N, C, *): over all of an example's values.

    Gamma and beta are per channel, so that the layer fits wherever batch
    normalization does; PyTorch's has one per value. For (N, C) the two are the same.

    Args:
        num_features: C.
        eps: added to the variance, inside the square root.
    """

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__(num_features, num_groups=1, eps=eps)
