"""Self-checks of the chapter on why the layer works."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from normlab.checks.verdict import Verdict, check, number, random, undisturbed


@undisturbed()
def roughness(function: Callable[[Tensor, Tensor, float], float]) -> Verdict:
    """Check ``(hessian, w, rate)``: how far a gradient changes along a step."""

    def right(size: int, rate: float, seed: int) -> bool:
        root, w = random(size, size, seed=seed), random(size, seed=seed + 1)
        hessian = root @ root.T
        at = w.clone().requires_grad_()
        (before,) = torch.autograd.grad(at @ hessian @ at / 2, at)
        there = (w - rate * before).requires_grad_()
        (after,) = torch.autograd.grad(there @ hessian @ there / 2, there)
        expected = ((after - before).norm() / before.norm()).item()
        found = number(function(hessian.clone(), w.clone(), rate))
        return abs(found / expected - 1) < 1e-3

    return check(
        {
            "one weight": lambda: right(1, 0.1, 0),
            "three weights": lambda: right(3, 0.1, 2),
            "three weights, a longer step": lambda: right(3, 1.0, 4),
        }
    )


@undisturbed()
def length_after(function: Callable[[float, Sequence[float], float], float]) -> Verdict:
    """Check ``(length, gradients, rate)``: how long weights are after such steps."""

    def right(length: float, gradients: list[float], rate: float) -> bool:
        w = np.array([length, 0.0])
        for g in gradients:
            across = np.array([-w[1], w[0]]) / np.linalg.norm(w)
            w = w + rate * g * across
        found = number(function(length, list(gradients), rate))
        return abs(found - np.linalg.norm(w)) < 1e-6

    cases = {
        "no step": (2.0, [], 0.1),
        "one step, 3 and 4": (3.0, [4.0], 1.0),
        "three steps": (1.0, [1.0, 2.0, 0.5], 0.5),
    }
    return check({name: partial(right, *case) for name, case in cases.items()})


@undisturbed()
def decay_for(function: Callable[[float, float, float], float]) -> Verdict:
    """Check ``(degrees, rate, momentum)``: the decay with which angles settle there."""

    def right(degrees: float, rate: float, momentum: float) -> bool:
        decay = number(function(degrees, rate, momentum))
        settled = (2 * rate * decay / (1 + momentum)) ** 0.5
        return decay > 0 and abs(np.degrees(settled) / degrees - 1) < 1e-3

    return check(
        {
            "without momentum": lambda: right(1.0, 0.1, 0.0),
            "momentum 0.9": lambda: right(1.0, 0.1, 0.9),
            "half a degree at a third of the rate": lambda: right(0.5, 0.03, 0.9),
        }
    )
