"""Weight standardization, and its scaled form that stands in a normalizer's place.

They normalize the weights of a layer, not what passes through it, so neither the batch
nor the mode changes anything. Weight standardization (Qiao et al. 2019, arXiv
1903.10520) goes before a normalizer. Scaled weight standardization (Brock, De and Smith
2021, arXiv 2101.08692) goes without: each unit passes on the variance of its inputs.
"""

import math

import torch
from torch import Tensor, nn

from normlab.layers.door import check_eps, full, without_autocast

# ReLU leaves (1 - 1/pi) / 2 of a standard Gaussian's variance; the root's inverse.
RELU_GAMMA = math.sqrt(2 / (1 - 1 / math.pi))


def standardize_weight(weight: Tensor, eps: float = 1e-5) -> Tensor:
    """Return ``(W - mean) / (std + eps)``, mean and biased std of each unit's weights.

    The authors' PyTorch code divides by the unbiased deviation, their TensorFlow code
    by this one. Half precision is computed in float32.

    Shape:
        weight (out, in, *), of any linear layer or convolution -> the same

    Raises:
        ValueError: a unit has one weight, which would become 0; fewer than 2 axes; or
            ``eps`` is negative.
        NotImplementedError: the weight is not real floating point.
    """
    _check_weight(weight, eps)
    with without_autocast(weight):
        return _standardized(full(weight), eps).to(weight.dtype)


def scale_standardize_weight(
    weight: Tensor, gain: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Return ``gain (W - mean) / (sqrt(fan-in) (std + eps))`` of each unit.

    With gain 1 the squares of a unit's weights sum to 1, but for ``eps``: inputs of
    variance 1 that are not correlated leave with variance 1, and a mean that all of
    them share is taken away. The code of DeepMind has no ``eps`` but a least variance;
    that of the binary networks of Chen et al. 2021 is as here.

    Shape:
        weight (out, in, *), gain (out,) -> (out, in, *)

    Raises:
        ValueError: as ``standardize_weight``; or ``gain`` has another shape.
        NotImplementedError: the weight is not real floating point.
    """
    _check_weight(weight, eps)
    if gain is not None and gain.shape != weight.shape[:1]:
        raise ValueError(
            f"gain has shape {tuple(gain.shape)}; give one number a unit, "
            f"({len(weight)},), for a weight of shape {tuple(weight.shape)}"
        )
    with without_autocast(weight):
        scaled = _standardized(full(weight), eps) / math.sqrt(weight.shape[1:].numel())
        if gain is not None:
            scaled = scaled * per_unit(full(gain), weight)
        return scaled.to(weight.dtype)


def per_unit(v: Tensor, weight: Tensor) -> Tensor:
    """Return one number a unit, (out,), so that it broadcasts: (out, 1, ...)."""
    return v.reshape(-1, *[1] * (weight.dim() - 1))


def _standardized(weight: Tensor, eps: float) -> Tensor:
    axes = list(range(1, weight.dim()))
    # Unlike the root of a variance it has a derivative, 0, where all weights are equal.
    std, mean = torch.std_mean(weight, axes, correction=0, keepdim=True)
    return (weight - mean) / (std + eps)


def _check_weight(weight: Tensor, eps: float) -> None:
    check_eps(eps)
    if not weight.is_floating_point():
        raise NotImplementedError(
            f"weight has dtype {weight.dtype}; standardize floating point: "
            "weight.float()"
        )
    if weight.dim() < 2 or weight.shape[1:].numel() < 2:
        raise ValueError(
            f"weight has shape {tuple(weight.shape)}: a unit needs at least 2 weights, "
            "since one alone is its own mean and would become 0; leave such a layer "
            "as it is"
        )


class StandardizedConv2d(nn.Conv2d):
    """A convolution with standardized weights, to be followed by a normalizer.

    Its outputs have about fan-in times the variance of its inputs. ``weight`` is what
    is learned; it has the place and the shape that it has in ``nn.Conv2d``.

    Args:
        shape: in_channels, out_channels, kernel_size, ... of ``nn.Conv2d``.
        eps: added to the deviation of a unit's weights.
        options: of ``nn.Conv2d``.

    Raises:
        ValueError: a unit has a single weight.
    """

    def __init__(self, *shape, eps: float = 1e-5, **options) -> None:
        super().__init__(*shape, **options)
        _check_weight(self.weight, eps)
        self.eps = eps

    def standardized(self) -> Tensor:
        """Return the weight that is used, (out, in / groups, kH, kW)."""
        return standardize_weight(self.weight, self.eps)

    def forward(self, input: Tensor) -> Tensor:
        """Convolve ``input`` (N, in, H, W) with the standardized weight."""
        return self._conv_forward(input, self.standardized(), self.bias)

    def settings(self) -> dict[str, object]:
        """Return what ``print`` shows of the layer, besides what a convolution has."""
        return {"eps": self.eps}

    def extra_repr(self) -> str:
        """Show the settings, as ``print`` does for PyTorch's layers."""
        return _shown(super().extra_repr(), self.settings())


class ScaledWeight:
    """What layers with scaled standardized weights share: ``gain`` and ``gamma``."""

    def _scale(self, gamma: float, eps: float) -> None:
        _check_weight(self.weight, eps)
        self.gamma, self.eps = gamma, eps
        self.gain = nn.Parameter(self.weight.new_ones(len(self.weight)))

    def standardized(self) -> Tensor:
        """Return the weight that is used, of the shape of ``weight``."""
        return scale_standardize_weight(self.weight, self.gamma * self.gain, self.eps)

    def settings(self) -> dict[str, object]:
        """Return what ``print`` shows of the layer, besides what PyTorch's has."""
        return {"gamma": self.gamma, "eps": self.eps}

    def extra_repr(self) -> str:
        """Show the settings, as ``print`` does for PyTorch's layers."""
        return _shown(super().extra_repr(), self.settings())


class ScaledStandardizedConv2d(ScaledWeight, nn.Conv2d):
    """A convolution that passes on the variance of its inputs, without a normalizer.

    Args:
        shape: in_channels, out_channels, kernel_size, ... of ``nn.Conv2d``.
        gamma: what makes up for the activation before it: ``RELU_GAMMA`` behind ReLU,
            1 behind none.
        eps: added to the deviation of a unit's weights.
        options: of ``nn.Conv2d``.

    Attributes:
        gain: learned, one number a unit, (out_channels,), at the start 1.

    Raises:
        ValueError: a unit has a single weight.
    """

    def __init__(
        self, *shape, gamma: float = 1.0, eps: float = 1e-5, **options
    ) -> None:
        super().__init__(*shape, **options)
        self._scale(gamma, eps)

    def forward(self, input: Tensor) -> Tensor:
        """Convolve ``input`` (N, in, H, W) with the standardized weight."""
        return self._conv_forward(input, self.standardized(), self.bias)


class ScaledStandardizedLinear(ScaledWeight, nn.Linear):
    """A linear layer that passes on the variance of its inputs.

    Args:
        shape: in_features and out_features.
        gamma: what makes up for the activation before it: ``RELU_GAMMA`` behind ReLU,
            1 behind none.
        eps: added to the deviation of a unit's weights.
        options: of ``nn.Linear``.

    Attributes:
        gain: learned, one number a unit, (out_features,), at the start 1.

    Raises:
        ValueError: a unit has a single weight.
    """

    def __init__(
        self, *shape, gamma: float = 1.0, eps: float = 1e-5, **options
    ) -> None:
        super().__init__(*shape, **options)
        self._scale(gamma, eps)

    def forward(self, input: Tensor) -> Tensor:
        """Return ``input`` (N, *, in) times the standardized weight, plus the bias."""
        return nn.functional.linear(input, self.standardized(), self.bias)


def _shown(of_torch: str, settings: dict[str, object]) -> str:
    return ", ".join([of_torch, *(f"{n}={value}" for n, value in settings.items())])
