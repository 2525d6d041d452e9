"""Filter response normalization and its activation (Singh and Krishnan, 1911.09737).

With nu^2 the mean square of a map, one channel of one example,

    y = gamma * x / sqrt(nu^2 + eps) + beta,    z = max(y, tau) = relu(y - tau) + tau

No mean is taken out, so that y is not centred: the threshold tau is learned, one a
channel, in the place of ReLU's 0. The paper also learns eps where a map is one value;
here such an input is refused. Its warm-up of the learning rate is from memory.
"""

import torch
from torch import Tensor, nn

from normlab.layers.door import (
    check_eps,
    check_input,
    check_parameters,
    full,
    normalize_with,
    without_autocast,
)
from normlab.layers.formula import mean_square, per_channel
from normlab.layers.module import Normalizer


def filter_response_norm(
    input: Tensor,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-6,
) -> Tensor:
    """Divide each map by the root of its mean square.

    Each example by itself, so training and evaluation do the same. Half precision is
    computed in float32.

    Shape:
        input (N, C, *), weight and bias (C,) -> (N, C, *)

    Raises:
        ValueError: a map is one value, of which only the sign would be left, or
            ``eps`` is negative.
        RuntimeError: fewer than three axes, ``weight`` or ``bias`` is not (C,), or
            mixed dtypes.
        NotImplementedError: the input is not real floating point.
    """
    check_input(input, 3)
    check_eps(eps)
    check_parameters(input, input.shape[1:2], weight=weight, bias=bias)
    if input.shape[2:].numel() == 1:
        raise ValueError(
            "Expected more than 1 spatial element, got input size "
            f"{tuple(input.shape)}: divided by its own size a value keeps its sign "
            "alone, and no gradient; leave the normalizer out there"
        )
    axes = range(2, input.dim())
    learned = (per_channel(p, input) for p in (weight, bias))
    return normalize_with(input, lambda x: mean_square(x, axes), *learned, eps)


def thresholded_linear(input: Tensor, threshold: Tensor) -> Tensor:
    """Return ``max(input, threshold)``, a threshold for each channel.

    Half precision is computed in float32.

    Shape:
        input (N, C, *), threshold (C,) -> (N, C, *)

    Raises:
        RuntimeError: ``threshold`` is not (C,), or mixed dtypes.
        NotImplementedError: the input is not real floating point.
    """
    check_input(input)
    check_parameters(input, input.shape[1:2], threshold=threshold)
    with without_autocast(input):
        x = full(input)
        tau = per_channel(threshold, x)
        # As the paper has it; torch.maximum's backward takes ten times as long.
        return ((x - tau).relu() + tau).to(input.dtype)


class FilterResponseNorm(Normalizer):
    """Filter response normalization of (N, C, *), with gamma and beta per channel.

    ``ThresholdedLinearUnit`` belongs behind it, in the activation's place.

    Args:
        num_features: C, the number of channels.
        eps: added to the mean square, inside the root.
        affine: learn gamma (``weight``, starts at 1) and beta (``bias``, at 0).
        device: where the parameters live.
        dtype: their type.
        bias: False learns gamma alone.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-6,
        affine: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, affine, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """Normalize ``input`` (N, C, *)."""
        return filter_response_norm(input, self.weight, self.bias, self.eps)


class ThresholdedLinearUnit(nn.Module):
    """The larger of each value and its channel's learned threshold; (N, C, *).

    Args:
        num_features: C, the number of channels.
        device: where the threshold lives, tau in the paper; it starts at 0: ReLU.
        dtype: its type.
    """

    def __init__(
        self,
        num_features: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        made = {"device": device, "dtype": dtype}
        self.threshold = nn.Parameter(torch.zeros(num_features, **made))

    def forward(self, input: Tensor) -> Tensor:
        """Return ``max(input, threshold)``."""
        return thresholded_linear(input, self.threshold)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Set the threshold to 0."""
        self.threshold.zero_()

    def settings(self) -> dict[str, object]:
        """Return what ``print`` shows besides ``num_features``: nothing."""
        return {}

    def extra_repr(self) -> str:
        """Show the number of channels."""
        return str(self.num_features)
