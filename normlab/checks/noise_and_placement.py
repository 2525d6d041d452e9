"""Self-checks of the chapter on the layer as a regularizer, and on its place."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from torch import nn

from normlab.checks.verdict import Verdict, check, number, undisturbed


@undisturbed()
def at_equal_loss(
    function: Callable[[Sequence[float], Sequence[float], float], float],
) -> Verdict:
    """Check ``(training, others, level)``: the other loss where training passes it."""

    def right(training: list[float], others: list[float], level: float) -> bool:
        later = next(i for i, loss in enumerate(training) if loss <= level)
        if training[later] == level:
            expected = others[later]
        else:
            before = later - 1
            logs = np.log([training[before], training[later], level])
            share = (logs[2] - logs[0]) / (logs[1] - logs[0])
            expected = others[before] ** (1 - share) * others[later] ** share
        found = number(function(list(training), list(others), level))
        return abs(found / expected - 1) < 1e-6

    cases = {
        "a level that was looked at": ([1.0, 0.5, 0.2], [1.1, 0.7, 0.6], 0.5),
        "half way on the logarithmic axis": ([1.0, 0.25], [0.9, 0.4], 0.5),
        "where the other loss rises again": ([0.4, 0.2, 0.05], [0.5, 0.45, 0.6], 0.1),
    }
    return check({name: partial(right, *case) for name, case in cases.items()})


@undisturbed()
def moved_behind(function: Callable[[nn.Sequential], nn.Sequential]) -> Verdict:
    """Check ``(model)``: each normalizer is moved behind the activation it precedes."""

    def built(*kinds: str) -> nn.Sequential:
        made = {
            "conv": lambda: nn.Conv2d(4, 4, kernel_size=3, padding=1),
            "norm": lambda: nn.BatchNorm2d(4),
            "relu": nn.ReLU,
            "tanh": nn.Tanh,
            "pool": lambda: nn.MaxPool2d(2),
        }
        return nn.Sequential(*(made[kind]() for kind in kinds))

    def right(before: str, after: str) -> bool:
        model = built(*before.split())
        layers = list(model)
        moved = list(function(model))
        same = sorted(map(id, layers)) == sorted(map(id, moved))
        wanted = [type(layer) for layer in built(*after.split())]
        return same and [type(layer) for layer in moved] == wanted

    return check(
        {
            "one": lambda: right("conv norm relu", "conv relu norm"),
            "two": lambda: right(
                "conv norm relu conv norm tanh", "conv relu norm conv tanh norm"
            ),
            "none before an activation": lambda: right(
                "norm conv relu conv", "norm conv relu conv"
            ),
            "pooling stays where it is": lambda: right(
                "conv norm relu pool conv norm relu",
                "conv relu norm pool conv relu norm",
            ),
        }
    )
