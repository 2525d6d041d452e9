"""Self-check of the page on preconditioned gradients."""

from collections.abc import Callable

import torch
from torch import Tensor

from normlab.checks.verdict import Verdict, alike, check, random, undisturbed

CLOSE = {"rtol": 0.0, "atol": 1e-8}  # float64; what is compared is of order 1


@undisturbed()
def whitened_gradient(
    function: Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]],
) -> Verdict:
    """Check ``(g_weight, g_bias, mean, cov)`` -> the gradients on whitened inputs.

    Of a dense layer: (out, in) and (out,), with the mean (in,) and the covariance
    matrix (in, in) of its inputs.
    """
    mixed = random(4, 4, seed=1).double()
    h = random(200, 4).double() @ mixed + 2
    mean, cov = h.mean(0), torch.cov(h.T, correction=0)
    target = random(200, 3, seed=2).double()

    def turned(*given: Tensor) -> tuple[Tensor, Tensor]:
        return function(*(tensor.clone() for tensor in given))

    def minimum() -> bool:
        ones = torch.cat([h, torch.ones(len(h), 1).double()], 1)
        best = torch.linalg.lstsq(ones, target).solution
        weight, bias = random(3, 4, seed=3).double(), random(3, seed=4).double()
        error = h @ weight.T + bias - target
        found = turned(error.T @ h / len(h), error.mean(0), mean, cov)
        after = weight - found[0], bias - found[1]
        return alike(torch.cat([after[0], after[1][:, None]], 1).T, best, **CLOSE)

    def unrelated() -> bool:
        """The page's formula, where the covariance is that of independent inputs."""
        var = torch.tensor([4.0, 1.0, 0.25]).double()
        mean = torch.tensor([1.0, 0.0, -2.0]).double()
        g_weight, g_bias = random(2, 3).double(), random(2, seed=1).double()
        weight = (g_weight - torch.outer(g_bias, mean)) / var
        found = turned(g_weight, g_bias, mean, torch.diag(var))
        return alike(found[0], weight, **CLOSE) and alike(
            found[1], g_bias - weight @ mean, **CLOSE
        )

    def as_they_are() -> bool:
        given = random(2, 3).double(), random(2, seed=1).double()
        found = turned(*given, torch.zeros(3).double(), torch.eye(3).double())
        return all(alike(f, g, **CLOSE) for f, g in zip(found, given, strict=True))

    return check(
        {
            "unrelated inputs, mean 0, variance 1: no change": as_they_are,
            "of unrelated inputs it is `precondition`": unrelated,
            "one step at the rate 1 is at the minimum": minimum,
        }
    )
