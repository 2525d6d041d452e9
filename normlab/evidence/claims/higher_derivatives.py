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
Line = Callable[[Tensor], Tensor]  # a number t -> a number


def sum_of_cubes(t: Tensor) -> Tensor:
    """Walk along a line through a random table (5, 2), through PyTorch's layer."""
    numbers = torch.Generator().manual_seed(0)
    start, along = torch.randn(2, 5, 2, generator=numbers, dtype=torch.float64)
    return F.batch_norm(start + t * along, None, None, training=True).pow(3).sum()


def by_differences(f: Line, step: float = 1e-3) -> Line:
    """Return the derivative as a difference quotient: it needs f alone."""
    return lambda t: (f(t + step) - f(t - step)) / (2 * step)


def third(way: Callable[[Line], Line]) -> float | None:
    """Return the third derivative at 0 by a way, or None if PyTorch refuses."""
    try:
        return way(way(way(sum_of_cubes)))(torch.zeros((), dtype=torch.float64)).item()
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
    return silently_wrong(third(by_differences), third(torch.func.grad))


CLAIMS = (
    Claim(
        id="third-derivative",
        source=OURS,
        place="five numbers in two channels, computed with the page",
        says="Of PyTorch's own layer torch.func gives a wrong third derivative, and "
        "does not warn.",
        ours="64 bits, the pinned PyTorch",
        chapter="higher-derivatives",
        rule=Holds(
            "It is wrong if it differs by more than 1% from a difference quotient, "
            "which needs the forward pass alone; a refusal counts as right.",
            _third,
        ),
    ),
)
