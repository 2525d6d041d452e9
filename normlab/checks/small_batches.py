"""Self-checks of the chapter on small batches."""

from collections.abc import Callable

import torch
from torch import Tensor

from normlab.checks.verdict import (
    Verdict,
    WrongAnswerError,
    alike,
    check,
    random,
    undisturbed,
)
from normlab.layers.filter_response import thresholded_linear
from normlab.layers.renorm import corrections


@undisturbed()
def renorm_corrections(function: Callable[..., tuple[Tensor, Tensor]]) -> Verdict:
    """Check ``(mean, std, running_mean, running_std, r_max, d_max) -> (r, d)``.

    All statistics and both answers are (C,); r stays between 1 / r_max and r_max, d
    between -d_max and d_max. To the gradient both are constants.
    """
    mean, running_mean = random(6, seed=1), random(6, seed=2)
    std, running_std = 0.2 + random(6, seed=3).abs(), 0.2 + random(6, seed=4).abs()

    def right(r_max: float, d_max: float, which: int) -> bool:
        given = mean, std, running_mean, running_std
        answer = function(*(g.clone() for g in given), r_max, d_max)
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            raise WrongAnswerError("a pair is wanted: r and d")
        return alike(answer[which], corrections(*given, r_max, d_max)[which])

    def constant(which: int) -> bool:
        followed = (g.clone().requires_grad_() for g in (mean, std))
        answer = function(*followed, running_mean, running_std, torch.inf, torch.inf)
        return not answer[which].requires_grad

    return check(
        {
            "r without limits": lambda: right(torch.inf, torch.inf, 0),
            "d without limits": lambda: right(torch.inf, torch.inf, 1),
            "r within its limits": lambda: right(1.5, torch.inf, 0),
            "d within its limits": lambda: right(torch.inf, 0.5, 1),
            "nothing is corrected at first": lambda: (
                right(1.0, 0.0, 0) and right(1.0, 0.0, 1)
            ),
            "no gradient through r": lambda: constant(0),
            "no gradient through d": lambda: constant(1),
        }
    )


@undisturbed()
def threshold_from_relu(function: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """Check ``(x, tau)``, the larger of the two: x (N, C, H, W), tau (C,)."""

    def right(tau: Tensor) -> bool:
        x = random(3, len(tau), 2, 5, seed=5)
        answer = function(x.clone(), tau.clone())
        return alike(answer, thresholded_linear(x, tau), atol=1e-6)

    return check(
        {
            "thresholds of zero: ReLU": lambda: right(torch.zeros(4)),
            "below zero": lambda: right(torch.tensor([-0.5, -1.0])),
            "above zero": lambda: right(torch.tensor([0.5, 1.0])),
            "one for each channel": lambda: right(torch.tensor([-1.0, 0.0, 1.0, 0.3])),
        }
    )
