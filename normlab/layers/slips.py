"""Where the released code of batch Kalman normalization differs from its own idea.

Read in wanggrun/Kalman-Normalization at 77fb650, ``cifar-kn-microbatch.py``. Both
slips are shown in ``notebooks/batch-kalman.md``; ``KalmanNorm`` keeps its statistics as
(parts, C), where the first cannot happen, and does the second as released.
"""

import torch.nn.functional as F
from torch import Tensor

from normlab.layers.prior import Moments


def pad_channels(statistic: Tensor, channels: int) -> Tensor:
    """Give every part ``channels`` more zeros on either side, as its maps get them.

    Shape:
        (parts, C) -> (parts, C + 2 * channels)
    """
    return F.pad(statistic, (channels, channels))


def pad_as_released(statistic: Tensor, channels: int) -> Tensor:
    """Pad one long vector of all parts, at its two ends alone.

    The same for one part. With several, the numbers of a part come to stand where
    other parts and other channels belong.

    Shape:
        (parts, C) -> (parts, C + 2 * channels)
    """
    parts, c = statistic.shape
    ends = channels * parts
    return F.pad(statistic.flatten(), (ends, ends)).view(parts, c + 2 * channels)


def behind_layer(
    mean: Tensor,
    var: Tensor,
    weight: Tensor,
    bias: Tensor,
    eps: float = 1e-5,
) -> Moments:
    """Return the statistics of a layer's output: what the next layers really get.

    The released code draws its maps from ``mean`` and ``var`` themselves, the
    statistics of the layer's input. Both are the same only where gamma and beta undo
    the normalization.

    Shape:
        mean and var (parts, C), weight and bias (C,) -> (parts, C) each
    """
    return bias.expand_as(mean), weight.square() * var / (var + eps)
