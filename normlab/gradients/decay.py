"""Weight decay of chosen weights: what an optimizer does, for a part of them."""

from collections.abc import Iterable

import torch
from torch import nn


class WeightDecay:
    """Adds ``decay * w`` to gradients: ``transform(step, model, batch, loss)``.

    As ``torch.optim.SGD`` does for all that it is given (L2 regularization, coupled).

    Args:
        weights: which ones.
        decay: of them.

    Raises:
        ValueError: ``decay`` is negative.
    """

    def __init__(self, weights: Iterable[nn.Parameter], decay: float) -> None:
        if not decay >= 0:
            raise ValueError(f"decay is {decay}; it must be 0 or more")
        self.weights, self.decay = list(weights), decay

    @torch.no_grad()
    def __call__(self, step: int, model: nn.Module, batch, loss) -> None:
        """Add the decay to the gradients that are there, in place."""
        for weight in self.weights:
            if weight.grad is not None:
                weight.grad.add_(weight, alpha=self.decay)
