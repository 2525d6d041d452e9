"""Self-checks of the chapter on normalizing inputs."""

from collections.abc import Callable

import torch
from torch import Tensor

from normlab.checks.verdict import (
    Verdict,
    check,
    number,
    random,
    shaped_as,
    undisturbed,
)


@undisturbed()
def standardize(function: Callable[[Tensor], Tensor]) -> Verdict:
    """Check a function that standardizes each column of (N, D)."""

    def table() -> Tensor:
        spread, mean = torch.tensor([[1.0, 100.0, 0.01], [5.0, 0.0, -3.0]])
        return random(50, 3) * spread + mean

    def answer(x: Tensor) -> Tensor:
        return shaped_as(x, function(x.clone()))

    def constant_becomes_0() -> bool:
        x = torch.cat([table(), torch.full((50, 1), 7.0)], 1)
        return bool(answer(x)[:, 3].abs().max() < 1e-2)

    return check(
        {
            "each column has mean 0": lambda: bool(
                answer(table()).mean(0).abs().max() < 1e-4
            ),
            "each column has standard deviation 1": lambda: torch.allclose(
                answer(table()).std(0, correction=0), torch.ones(3), atol=1e-2
            ),
            "the order within a column stays": lambda: torch.equal(
                answer(table()).argsort(0), table().argsort(0)
            ),
            "a constant column becomes 0, not nan": constant_becomes_0,
        }
    )


@undisturbed()
def largest_stable_rate(function: Callable[[Tensor], float]) -> Verdict:
    """Check a function that maps a Hessian (D, D) to the learning rate at the edge."""

    def end(hessian: Tensor, factor: float) -> float:
        w = torch.ones(len(hessian), dtype=torch.float64)
        rate = factor * number(function(hessian.clone()))
        for _ in range(2000):
            w = w - rate * hessian @ w
        return float(w.norm())

    a = random(4, 4).double()
    hessians = {
        "diag(4, 1)": torch.diag(torch.tensor([4.0, 1.0], dtype=torch.float64)),
        "a random one": a @ a.T + 0.1 * torch.eye(4, dtype=torch.float64),
    }
    cases = {}
    for name, h in hessians.items():
        cases[f"just below it descent converges on {name}"] = lambda h=h: (
            end(h, 0.99) < 1.0
        )
        cases[f"just above it descent diverges on {name}"] = lambda h=h: (
            end(h, 1.01) > 1e3
        )
    return check(cases)
