"""What this book found of the layer's higher derivatives."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from normlab.evidence.claim import OURS, Claim
from normlab.evidence.records import Records
from normlab.evidence.rules import Holds
from normlab.evidence.words import Word

CLOSE = 0.01  # of the value; a difference quotient is better than this
Found = tuple[Word, tuple[tuple[str, str], ...]]
Layer = Callable[[Tensor], Tensor]
Line = Callable[[Tensor], Tensor]  # a number t -> a number


def pytorch(x: Tensor) -> Tensor:
    """Return PyTorch's own layer of (N, C), in training."""
    return F.batch_norm(x, None, None, training=True)


def sum_of_cubes(layer: Layer) -> Line:
    """Return a walk along a line through a random table (5, 2), and the layer."""
    numbers = torch.Generator().manual_seed(0)
    start, along = torch.randn(2, 5, 2, generator=numbers, dtype=torch.float64)
    return lambda t: (layer(start + t * along) ** 3).sum()


def by_differences(f: Line, step: float = 1e-3) -> Line:
    """Return the derivative as a difference quotient: it needs f alone."""
    return lambda t: (f(t + step) - f(t - step)) / (2 * step)


def derivative(
    way: Callable[[Line], Line], order: int, layer: Layer = pytorch
) -> float | None:
    """Return a derivative of the walk at 0, or None where PyTorch refuses.

    Args:
        way: from a function to its derivative.
        order: how many times it is taken.
        layer: what the walk goes through.
    """
    f = sum_of_cubes(layer)
    for _ in range(order):
        f = way(f)
    try:
        return f(torch.zeros((), dtype=torch.float64, requires_grad=True)).item()
    except RuntimeError:
        return None


def silently_wrong(right: float, found: float | None) -> Found:
    """Judge a derivative against the right one; a refusal is not silent."""
    wrong = found is not None and abs(found - right) > CLOSE * abs(right)
    shown = "refused" if found is None else f"{found:.2f}"
    return Word.REPRODUCED if wrong else Word.NOT_REPRODUCED, (
        ("third derivative by differences", f"{right:.2f}".replace("-", "−")),
        ("by torch.func.grad", shown.replace("-", "−")),
        ("PyTorch", torch.__version__.split("+")[0]),
    )


def _third(_: Records) -> Found:
    return silently_wrong(derivative(by_differences, 3), derivative(torch.func.grad, 3))


CLAIMS = (
    Claim(
        id="third-derivative",
        source=OURS,
        says="Of PyTorch's own layer torch.func gives a wrong third derivative, and "
        "does not warn.",
        ours="five numbers in two channels, 64 bits, the pinned PyTorch",
        chapter="higher-derivatives",
        rule=Holds(
            "It is wrong if it differs by more than 1% from a difference quotient, "
            "which needs the forward pass alone; a refusal counts as right.",
            _third,
        ),
    ),
)
