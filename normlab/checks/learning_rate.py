"""Self-checks of the chapter on learning rates and first weights."""

import math
from collections.abc import Callable, Sequence

import torch

from normlab.checks.verdict import (
    Verdict,
    WrongAnswerError,
    check,
    number,
    random,
    undisturbed,
)
from normlab.layers import BatchNorm


@undisturbed()
def rate_and_decay(
    function: Callable[[float, float, float], tuple[float, float]],
) -> Verdict:
    """Check ``(rate, decay, k)``, which returns (rate, decay) for weights times k.

    Two updates with it must be those without k, k times as large.
    """

    def same(rate: float, decay: float, k: float) -> bool:
        plain = _two_updates(1.0, rate, decay)
        found = _two_updates(k, *_pair(function(rate, decay, k))) / k
        return torch.allclose(found, plain, rtol=1e-6)

    return check(
        {
            "no decay, weights 10 times as large": lambda: same(0.5, 0.0, 10.0),
            "no decay, a tenth": lambda: same(0.5, 0.0, 0.1),
            "with decay, 3 times as large": lambda: same(0.5, 0.1, 3.0),
            "with decay, nothing changed": lambda: same(0.2, 0.3, 1.0),
        }
    )


def _pair(answer: object) -> tuple[float, float]:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise WrongAnswerError("two numbers are wanted, (rate, decay)")
    return number(answer[0]), number(answer[1])


def _two_updates(k: float, rate: float, decay: float) -> torch.Tensor:
    """Return weights before a normalizer, at first times k, after two updates."""
    x, target = random(32, 4).double(), random(32, 3, seed=1).double()
    weight = (k * random(4, 3, seed=2).double()).requires_grad_()
    layer = BatchNorm(3, eps=1e-12, dtype=torch.float64)
    for _ in range(2):
        loss = (layer(x @ weight) - target).square().mean()
        (gradient,) = torch.autograd.grad(loss, weight)
        with torch.no_grad():
            weight -= rate * (gradient + decay * weight)
    return weight.detach()


@undisturbed()
def largest_rate(
    function: Callable[[Sequence[float], Sequence[float], float], float],
) -> Verdict:
    """Check ``(rates, accuracies, level)``: the largest rate at the level or above.

    Interpolated in the logarithm of the rate.
    """
    rates = (0.01, 0.1, 1.0, 10.0)

    def gives(accuracies: Sequence[float], level: float, expected: float) -> bool:
        answer = number(function(list(rates), list(accuracies), level))
        return math.isclose(answer, expected, rel_tol=1e-6)

    return check(
        {
            "halfway between two rates": lambda: gives(
                (0.7, 0.8, 0.9, 0.7), 0.8, 10**0.5
            ),
            "at a rate itself": lambda: gives((0.7, 0.9, 0.8, 0.1), 0.8, 1.0),
            "a dip before it does not count": lambda: gives(
                (0.9, 0.5, 0.85, 0.45), 0.8, 10**0.125
            ),
            "no larger rate was tried": lambda: gives((0.7, 0.8, 0.85, 0.9), 0.8, 10.0),
        }
    )
