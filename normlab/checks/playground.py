"""Self-checks of the playground's chapter."""

import math
from collections.abc import Callable
from functools import partial

import torch

from normlab.checks.verdict import Verdict, check, number, undisturbed

WIDTH, IMAGES = 512, 256


@undisturbed()
def fading(function: Callable[[float, int], float]) -> Verdict:
    """Check ``(scale, layers) -> factor``: how layers of ReLU change the spread.

    Weights are N(0, scale^2 / fan-in); the spread is the root mean square of what
    enters an activation, after so many further layers relative to before.
    """

    def measured(scale: float, layers: int) -> float:
        """Return the factor in a wide network with random weights, in float64."""
        generator = torch.Generator().manual_seed(0)
        shape = {"generator": generator, "dtype": torch.float64}
        z = torch.randn(IMAGES, WIDTH, **shape)
        before = z.square().mean()
        for _ in range(layers):
            weight = torch.randn(WIDTH, WIDTH, **shape) * scale / WIDTH**0.5
            z = z.relu() @ weight
        return (z.square().mean() / before).sqrt().item()

    def same(scale: float, layers: int) -> bool:
        ratio = number(function(scale, layers)) / measured(scale, layers)
        return ratio > 0 and abs(math.log(ratio)) < 0.05 * max(layers, 1)

    return check(
        {
            "no further layer changes nothing": lambda: same(1.0, 0),
            "one layer": lambda: same(1.0, 1),
            "six layers, small weights": lambda: same(0.1, 6),
            "six layers, large weights": lambda: same(3.0, 6),
        }
    )


@undisturbed()
def steps_to_forget(function: Callable[[float, float], int]) -> Verdict:
    """Check ``(momentum, variance) -> steps`` until the start of 1 weighs less.

    A running variance starts at 1 while every batch has the given variance; wanted
    is the first step after which the start contributes no more than the batches do
    in the end.
    """

    def counted(momentum: float, variance: float) -> int:
        start, steps = 1.0, 0
        while start > variance:
            start, steps = start * (1 - momentum), steps + 1
        return steps

    def same(momentum: float, variance: float) -> bool:
        return number(function(momentum, variance)) == counted(momentum, variance)

    cases = {"a variance above the start": (0.1, 2.0)}
    for momentum, variance in ((0.1, 0.0034), (0.01, 0.0034), (0.3, 0.5)):
        cases[f"momentum {momentum:g}, variance {variance:g}"] = momentum, variance
    return check({name: partial(same, *given) for name, given in cases.items()})
