"""No normalizer, but scaled standardized weights in the hidden layers."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from normlab.layers import ScaledStandardizedLinear, scale_standardize_weight
from normlab.layers.weights import RELU_GAMMA
from normlab.playground.linears import Linears
from normlab.playground.normalizers.kind import EPS, Kind


def makes_up(activation: Callable[[Tensor], Tensor]) -> float:
    """Return 1 / the deviation of the activation of a standard Gaussian.

    By the trapezoidal rule, which is exact to the last digits for smooth functions.
    """
    z = torch.linspace(-12, 12, 6001, dtype=torch.float64)
    density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    mean, square = (
        torch.trapezoid(activation(z) ** power * density, z).item() for power in (1, 2)
    )
    return 1 / math.sqrt(square - mean**2)


GAMMAS = {
    "": 1.0,  # images, as they are
    "sigmoid": makes_up(torch.sigmoid),
    "tanh": makes_up(torch.tanh),
    "relu": RELU_GAMMA,
}


def scaled(inputs: int, outputs: int, behind: str, eps: float) -> nn.Module:
    """Return the book's layer, made for the activation in front of it."""
    return ScaledStandardizedLinear(inputs, outputs, gamma=GAMMAS[behind], eps=eps)


class ScaledLinears(Linears):
    """Fully connected layers of scaled standardized weights, one for each seed."""

    def __init__(self, inputs, outputs, scale, generators, behind: str) -> None:
        super().__init__(inputs, outputs, scale, generators)
        self.gain = nn.Parameter(torch.ones_like(self.bias))
        self.gamma = GAMMAS[behind]

    def forward(self, x: Tensor) -> Tensor:
        """Multiply each seed's images (S, N, inputs) with its own weights."""
        units = self.weight.transpose(1, 2)  # (S, outputs, inputs)
        gain = self.gamma * self.gain.flatten()
        used = scale_standardize_weight(units.flatten(0, 1), gain, EPS)
        return torch.baddbmm(self.bias, x, used.view_as(units).transpose(1, 2))


SCALED = Kind(
    "none, scaled weights",
    "scaled weights",
    "scaled",
    linear=scaled,
    linears=ScaledLinears,
)
