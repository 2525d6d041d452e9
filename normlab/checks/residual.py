"""Self-checks of the chapter on residual networks."""

from collections.abc import Callable
from functools import partial

import torch
from torch import nn

from normlab.checks.verdict import Verdict, alike, check, number, random, undisturbed
from normlab.residual import Block


@undisturbed()
def size_after(function: Callable[[int, float, bool], float]) -> Verdict:
    """Check ``(blocks, scale, normalized)``: mean square behind the last block."""

    def right(blocks: int, scale: float, normalized: bool) -> bool:
        size = 1.0
        for _ in range(blocks):
            size += scale**2 * (1.0 if normalized else size)
        found = number(function(blocks, scale, normalized))
        return abs(found / size - 1) < 1e-6

    cases = {
        "one block": (1, 1.0, False),
        "ten blocks": (10, 1.0, False),
        "ten blocks with the layer": (10, 1.0, True),
        "fifty blocks, half of each branch": (50, 0.5, False),
        "fifty blocks with the layer, half of each branch": (50, 0.5, True),
    }
    return check({name: partial(right, *case) for name, case in cases.items()})


@undisturbed()
def scale_for(function: Callable[[int, float], float]) -> Verdict:
    """Check ``(blocks, times)``: the scale of branches that multiplies the whole so."""

    def right(blocks: int, times: float) -> bool:
        scale, size = number(function(blocks, times)), 1.0
        for _ in range(blocks):
            size += scale**2 * size
        return abs(size / times - 1) < 1e-3

    return check(
        {
            "one block, twice": lambda: right(1, 2.0),
            "54 blocks, e times": lambda: right(54, 2.718281828),
            "10 blocks, ten times": lambda: right(10, 10.0),
        }
    )


@undisturbed()
def closed(function: Callable[[nn.Module], nn.Module]) -> Verdict:
    """Check ``(model)``: its blocks do nothing at first, and can learn."""

    def model() -> nn.Module:
        blocks = (Block(4, nn.BatchNorm2d, shortcut=True, scale=1.0) for _ in range(3))
        return nn.Sequential(*blocks)

    x = random(6, 4, 5, 5).abs()  # nothing for ReLU to take

    def hands_on() -> bool:
        return alike(function(model())(x), x)

    def learns() -> bool:
        changed = function(model())
        optimizer = torch.optim.SGD(changed.parameters(), lr=0.1)
        (changed(x) * random(6, 4, 5, 5, seed=1)).sum().backward()
        optimizer.step()
        return not alike(changed(x).detach(), x)

    def keeps() -> bool:
        given = model()
        weights = {n: p.detach().clone() for n, p in given.named_parameters()}
        changed = dict(function(given).named_parameters())
        return all(
            torch.equal(changed[name], weight)
            for name, weight in weights.items()
            if weight.dim() == 4
        )

    return check(
        {
            "each block hands on what it was given": hands_on,
            "one step of training changes that": learns,
            "the convolutions are as they were": keeps,
        }
    )
