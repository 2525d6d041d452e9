"""Layer normalization, PyTorch's."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from normlab.playground.normalizers.kind import EPS, Kind


def layer_norm(width: int, eps: float, momentum: float) -> nn.Module:
    """Return the layer; it remembers nothing."""
    return nn.LayerNorm(width, eps)


class LayerNorms(nn.Module):
    """Layer normalization for each seed."""

    def __init__(self, seeds: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(seeds, 1, width))
        self.bias = nn.Parameter(torch.zeros(seeds, 1, width))

    def forward(self, x: Tensor) -> Tensor:
        """Normalize (S, N, width)."""
        return F.layer_norm(x, x.shape[-1:], eps=EPS) * self.weight + self.bias


LAYER = Kind("layer", "layer norm", "layer", layer_norm, LayerNorms)
