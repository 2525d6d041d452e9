"""Self-checks of the chapter on normalizing inputs."""

from collections.abc import Callable

import torch
from torch import Tensor

from normlab.checks.verdict import Verdict, check, random


def standardize(function: Callable[[Tensor], Tensor]) -> Verdict:
    """Check a function that standardizes each column of (N, D)."""
    x = random(50, 3) * torch.tensor([1.0, 100.0, 0.01]) + torch.tensor([5.0, 0, -3])
    constant = torch.cat([x, torch.full((50, 1), 7.0)], 1)
    return check(
        {
            "each column has mean 0": lambda: bool(
                function(x).mean(0).abs().max() < 1e-4
            ),
            "each column has standard deviation 1": lambda: torch.allclose(
                function(x).std(0, correction=0), torch.ones(3), atol=1e-2
            ),
            "the order within a column stays": lambda: torch.equal(
                function(x).argsort(0), x.argsort(0)
            ),
            "a constant column becomes 0, not nan": lambda: bool(
                function(constant)[:, 3].abs().max() < 1e-2
            ),
        }
    )


def largest_stable_rate(function: Callable[[Tensor], float]) -> Verdict:
    """Check a function that maps a Hessian (D, D) to the learning rate at the edge."""

    def end(hessian: Tensor, factor: float) -> float:
        w = torch.ones(len(hessian), dtype=torch.float64)
        for _ in range(2000):
            w = w - factor * function(hessian) * hessian @ w
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
