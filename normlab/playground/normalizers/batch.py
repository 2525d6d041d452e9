"""Batch normalization, PyTorch's."""

from functools import partial

from torch import nn

from normlab.playground.normalizers.kind import Kind, PerUnit

BATCH = Kind(
    "batch", "batch norm", "batch", nn.BatchNorm1d, partial(PerUnit, nn.BatchNorm1d)
)
