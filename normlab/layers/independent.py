"""The independent-component layer (Chen et al. 2019, arXiv 1905.05928).

IC(x) = Dropout(BatchNorm(x)), before a layer of weights: activation, IC, weights. Where
gamma is 1 and beta 0, dropping each value with probability p multiplies the correlation
of any two by the share that is kept, 1 - p. (What the paper drops, 0.05, is from
memory; the theorem's p is the share kept, ours is PyTorch's.)
"""

from collections import OrderedDict

import torch
from torch import nn

from normlab.layers.batch import BatchNorm


class IndependentComponent(nn.Sequential):
    """Batch normalization, then dropout of single values, for (N, C, *).

    ``norm`` is the ``BatchNorm`` and ``drop`` the ``nn.Dropout``, modules of their own:
    whatever looks for either of them in a model finds it. In evaluation nothing is
    dropped.

    Args:
        num_features: C, the number of channels.
        p: probability that a value is dropped.
        eps: added to the variance, inside the square root.
        momentum: weight of the newest batch in the running statistics; None
            keeps the plain average of all batches seen.
        affine: learn gamma and beta.
        track_running_stats: keep running statistics; without them evaluation
            uses the batch's own.
        device: where the parameters and buffers live.
        dtype: their type.
        bias: False learns gamma alone.

    Raises:
        ValueError: ``p`` is not in 0 to 1; an input that ``BatchNorm`` refuses.
    """

    def __init__(
        self,
        num_features: int,
        p: float = 0.05,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"p is {p}; the share to drop must be from 0 to 1")
        options = eps, momentum, affine, track_running_stats, device, dtype
        norm = BatchNorm(num_features, *options, bias=bias)
        super().__init__(OrderedDict(norm=norm, drop=nn.Dropout(p)))

    def settings(self) -> dict[str, object]:
        """Return what the layer was made with, besides ``num_features``."""
        return {"p": self.drop.p} | self.norm.settings()
