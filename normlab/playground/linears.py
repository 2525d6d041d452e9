"""Fully connected layers of several networks side by side."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Linears(nn.Module):
    """A fully connected layer for each seed: (S, N, inputs) -> (S, N, outputs).

    Weights are drawn from N(0, scale^2 / inputs), biases start at 0.
    """

    def __init__(
        self, inputs: int, outputs: int, scale: float, generators: Sequence
    ) -> None:
        super().__init__()
        std = scale / math.sqrt(inputs)
        drawn = [torch.randn(inputs, outputs, generator=g) for g in generators]
        self.weight = nn.Parameter(std * torch.stack(drawn))
        self.bias = nn.Parameter(torch.zeros(len(drawn), 1, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Multiply each seed's images with its own weights."""
        return torch.baddbmm(self.bias, x, self.weight)
