"""What the playground has to know of a normalizer."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from normlab.playground.linears import Linears

EPS = 1e-5  # the playground's, for all of them alike
MOMENTUM = 0.1


def linear(inputs: int, outputs: int, behind: str, eps: float) -> nn.Module:
    """Return PyTorch's layer, whatever stands in front of it."""
    return nn.Linear(inputs, outputs)


def linears(inputs: int, outputs: int, scale: float, generators, behind: str):
    """Return the same for networks side by side."""
    return Linears(inputs, outputs, scale, generators)


@dataclass(frozen=True)
class Kind:
    """A normalizer of the playground, for one network and for several side by side.

    ``behind`` is the activation in front of a layer, "" of the first.

    Args:
        label: what a reader chooses.
        words: what a run with it is called.
        color: of its lines, a name in the book's table.
        norm: (width, eps, momentum) -> the layer for (N, width); None where what
            passes through the network is not normalized.
        norms: (seeds, width) -> the layer for (S, N, width).
        linear: (inputs, outputs, behind, eps) -> a hidden fully connected layer.
        linears: (inputs, outputs, scale, generators, behind) -> those of all seeds.
    """

    label: str
    words: str
    color: str
    norm: Callable[[int, float, float], nn.Module] | None = None
    norms: Callable[[int, int], nn.Module] | None = None
    linear: Callable[[int, int, str, float], nn.Module] = linear
    linears: Callable[..., nn.Module] = linears

    @property
    def remembers(self) -> bool:
        """Whether it has running statistics for evaluation."""
        layer = self.norm and self.norm(1, EPS, MOMENTUM)
        return bool(layer and list(layer.buffers()))


class PerUnit(nn.Module):
    """A layer that treats each unit by itself: the units of all seeds are channels.

    Args:
        norm: as in ``Kind``.
        seeds: how many networks stand side by side.
        width: units of each.
    """

    def __init__(self, norm: Callable[..., nn.Module], seeds: int, width: int) -> None:
        super().__init__()
        self.norm = norm(seeds * width, EPS, MOMENTUM)

    def forward(self, x: Tensor) -> Tensor:
        """Normalize (S, N, width)."""
        rows = self.norm(x.transpose(0, 1).flatten(1))  # (N, S * width)
        return rows.unflatten(1, (x.shape[0], -1)).transpose(0, 1)
