"""RMSNorm, PyTorch's: layer normalization without the mean, and without beta."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from normlab.playground.normalizers.kind import EPS, Kind


def rms_norm(width: int, eps: float, momentum: float) -> nn.Module:
    """Return the layer; it remembers nothing."""
    return nn.RMSNorm(width, eps)


class RMSNorms(nn.Module):
    """RMSNorm for each seed."""

    def __init__(self, seeds: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(seeds, 1, width))

    def forward(self, x: Tensor) -> Tensor:
        """Normalize (S, N, width)."""
        return F.rms_norm(x, x.shape[-1:], eps=EPS) * self.weight


RMS = Kind("RMSNorm", "RMSNorm", "rms", rms_norm, RMSNorms)
