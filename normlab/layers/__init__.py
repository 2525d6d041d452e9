"""Normalizers: for each a pure function, then the ``nn.Module`` around it."""

from normlab.layers.batch import BatchNorm, batch_norm
from normlab.layers.batch_function import BatchNormFunction
from normlab.layers.filter_response import (
    FilterResponseNorm,
    ThresholdedLinearUnit,
    filter_response_norm,
    thresholded_linear,
)
from normlab.layers.frozen import FrozenBatchNorm
from normlab.layers.ghost import GhostBatchNorm
from normlab.layers.group import GroupNorm, group_norm
from normlab.layers.instance import InstanceNorm, instance_norm
from normlab.layers.kalman import KalmanNorm
from normlab.layers.layer import LayerNorm, layer_norm
from normlab.layers.renorm import BatchRenorm, batch_renorm, renorm_limits
from normlab.layers.rms import RMSNorm, rms_norm

__all__ = [
    "BatchNorm",
    "BatchNormFunction",
    "BatchRenorm",
    "FilterResponseNorm",
    "FrozenBatchNorm",
    "GhostBatchNorm",
    "GroupNorm",
    "InstanceNorm",
    "KalmanNorm",
    "LayerNorm",
    "RMSNorm",
    "ThresholdedLinearUnit",
    "batch_norm",
    "batch_renorm",
    "filter_response_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "renorm_limits",
    "rms_norm",
    "thresholded_linear",
]
