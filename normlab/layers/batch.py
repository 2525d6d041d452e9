"""Batch normalization (Ioffe and Szegedy 2015, arXiv 1502.03167, Algorithm 1).

Three calls that can be read aloud: ``batch_stats``, ``normalize``,
``update_running``. Names, order and defaults of public arguments are PyTorch's.
"""

from numbers import Real

import torch
from torch import Tensor

from normlab.layers import formula
from normlab.layers.door import (
    check_eps,
    check_input,
    check_parameters,
    check_rank,
    normalize_with,
)
from normlab.layers.formula import per_channel
from normlab.layers.module import TrackingNormalizer, update_running


def batch_stats(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance of each channel.

    Shape:
        x (N, C, *) -> mean (C,), var (C,)
    """
    axes = [d for d in range(x.dim()) if d != 1]
    mean, var = formula.moments(x, axes)
    return mean.flatten(), var.flatten()


def normalize(
    x: Tensor,
    mean: Tensor,
    var: Tensor,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Return ``(x - mean) / sqrt(var + eps) * weight + bias`` per channel.

    Shape:
        x (N, C, *), the rest (C,) -> (N, C, *)
    """
    given = (per_channel(v, x) for v in (mean, var, weight, bias))
    return formula.normalize(x, *given, eps)


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each channel, as ``torch.nn.functional.batch_norm`` does.

    In training the batch's own statistics are used, and the running ones move
    towards them in place; the running variance receives the unbiased estimate,
    n/(n-1) times the one that normalizes. Half precision is computed in float32.

    Shape:
        input (N, C, *), the statistics and parameters (C,) -> (N, C, *)

    Raises:
        ValueError: one value per channel in training, only one of the running
            statistics given, or ``eps`` negative, or 0 in training.
        RuntimeError: wrong number of channels, mixed dtypes, or no running
            statistics outside training.
        NotImplementedError: the input is not real floating point.
        TypeError: ``momentum`` is no number where running statistics would move.
    """
    check_batch(input, running_mean, running_var, weight, bias, training, eps)
    if training and running_mean is not None:
        check_momentum(momentum)

    def statistics(x: Tensor) -> tuple[Tensor, Tensor]:
        if not training:
            mean, var = running_mean.to(x.dtype), running_var.to(x.dtype)
        else:
            mean, var = batch_stats(x)
            if running_mean is not None and x.numel():  # of nothing nothing is learned
                n = x.numel() // x.shape[1]  # values per channel: N, or N * H * W
                update_running(running_mean, mean, momentum)
                update_running(running_var, var * (n / (n - 1)), momentum)
        return per_channel(mean, x), per_channel(var, x)

    learned = (per_channel(p, input) for p in (weight, bias))
    return normalize_with(input, statistics, *learned, eps)


def check_batch(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,
    eps: float,
) -> None:
    """Raise what PyTorch raises, so that a mistake shows the same face here."""
    check_input(input)
    check_eps(eps, positive=training)
    given = (running_mean is not None) + (running_var is not None)
    if training and given == 1:
        raise ValueError("running_mean and running_var: give both or neither")
    if not training and given < 2:
        raise RuntimeError("running_mean and running_var are needed in evaluation mode")
    channels = input.shape[1:2]
    check_parameters(
        input,
        channels,
        running_mean=running_mean,
        running_var=running_var,
        weight=_vector(weight, channels),
        bias=_vector(bias, channels),
    )
    if training and input.numel() == input.shape[1] > 0:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size "
            f"{tuple(input.shape)}: take a larger batch, drop the last one, or call "
            "eval()"
        )


def _vector(parameter: Tensor | None, channels: torch.Size) -> Tensor | None:
    """Return gamma or beta as one vector: as in PyTorch, (1, C, 1, 1) will do too."""
    fits = parameter is not None and parameter.numel() == channels.numel()
    return parameter.reshape(channels) if fits else parameter


def check_momentum(momentum: float) -> None:
    """Raise unless ``momentum`` is a number."""
    if not isinstance(momentum, Real):
        raise TypeError(
            f"momentum is {momentum!r}; give a number from 0 to 1 (a module also "
            "takes None, for the plain average)"
        )


class BatchNorm(TrackingNormalizer):
    """Batch normalization for (N, C), (N, C, L), (N, C, H, W) and (N, C, D, H, W).

    One class for ``torch.nn.BatchNorm1d``, ``2d`` and ``3d``: the same arguments,
    the same state_dict, the same behaviour in training and evaluation. It does not
    inherit from them, so PyTorch's helpers that look for their type pass over it
    without a word: in the place of ``torch.optim.swa_utils.update_bn`` call
    ``normlab.evaluation.recompute_running``; before
    ``torch.nn.SyncBatchNorm.convert_sync_batchnorm`` put PyTorch's layers in, with
    ``normlab.models.to_torch``.

    Args:
        num_features: C, the number of channels.
        eps: added to the variance, inside the square root.
        momentum: weight of the newest batch in the running statistics; None
            keeps the plain average of all batches seen.
        affine: learn gamma (``weight``, starts at 1) and beta (``bias``, at 0).
        track_running_stats: keep running statistics; without them evaluation
            uses the batch's own.
        device: where the parameters and buffers live.
        dtype: their type.
        bias: False learns gamma alone.

    Raises:
        ValueError: the input has fewer than 2 or more than 5 dimensions, or
            one value per channel in training.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalize ``input`` (N, C, *); in training also move the running stats."""
        check_rank(input)
        update = self.training and self.track_running_stats
        # As in PyTorch: without running statistics evaluation takes the batch's.
        use_batch = self.training or self.running_mean is None
        pass_running = update or not use_batch
        return batch_norm(
            input,
            self.running_mean if pass_running else None,
            self.running_var if pass_running else None,
            self.weight,
            self.bias,
            use_batch,
            self.count_batch() if update else 0.0,
            self.eps,
        )
