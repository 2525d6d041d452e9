"""What is said of the gradient through the layer."""

import torch
from torch import Tensor

from normlab.evidence.claim import Claim
from normlab.evidence.exact import rounding
from normlab.evidence.records import Records
from normlab.evidence.rules import Holds
from normlab.evidence.words import Word

ROUNDING = 1e-10  # of the largest gradient, in 64 bits
Found = tuple[Word, tuple[tuple[str, str], ...]]


def three_ways(x: Tensor, g: Tensor, eps: float = 1e-5) -> tuple[list[Tensor], Tensor]:
    """Return what each way alone brings to x (n,), by autograd, and the whole.

    A way is alone where the other two are cut off: directly, through the mean, and
    through the variance.
    """
    leaf = x.clone().requires_grad_()
    mean, var = leaf.mean(), leaf.var(correction=0)
    parts = (
        (leaf - mean.detach()) / (var.detach() + eps).sqrt(),
        (leaf.detach() - mean) / (var.detach() + eps).sqrt(),
        (leaf.detach() - mean.detach()) / (var + eps).sqrt(),
        (leaf - mean) / (var + eps).sqrt(),
    )
    *ways, whole = (
        torch.autograd.grad(part, leaf, g, retain_graph=True)[0] for part in parts
    )
    return ways, whole


def add_up(ways: list[Tensor], whole: Tensor) -> Found:
    """Judge whether the ways make up the whole, and none of them is empty."""
    size = whole.abs().max()
    missing = ((sum(ways) - whole).abs().max() / size).item()
    least = min((way.abs().max() / size).item() for way in ways)
    fits = missing < ROUNDING < least
    return Word.REPRODUCED if fits else Word.NOT_REPRODUCED, (
        ("their sum − the gradient, relative to it", rounding(missing)),
        ("largest part by the way that brings least, same unit", f"{least:.1%}"),
    )


def _ways_of_one_channel(_: Records) -> Found:
    numbers = torch.Generator().manual_seed(0)
    x, g = torch.randn(2, 32, generator=numbers, dtype=torch.float64)
    return add_up(*three_ways(3 * x + 1, g))


CLAIMS = (
    Claim(
        id="C10",
        source="kilcher2019batch",
        place="on the paper's section 3, its gradients",
        says="The gradient of x is the sum over three paths: directly, through the "
        "mean and through the variance.",
        setting="the formulas, drawn as a graph",
        ours="one channel of 32 random numbers, 64 bits",
        chapter="backward-by-hand",
        rule=Holds(
            "As claimed if the three, each found by autograd with the other two cut "
            "off, add up to autograd's gradient to rounding, and none is empty.",
            _ways_of_one_channel,
        ),
    ),
)
