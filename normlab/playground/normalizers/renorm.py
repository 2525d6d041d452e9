"""Batch renormalization: the batch's statistics, taken towards the running ones.

Its limits open as in the paper, for a run of 320 steps: it is batch normalization for
10 of them, d is free up to 5 at step 50, and r up to 3 at step 80.
"""

from functools import partial

from torch import nn

from normlab.layers import BatchRenorm, renorm_limits
from normlab.playground.normalizers.kind import Kind, PerUnit

STEPS = 320


def batch_renorm(width: int, eps: float, momentum: float) -> nn.Module:
    """Return the book's layer."""
    return BatchRenorm(width, eps, momentum, limits=renorm_limits(STEPS))


RENORM = Kind(
    "batch renorm",
    "batch renorm",
    "renorm",
    batch_renorm,
    partial(PerUnit, batch_renorm),
)
