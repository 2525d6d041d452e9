"""Ghost batch normalization: in training each four images are a batch of their own."""

from functools import partial

from torch import nn

from normlab.layers import GhostBatchNorm
from normlab.playground.normalizers.kind import Kind, PerUnit

IMAGES = 4


def ghost_norm(width: int, eps: float, momentum: float) -> nn.Module:
    """Return the book's layer."""
    return GhostBatchNorm(width, IMAGES, eps=eps, momentum=momentum)


GHOST = Kind(
    f"ghost batch, of {IMAGES}",
    f"ghost batch norm of {IMAGES}",
    "ghost",
    ghost_norm,
    partial(PerUnit, ghost_norm),
)
