"""Ghost batch normalization (Hoffer, Hubara and Soudry 2017, arXiv 1705.08741)."""

import torch
from torch import Tensor

from normlab.layers.batch import BatchNorm, check_batch
from normlab.layers.door import check_rank, normalize_with
from normlab.layers.formula import moments, per_channel


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
        check_rank(input)
        parts = len(input) // self.ghost_size
        if not self.training or parts < 2:
            return super().forward(input)
        if len(input) % self.ghost_size == 0:
            return self._equal_parts(input, parts)
        equal = (parts - 1) * self.ghost_size
        first = self._equal_parts(input[:equal], parts - 1)
        return torch.cat([first, super().forward(input[equal:])])

    def _equal_parts(self, input: Tensor, parts: int) -> Tensor:
        """Do all parts at once: for small ones a loop would take most of the time."""
        running = (self.running_mean, self.running_var)
        if not self.track_running_stats:
            running = (None, None)
        part = input[: self.ghost_size]
        check_batch(part, *running, self.weight, self.bias, True, self.eps)
        n = part.numel() // part.shape[1]

        def statistics(x: Tensor) -> tuple[Tensor, Tensor]:
            axes = [d for d in range(x.dim()) if d not in (0, 2)]
            mean, var = moments(x, axes)  # (parts, 1, C, 1, ...)
            if running[0] is not None:
                momenta = [self.count_batch() for _ in range(parts)]
                if x.numel():  # of nothing nothing is learned
                    unbiased = var * (n / (n - 1))
                    for memory, new in zip(running, (mean, unbiased), strict=True):
                        _update_one_by_one(memory, new.flatten(1), momenta)
            return mean, var

        split = input.unflatten(0, (parts, self.ghost_size))
        learned = (per_channel(p, input) for p in (self.weight, self.bias))
        return normalize_with(split, statistics, *learned, self.eps).flatten(0, 1)

    def settings(self) -> dict[str, object]:
        """Return what ``print`` shows of the layer, besides ``num_features``."""
        return super().settings() | {"ghost_size": self.ghost_size}


@torch.no_grad()
def _update_one_by_one(running: Tensor, new: Tensor, momenta: list[float]) -> None:
    """Move ``running`` (C,) in place as each row of ``new`` (parts, C) would."""
    kept, weights = 1.0, []
    for momentum in reversed(momenta):
        weights.insert(0, kept * momentum)
        kept *= 1 - momentum
    running.copy_(kept * running.to(new.dtype) + new.new_tensor(weights) @ new)
