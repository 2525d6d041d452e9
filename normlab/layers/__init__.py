"""Normalizers: for each a pure function, then the ``nn.Module`` around it."""

from normlab.layers.batch import BatchNorm, batch_norm

__all__ = ["BatchNorm", "batch_norm"]
