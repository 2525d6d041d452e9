"""How long weights get, and how far updates turn them, for gradients of one size."""

from dataclasses import dataclass
from math import atan2, sqrt


@dataclass(frozen=True)
class Settling:
    """Weights before a normalizer, whose gradients are at right angles to them.

    Gradients of different updates have nothing to do with each other; the length of
    one is ``strength`` over that of the weights.

    Args:
        rate: learning rate.
        decay: of the weights.
        momentum: as PyTorch's SGD has it.
        length: of the weights at first.
        strength: the gradient's length where the weights have length 1.
    """

    rate: float
    decay: float
    momentum: float
    length: float
    strength: float

    @property
    def angle(self) -> float:
        """Where the angle of an update settles, in radians (Wan et al. 2021)."""
        return sqrt(2 * self.rate * self.decay / (1 + self.momentum))

    def follow(self, updates: int, every: int) -> tuple[list[float], list[float]]:
        """Return the length and the angle, in radians, at each so many-th update.

        Three numbers are followed, on average over the gradients: the squared lengths
        of the weights and of what momentum keeps, and the product of the two.
        """
        weights, kept, product = self.length**2, 0.0, 0.0
        lengths, angles = [], []
        for update in range(1, updates + 1):
            pushed = self.momentum * product + self.decay * weights
            kept = (
                self.momentum**2 * kept
                + 2 * self.momentum * self.decay * product
                + self.decay**2 * weights
                + self.strength**2 / weights
            )
            along = self.rate * pushed / sqrt(weights)
            across = sqrt(max(0.0, self.rate**2 * kept - along**2))
            if update % every == 0:
                angles.append(atan2(across, sqrt(weights) - along))
            weights += self.rate**2 * kept - 2 * self.rate * pushed
            product = pushed - self.rate * kept
            if update % every == 0:
                lengths.append(sqrt(weights))
        return lengths, angles
