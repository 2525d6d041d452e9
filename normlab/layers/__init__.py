"""Normalizers: for each a pure function, then the ``nn.Module`` around it."""

from normlab.layers.batch import BatchNorm, batch_norm
from normlab.layers.batch_function import BatchNormFunction
from normlab.layers.frozen import FrozenBatchNorm
from normlab.layers.ghost import GhostBatchNorm
from normlab.layers.group import GroupNorm, group_norm
from normlab.layers.independent import IndependentComponent
from normlab.layers.instance import InstanceNorm, instance_norm
from normlab.layers.layer import LayerNorm, layer_norm

__all__ = [
    "BatchNorm",
    "BatchNormFunction",
    "FrozenBatchNorm",
    "GhostBatchNorm",
    "GroupNorm",
    "IndependentComponent",
    "InstanceNorm",
    "LayerNorm",
    "batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
]
