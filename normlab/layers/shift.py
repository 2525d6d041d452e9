"""A layer that shifts what it is given, at random: covariate shift made on purpose."""

import torch
from torch import Tensor, nn


class RandomShift(nn.Module):
    """Gives each channel another scale and mean at every step of training.

    In training ``x exp(u) + v``, with u and v uniform between ``-strength`` and
    ``strength``, drawn anew for each channel and call; in evaluation x as it is. After
    an experiment of Santurkar et al. 2018, whose noise has other distributions.

    Args:
        strength: 0 leaves everything as it is.

    Shape:
        (N, C, *) -> the same

    Raises:
        ValueError: ``strength`` is negative.
    """

    def __init__(self, strength: float) -> None:
        super().__init__()
        if not strength >= 0:
            raise ValueError(f"strength is {strength}; it must be 0 or more")
        self.strength = strength

    def forward(self, input: Tensor) -> Tensor:
        """Shift the channels, in training."""
        if not self.training or self.strength == 0:
            return input
        shape = (2, 1, input.shape[1], *[1] * (input.dim() - 2))
        drawn = torch.rand(shape, dtype=input.dtype, device=input.device)
        scale, mean = self.strength * (2 * drawn - 1)
        return input * scale.exp() + mean

    def extra_repr(self) -> str:
        """Return the strength, as ``repr`` shows it."""
        return f"strength={self.strength}"
