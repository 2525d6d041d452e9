"""Batch normalization (Ioffe and Szegedy 2015, arXiv 1502.03167, Algorithm 1).

Three calls that can be read aloud: ``batch_stats``, ``normalize``,
``update_running``. Names, order and defaults of public arguments are PyTorch's.
"""

import torch
from torch import Tensor, nn

from normlab.layers.arguments import check_arguments


def batch_stats(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance of each channel.

    ``var_mean`` and not E[x^2] - E[x]^2, which cancels once the mean is some
    thousand times the spread, nor the plain two passes, which fail at a million.

    Shape:
        x (N, C, *) -> mean (C,), var (C,)
    """
    axes = [d for d in range(x.dim()) if d != 1]
    var, mean = torch.var_mean(x, axes, correction=0)
    return mean, var


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
    per_channel = (1, -1) + (1,) * (x.dim() - 2)  # (C,) -> (1, C, 1, 1)
    scale = torch.rsqrt(var + eps)
    if weight is not None:
        scale = scale * weight
    y = (x - mean.view(per_channel)) * scale.view(per_channel)
    return y if bias is None else y + bias.view(per_channel)


@torch.no_grad()
def update_running(running: Tensor, new: Tensor, momentum: float) -> None:
    """Move ``running`` in place: (1 - momentum) * running + momentum * new."""
    # One rounding, also where running is in half precision and new in float32.
    running.copy_((1 - momentum) * running.to(new.dtype) + momentum * new)


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
            statistics given, or ``eps`` not positive in training.
        RuntimeError: wrong number of channels, mixed dtypes, or no running
            statistics outside training.
        NotImplementedError: the input is not real floating point.
    """
    parameters = {
        "running_mean": running_mean,
        "running_var": running_var,
        "weight": weight,
        "bias": bias,
    }
    check_arguments(input, parameters, training, eps)
    half = input.dtype in (torch.float16, torch.bfloat16)
    x = input.float() if half else input
    if not training:
        mean, var = running_mean.to(x.dtype), running_var.to(x.dtype)
    elif x.numel() == 0:  # nothing to normalize, nothing to learn from
        mean, var = x.new_zeros(x.shape[1]), x.new_ones(x.shape[1])
    else:
        mean, var = batch_stats(x)
        if running_mean is not None:
            n = x.numel() // x.shape[1]  # values per channel: N, or N * H * W
            update_running(running_mean, mean, momentum)
            update_running(running_var, var * (n / (n - 1)), momentum)
    return normalize(x, mean, var, weight, bias, eps).to(input.dtype)


class BatchNorm(nn.Module):
    """Batch normalization for (N, C), (N, C, L), (N, C, H, W) and (N, C, D, H, W).

    One class for ``torch.nn.BatchNorm1d``, ``2d`` and ``3d``: the same arguments,
    the same state_dict, the same behaviour in training and evaluation.

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

    Raises:
        ValueError: the input has fewer than 2 or more than 5 dimensions, or
            one value per channel in training.
    """

    _version = 2  # as PyTorch's: version 2 added num_batches_tracked

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        made = {"device": device, "dtype": dtype}
        # learned by gradient descent
        gamma = nn.Parameter(torch.ones(num_features, **made)) if affine else None
        beta = nn.Parameter(torch.zeros(num_features, **made)) if affine else None
        self.register_parameter("weight", gamma)
        self.register_parameter("bias", beta)
        # remembered from the batches seen
        track = track_running_stats
        mean = torch.zeros(num_features, **made) if track else None
        var = torch.ones(num_features, **made) if track else None
        seen = torch.zeros((), dtype=torch.long, device=device) if track else None
        self.register_buffer("running_mean", mean)
        self.register_buffer("running_var", var)
        self.register_buffer("num_batches_tracked", seen)

    @property
    def gamma(self) -> nn.Parameter | None:
        """The learned scale, ``weight`` in PyTorch's words; shape (C,)."""
        return self.weight

    @property
    def beta(self) -> nn.Parameter | None:
        """The learned shift, ``bias`` in PyTorch's words; shape (C,)."""
        return self.bias

    def forward(self, input: Tensor) -> Tensor:
        """Normalize ``input`` (N, C, *); in training also move the running stats."""
        if not 2 <= input.dim() <= 5:
            raise ValueError(f"expected 2D to 5D input (got {input.dim()}D input)")
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
            self._count_batch() if update else 0.0,
            self.eps,
        )

    def _count_batch(self) -> float:
        """Count the batch and return the weight that its statistics get."""
        seen = self.num_batches_tracked
        if seen is not None:
            seen.add_(1)
        if self.momentum is not None:
            return self.momentum
        return 0.0 if seen is None else 1.0 / float(seen)

    @torch.no_grad()
    def reset_running_stats(self) -> None:
        """Forget the batches seen: mean 0, variance 1, count 0."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Reset the running statistics, gamma to 1 and beta to 0."""
        self.reset_running_stats()
        if self.affine:
            self.weight.fill_(1)
            self.bias.zero_()

    def _load_from_state_dict(self, state_dict, prefix, metadata, *rest) -> None:
        key = prefix + "num_batches_tracked"
        old = (metadata.get("version") or 0) < 2
        if old and self.track_running_stats and key not in state_dict:
            seen = self.num_batches_tracked
            usable = seen is not None and seen.device.type != "meta"
            state_dict[key] = seen if usable else torch.tensor(0)
        super()._load_from_state_dict(state_dict, prefix, metadata, *rest)

    def extra_repr(self) -> str:
        """Show the settings, as ``print`` does for PyTorch's layers."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, track_running_stats={self.track_running_stats}"
        )
