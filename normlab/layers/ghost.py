"""Ghost batch normalization (Hoffer, Hubara and Soudry 2017, arXiv 1705.08741)."""

import torch
from torch import Tensor

from normlab.layers.batch import BatchNorm
from normlab.layers.standardize import scale_and_shift, standardize


class GhostBatchNorm(BatchNorm):
    """Batch normalization over parts of the batch, each with its own statistics.

    It tells two batch sizes apart: the gradient averages over the whole batch, the
    statistics come from ``ghost_size`` examples. Evaluation is ``BatchNorm``'s. Each
    part moves the running statistics once, in order; a smaller rest joins the last
    part.

    Args:
        num_features: C, the number of channels.
        ghost_size: examples that share statistics in training.
        options: of ``BatchNorm``.

    Raises:
        ValueError: ``ghost_size`` is below 1, or a part has one value per channel.
    """

    def __init__(self, num_features: int, ghost_size: int = 16, **options) -> None:
        super().__init__(num_features, **options)
        if ghost_size < 1:
            raise ValueError(f"ghost_size is {ghost_size}; it must be at least 1")
        self.ghost_size = ghost_size

    def forward(self, input: Tensor) -> Tensor:
        """Normalize ``input`` (N, C, *), part by part in training."""
        parts = len(input) // self.ghost_size
        if not self.training or parts < 2:
            return super().forward(input)
        if len(input) % self.ghost_size == 0:
            return self._equal_parts(input, parts)
        equal = (parts - 1) * self.ghost_size
        first = self._equal_parts(input[:equal], parts - 1)
        return torch.cat([first, super().forward(input[equal:])])

    def _equal_parts(self, x: Tensor, parts: int) -> Tensor:
        """Do all parts at once: for small ones a loop would take most of the time."""
        split = x.unflatten(0, (parts, self.ghost_size))  # (parts, ghost_size, C, *)
        axes = [d for d in range(split.dim()) if d not in (0, 2)]
        n = split[0].numel() // x.shape[1]
        if n == 1:
            return super().forward(x[:1])  # raises, with the remedy
        y, mean, var = standardize(split, axes, self.eps)
        if self.track_running_stats:
            mean, var = mean.flatten(1), var.flatten(1)  # (parts, C)
            self._remember(mean.detach(), var.detach() * (n / (n - 1)))
        return scale_and_shift(y.flatten(0, 1), self.weight, self.bias)

    @torch.no_grad()
    def _remember(self, mean: Tensor, var: Tensor) -> None:
        """Move the running statistics as (parts, C) of them would, one by one."""
        kept, weights = 1.0, []
        momenta = [self._count_batch() for _ in range(len(mean))]
        for momentum in reversed(momenta):
            weights.insert(0, kept * momentum)
            kept *= 1 - momentum
        share = mean.new_tensor(weights)
        self.running_mean.mul_(kept).add_(share @ mean)
        self.running_var.mul_(kept).add_(share @ var)

    def extra_repr(self) -> str:
        """Show the settings, as ``print`` does for PyTorch's layers."""
        return f"{super().extra_repr()}, ghost_size={self.ghost_size}"
