"""Batch renormalization (Ioffe 2017, arXiv 1702.03275, Algorithm 1).

With mean mu_B and deviation sigma_B = sqrt(var_B + eps) of the batch, and the running
mu and sigma as they were before it,

    r = clip(sigma_B / sigma, 1 / r_max, r_max)
    d = clip((mu_B - mu) / sigma, -d_max, d_max)
    y = gamma * ((x - mu_B) / sigma_B * r + d) + beta

r and d are constants to the gradient. Evaluation is gamma * (x - mu) / sigma + beta;
where nothing is clipped, training has the same output.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real

import torch
from torch import Tensor

from normlab.layers.batch import check_momentum
from normlab.layers.door import (
    check_eps,
    check_input,
    check_parameters,
    check_rank,
    full,
    normalize_with,
)
from normlab.layers.formula import moments, per_channel
from normlab.layers.module import TrackingNormalizer

Limit = float | Tensor  # a number, or a tensor without axes
# Batches seen before this one, a tensor without axes -> (r_max, d_max)
Limits = Callable[[Tensor], tuple[Limit, Limit]]
Pair = tuple[Tensor, Tensor]
PAPERS_STEPS = 160_000  # how long the paper trains; from memory


@torch.no_grad()
def corrections(
    mean: Tensor,
    std: Tensor,
    running_mean: Tensor,
    running_std: Tensor,
    r_max: Limit,
    d_max: Limit,
) -> tuple[Tensor, Tensor]:
    """Return r and d, which take a batch's statistics towards the running ones."""
    r = (std / running_std).clamp(1 / r_max, r_max)
    d = ((mean - running_mean) / running_std).clamp(-d_max, d_max)
    return r, d


def batch_renorm(
    input: Tensor,
    running_mean: Tensor,
    running_std: Tensor,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.01,
    eps: float = 1e-3,
    r_max: Limit = 1.0,
    d_max: Limit = 0.0,
) -> Tensor:
    """Normalize each channel by the batch, corrected towards what is remembered.

    In training the running statistics move towards the batch's in place, after r and d
    are taken. The running one is a deviation with ``eps`` in it, of the biased
    variance. With ``r_max`` 1 and ``d_max`` 0 it is batch normalization. Half precision
    is computed in float32.

    Shape:
        input (N, C, *), the statistics and parameters (C,) -> (N, C, *)

    Raises:
        ValueError: one value per channel in training, where no gradient would be left;
            ``r_max`` below 1 or ``d_max`` below 0; ``eps`` negative, or 0 in training.
        RuntimeError: wrong number of channels, or mixed dtypes.
        NotImplementedError: the input is not real floating point.
        TypeError: ``momentum`` is no number in training.
    """
    memory, learned = (running_mean, running_std), (weight, bias)
    _check(input, memory, learned, training, eps)
    if training:
        check_momentum(momentum)
        _check_limits(r_max, d_max)
        return _in_parts(input, memory, learned, [momentum], eps, (r_max, d_max))

    def remembered(x: Tensor) -> tuple[Tensor, Tensor]:
        mean, std = (per_channel(m.to(x.dtype), x) for m in memory)
        return mean, std.square()

    learned = (per_channel(p, input) for p in learned)
    return normalize_with(input, remembered, *learned, eps=0.0)


def _in_parts(
    input: Tensor,
    memory: Pair,
    learned: tuple[Tensor | None, Tensor | None],
    momenta: Sequence[float],
    eps: float,
    limits: tuple[Limit, Limit],
) -> Tensor:
    """Normalize as many equal parts of a batch as there are ``momenta``.

    Each has its own statistics and moves the memory once, in order.
    """
    split = input.unflatten(0, (len(momenta), len(input) // len(momenta)))
    weights = momenta if input.numel() else [0.0] * len(momenta)  # of nothing, nothing

    def statistics(x: Tensor) -> Pair:
        axes = [d for d in range(x.dim()) if d not in (0, 2)]
        mean, var = moments(x, axes)  # (parts, 1, C, 1, ...)
        var = var + eps
        std = var.sqrt()
        before = _remember(memory, (mean.flatten(1), std.flatten(1)), weights)
        before = (b.view(mean.shape) for b in before)
        r, d = corrections(mean, std, *before, *limits)
        # (x - mean) / std * r + d, as the one formula has it: a centre and a variance
        return mean - d * std / r, var / r.square()

    learned = (per_channel(p, input) for p in learned)
    return normalize_with(split, statistics, *learned, eps=0.0).flatten(0, 1)


@torch.no_grad()
def _remember(memory: Pair, new: Pair, momenta: Sequence[float]) -> list[Tensor]:
    """Move each running (C,) in place as each row of its new (parts, C) would.

    Returned is each as it was before each part, (parts, C).
    """
    before = []
    weights = _weights(new[0].new_tensor([1.0, *momenta]))
    for running, rows in zip(memory, new, strict=True):
        states = weights @ torch.cat([running.to(rows.dtype)[None], rows])
        running.copy_(states[-1])
        before.append(states[:-1])
    return before


def _weights(momenta: Tensor) -> Tensor:
    """Return what each value weighs in each state of a running average.

    State i is (1 - momentum i) * state i-1 + momentum i * value i: value j weighs
    momentum j in state j, and 1 - momentum of that in each one after.

    Shape:
        momenta (K,) -> (states K, values K)
    """
    ones = momenta.new_ones(len(momenta), len(momenta))
    kept = (1 - momenta)[:, None] * ones.tril(-1) + ones.triu()
    return kept.cumprod(0).tril() * momenta


def _check(input: Tensor, memory: Pair, learned, training: bool, eps: float) -> None:
    check_input(input)
    check_eps(eps, positive=training)
    names = ("running_mean", "running_std", "weight", "bias")
    given = dict(zip(names, (*memory, *learned), strict=True))
    check_parameters(input, input.shape[1:2], **given)
    if training and input.numel() == input.shape[1] > 0:
        raise ValueError(
            "Expected more than 1 value per channel when training, got input size "
            f"{tuple(input.shape)}: x - mean is 0 there, and the gradient too; take a "
            "larger batch, or larger parts of it"
        )


def _check_limits(r_max: Limit, d_max: Limit) -> None:
    """Raise where the limits leave nothing between; tensors are not looked into."""
    for name, value, least in (("r_max", r_max, 1), ("d_max", d_max, 0)):
        if isinstance(value, Real) and not value >= least:
            raise ValueError(f"{name} is {value}; it must be at least {least}")


@dataclass(frozen=True)
class RenormLimits:
    """r_max from 1 to 3 and d_max from 0 to 5, each along a line.

    Args:
        first: batches until which both stay: batch normalization.
        d_full: batches at which d_max is 5.
        r_full: batches at which r_max is 3.
    """

    first: float = 5_000
    d_full: float = 25_000
    r_full: float = 40_000

    def __call__(self, seen: int | Tensor) -> tuple[Tensor, Tensor]:
        """Return (r_max, d_max) after so many batches."""
        after = torch.as_tensor(seen) - self.first
        r, d = (
            (after / (full - self.first)).clamp(0, 1)
            for full in (self.r_full, self.d_full)
        )
        return 1 + 2 * r, 5 * d


def renorm_limits(steps: int | None = None) -> RenormLimits:
    """Return the paper's limits, or the same in proportion to a run of ``steps``.

    The paper's stand in its section 4: batch normalization for 5,000 steps, d_max 5 at
    25,000 and r_max 3 at 40,000. That its training has about 160,000 is from memory.

    Raises:
        ValueError: ``steps`` is not positive.
    """
    if steps is None:
        return RenormLimits()
    if steps <= 0:
        raise ValueError(f"steps is {steps}; give the updates of the run, at least 1")
    share = steps / PAPERS_STEPS
    return RenormLimits(5_000 * share, 25_000 * share, 40_000 * share)


class BatchRenorm(TrackingNormalizer):
    """Batch renormalization for (N, C), (N, C, L), (N, C, H, W) and (N, C, D, H, W).

    It remembers a mean and a deviation, ``running_std``, always: without them r and d
    have nothing to compare with. ``num_batches_tracked`` counts batches, not parts,
    since the limits are a schedule of updates.

    Args:
        num_features: C, the number of channels.
        eps: added to the variance, inside the square root.
        momentum: weight of the newest part in the running statistics; None keeps the
            plain average, in which each batch counts alike.
        affine: learn gamma (``weight``, starts at 1) and beta (``bias``, at 0).
        device: where the parameters and buffers live.
        dtype: their type.
        bias: False learns gamma alone.
        ghost_size: examples that share statistics in training, as in
            ``GhostBatchNorm``; a smaller rest joins the last part. None: the batch.
        limits: batches seen -> (r_max, d_max); ``renorm_limits()`` unless given.

    Raises:
        ValueError: ``ghost_size`` is below 1; the input has fewer than 2 or more than 5
            dimensions, or a part has one value per channel.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-3,
        momentum: float | None = 0.01,
        affine: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
        ghost_size: int | None = None,
        limits: Limits | None = None,
    ) -> None:
        made = {"device": device, "dtype": dtype}
        super().__init__(num_features, eps, momentum, affine, **made, bias=bias)
        if ghost_size is not None and ghost_size < 1:
            raise ValueError(f"ghost_size is {ghost_size}; it must be at least 1")
        del self.running_var
        self.register_buffer("running_std", torch.ones(num_features, **made))
        self.ghost_size = ghost_size
        self.limits = renorm_limits() if limits is None else limits

    def forward(self, input: Tensor) -> Tensor:
        """Normalize ``input`` (N, C, *); in training part by part."""
        check_rank(input)
        memory, learned = (
            (self.running_mean, self.running_std),
            (self.weight, self.bias),
        )
        if not self.training:
            return batch_renorm(input, *memory, *learned, eps=self.eps)
        size = self.ghost_size or max(1, len(input))
        _check(input[:size], memory, learned, True, self.eps)
        limits = self.limits(self.num_batches_tracked)
        _check_limits(*limits)
        parts = max(1, len(input) // size)
        equal = parts if len(input) == parts * size else parts - 1
        momenta, end = self._count_parts(parts), equal * size
        pieces = ((input[:end], momenta[:equal]), (input[end:], momenta[equal:]))
        exact = [full(m) for m in memory]  # rounded once, also where it moves twice
        done = [
            _in_parts(piece, exact, learned, weights, self.eps, limits)
            for piece, weights in pieces
            if weights
        ]
        for kept, moved in zip(memory, exact, strict=True):
            kept.copy_(moved)
        return done[0] if len(done) == 1 else torch.cat(done)

    def _count_parts(self, parts: int) -> list[float]:
        """Count a batch and return the weight that each of its parts gets."""
        newest = self.count_batch()
        if self.momentum is not None:
            return [newest] * parts
        before = (float(self.num_batches_tracked) - 1) * parts
        return [1 / (before + part) for part in range(1, parts + 1)]

    @torch.no_grad()
    def reset_running_stats(self) -> None:
        """Forget the batches seen: mean 0, deviation 1, count 0."""
        self.running_mean.zero_()
        self.running_std.fill_(1)
        self.num_batches_tracked.zero_()

    def settings(self) -> dict[str, object]:
        """Return what ``print`` shows of the layer, besides ``num_features``."""
        shown = super().settings() | {
            "ghost_size": self.ghost_size,
            "limits": self.limits,
        }
        del shown["track_running_stats"]
        return shown
