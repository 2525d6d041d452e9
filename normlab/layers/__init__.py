"""Normalizers: for each a pure function, then the ``nn.Module`` around it."""

from normlab.layers.batch import BatchNorm, batch_norm
from normlab.layers.batch_function import BatchNormFunction
from normlab.layers.binary import (
    BinaryConv2d,
    ScaledBinaryConv2d,
    binarize_weight,
    set_binary_weights,
    sign,
)
from normlab.layers.filter_response import (
    FilterResponseNorm,
    ThresholdedLinearUnit,
    filter_response_norm,
    thresholded_linear,
)
from normlab.layers.frozen import FrozenBatchNorm
from normlab.layers.ghost import GhostBatchNorm
from normlab.layers.group import GroupNorm, group_norm
from normlab.layers.independent import IndependentComponent
from normlab.layers.instance import InstanceNorm, instance_norm
from normlab.layers.kalman import KalmanNorm
from normlab.layers.layer import LayerNorm, layer_norm
from normlab.layers.renorm import BatchRenorm, batch_renorm, renorm_limits
from normlab.layers.rms import RMSNorm, rms_norm
from normlab.layers.shift import RandomShift
from normlab.layers.weights import (
    RELU_GAMMA,
    ScaledStandardizedConv2d,
    ScaledStandardizedLinear,
    StandardizedConv2d,
    scale_standardize_weight,
    standardize_weight,
)

__all__ = [
    "RELU_GAMMA",
    "BatchNorm",
    "BatchNormFunction",
    "BatchRenorm",
    "BinaryConv2d",
    "FilterResponseNorm",
    "FrozenBatchNorm",
    "GhostBatchNorm",
    "GroupNorm",
    "IndependentComponent",
    "InstanceNorm",
    "KalmanNorm",
    "LayerNorm",
    "RMSNorm",
    "RandomShift",
    "ScaledBinaryConv2d",
    "ScaledStandardizedConv2d",
    "ScaledStandardizedLinear",
    "StandardizedConv2d",
    "ThresholdedLinearUnit",
    "batch_norm",
    "batch_renorm",
    "binarize_weight",
    "filter_response_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "renorm_limits",
    "rms_norm",
    "scale_standardize_weight",
    "set_binary_weights",
    "sign",
    "standardize_weight",
    "thresholded_linear",
]
