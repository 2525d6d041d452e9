"""Normalizers: for each a pure function, then the ``nn.Module`` around it."""

from normlab.layers.batch import BatchNorm, batch_norm
from normlab.layers.batch_function import BatchNormFunction
from normlab.layers.frozen import FrozenBatchNorm

__all__ = ["BatchNorm", "BatchNormFunction", "FrozenBatchNorm", "batch_norm"]
