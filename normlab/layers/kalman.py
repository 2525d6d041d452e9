"""Batch Kalman normalization (Wang et al. 2018, arXiv 1802.03133), as released.

Mean and variance of a layer are a blend of what its own few images show and of what
the layer below lets expect. The algorithm is that of the released code
(wanggrun/Kalman-Normalization at 77fb650); whether the paper's gain, transition and
noise are learned is uncertain: here, as there, the gain is a constant.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from normlab.layers.batch import batch_norm, check_batch
from normlab.layers.door import check_rank, normalize_with, without_autocast
from normlab.layers.formula import moments, per_channel
from normlab.layers.module import TrackingNormalizer, update_running
from normlab.layers.prior import Moments, expected, rule, sampled

IMPLAUSIBLE = 100  # times the variance seen: such a prior is left aside


def fuse(prior: Moments, observed: Moments, weight: float) -> Moments:
    """Return mean and variance of a mixture: ``weight`` prior, the rest observed.

    mean = p m0 + (1 - p) m,  var = p v0 + (1 - p) v + p (1 - p) (m - m0)^2;
    1 - p is the Kalman gain.

    Shape:
        prior and observed: (mean, variance), all of like shape
    """
    (m0, v0), (m, v) = prior, observed
    between = weight * (1 - weight) * (m - m0).square()
    return weight * m0 + (1 - weight) * m, weight * v0 + (1 - weight) * v + between


def fuse_plausible(prior: Moments, observed: Moments, weight: float) -> Moments:
    """Return ``fuse``, or what is observed where the prior is far too wide.

    One decision a layer: the ratio of the variances, averaged over parts and channels,
    has to be below 100. A channel whose variance is 0 makes it infinite.
    """
    ratio = (prior[1].detach() / observed[1].detach()).mean()
    fused = fuse(prior, observed, weight)
    chosen = zip(fused, observed, strict=True)
    return tuple(torch.where(ratio < IMPLAUSIBLE, f, o) for f, o in chosen)


@dataclass
class Handed:
    """What a layer leaves for the next: statistics (parts, C), and of what maps."""

    statistics: Moments
    maps: torch.Size
    dtype: torch.dtype


@dataclass
class Link:
    """The layer below and the modules between; not a module, so none counts twice."""

    below: "KalmanNorm"
    between: Sequence[nn.Module]


class KalmanNorm(TrackingNormalizer):
    """Batch normalization that blends in what the layer below lets expect.

    The batch is cut into parts with statistics of their own. In training the layer
    below hands on its blended statistics; from them comes a prior, for which one
    random map a part passes the modules between (see ``prior.sampled``; ``expected``
    with ``closed_form``); prior and own statistics are blended by ``fuse_plausible``.
    Gradients pass all of it. Maps are drawn from the statistics of what the layer
    below is given, not from those of its output: as released.

    ``normlab.models.link_kalman`` says which layer is below. A layer without one, such
    as the first, or any that is not linked, is batch normalization part by part.

    The running statistics remember the blended ones of the first part alone, the
    variance without n/(n-1) (in the released code the first layer has that factor).
    Evaluation uses them and no prior.

    Args:
        num_features: C, the number of channels.
        eps: added to the variance, inside the square root.
        momentum: weight of the newest batch in the running statistics; None
            keeps the plain average of all batches seen.
        affine: learn gamma (``weight``, starts at 1) and beta (``bias``, at 0).
        track_running_stats: keep running statistics; without them evaluation
            does what training does.
        device: where the parameters and buffers live.
        dtype: their type.
        bias: False learns gamma alone.
        prior_weight: p, the share of the prior, from 0 to 1. Released with 0.9 where
            2 images share statistics, and 0.05 where 128 do.
        ghost_size: images that share statistics; None takes the whole batch.
        closed_form: compute the prior instead of drawing it; ours, not released.

    Raises:
        ValueError: an argument out of range; a batch that is larger than ``ghost_size``
            and no multiple of it; a part with one value per channel.
        RuntimeError: the layer below was not called before this one.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
        prior_weight: float = 0.9,
        ghost_size: int | None = None,
        closed_form: bool = False,
    ) -> None:
        memory = (momentum, affine, track_running_stats)
        super().__init__(num_features, eps, *memory, device, dtype, bias=bias)
        if not 0 <= prior_weight <= 1:
            raise ValueError(f"prior_weight is {prior_weight}; it must be from 0 to 1")
        if ghost_size is not None and ghost_size < 1:
            raise ValueError(f"ghost_size is {ghost_size}; it must be at least 1")
        self.prior_weight, self.ghost_size = prior_weight, ghost_size
        self.closed_form = closed_form
        self.every_part = False  # to remember; recomputing asks for it
        self.unlink()

    def unlink(self) -> None:
        """Forget the layers below and above."""
        self._link: Link | None = None
        self._followed = False
        self._handed: Handed | None = None

    def link(self, below: "KalmanNorm", between: Sequence[nn.Module]) -> None:
        """Take the prior from the layer ``below``, through the modules between.

        Raises:
            TypeError: the prior has no closed form there, and one is asked for.
            ValueError: the two cut a batch into other parts.
        """
        if below.ghost_size != self.ghost_size:
            raise ValueError(
                f"ghost_size is {below.ghost_size} below and {self.ghost_size} here; "
                "a part needs its own prior, so give both the same"
            )
        if self.closed_form:
            for layer in between:
                rule(layer)
        self._link, below._followed = Link(below, tuple(between)), True

    def forward(self, input: Tensor) -> Tensor:
        """Normalize ``input`` (N, C, *), in training part by part."""
        check_rank(input)
        if not self.training and self.running_mean is not None:
            running = (self.running_mean, self.running_var)
            self._hand_on(tuple(s[None] for s in running), input)
            return batch_norm(input, *running, self.weight, self.bias, eps=self.eps)
        size = self._part_size(len(input))
        self._check(input[:size])
        parts = input.unflatten(0, (len(input) // size if size else 1, size))
        prior = self._prior(len(parts))

        def statistics(x: Tensor) -> Moments:
            axes = [d for d in range(x.dim()) if d not in (0, 2)]
            kept = moments(x, axes)  # (parts, 1, C, 1, ...)
            found = tuple(s.flatten(1) for s in kept)
            if prior is not None:
                found = fuse_plausible(prior, found, self.prior_weight)
            self._remember(found, x.numel())
            self._hand_on(found, input)
            return tuple(s.view_as(kept[0]) for s in found)

        learned = (per_channel(p, input) for p in (self.weight, self.bias))
        return normalize_with(parts, statistics, *learned, self.eps).flatten(0, 1)

    def _part_size(self, images: int) -> int:
        size = self.ghost_size
        if size is None or images <= size:
            return images
        if images % size:
            raise ValueError(
                f"a batch of {images} is no multiple of ghost_size={size}: drop the "
                "last batch (drop_last=True), or take another size"
            )
        return size

    def _check(self, part: Tensor) -> None:
        kept = (self.running_mean, self.running_var)
        running = kept if self.training and self.track_running_stats else (None, None)
        check_batch(part, *running, self.weight, self.bias, True, self.eps)

    def _prior(self, parts: int) -> Moments | None:
        """Return what to expect, (parts, C) each; None without a layer below."""
        if self._link is None:
            return None
        handed, self._link.below._handed = self._link.below._handed, None
        if handed is None:
            raise RuntimeError(
                "the layer below has not been called: call the whole model, or link "
                "its layers anew (link_kalman)"
            )
        mean, var = (s.expand(parts, -1) for s in handed.statistics)
        given = (mean, var, handed.maps, self._link.between)
        if self.closed_form:
            with without_autocast(mean):
                return expected(*given)
        return sampled(*given, handed.dtype)

    def _remember(self, fused: Moments, values: int) -> None:
        """Move the running statistics towards those of the first part, or of all."""
        if self.training and self.track_running_stats:
            momentum = self.count_batch()
            if values:  # of nothing nothing is learned
                mean, var = (s.mean(0) if self.every_part else s[0] for s in fused)
                update_running(self.running_mean, mean, momentum)
                update_running(self.running_var, var, momentum)

    def _hand_on(self, statistics: Moments, input: Tensor) -> None:
        if self._followed:
            self._handed = Handed(statistics, input.shape[2:], input.dtype)

    def __getstate__(self) -> dict[str, object]:
        """Copies and files do without what waits for the next layer, and its graph."""
        return self.__dict__ | {"_handed": None}

    def settings(self) -> dict[str, object]:
        """Return what ``print`` shows of the layer, besides ``num_features``."""
        return super().settings() | {
            "prior_weight": self.prior_weight,
            "ghost_size": self.ghost_size,
            "closed_form": self.closed_form,
        }
