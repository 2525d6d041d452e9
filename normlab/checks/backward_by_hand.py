"""Self-checks of the chapter on the gradient."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from normlab.checks.verdict import Verdict, alike, check, number, random, undisturbed


@undisturbed()
def batch_norm_gradient(function: Callable[..., Tensor]) -> Verdict:
    """Check ``(g, x, gamma, eps) -> dL/dx`` for g, x (N, C) and gamma (C,)."""

    def equals(n: int, c: int, eps: float) -> bool:
        x, g = random(n, c).double() * 3 + 1, random(n, c, seed=1).double()
        gamma = random(c, seed=2).double()
        leaf = x.clone().requires_grad_()
        y = F.batch_norm(leaf, None, None, gamma, training=True, eps=eps)
        (expected,) = torch.autograd.grad(y, leaf, g)
        return alike(function(g, x, gamma, eps), expected, atol=1e-10)

    return check(
        {
            "8 examples of 1 channel equal autograd": lambda: equals(8, 1, 1e-5),
            "8 examples of 3 channels equal autograd": lambda: equals(8, 3, 1e-5),
            "2 examples equal autograd": lambda: equals(2, 3, 1e-5),
            "a large eps equals autograd": lambda: equals(8, 3, 0.5),
        }
    )


@undisturbed()
def projection_matrix(function: Callable[[Tensor], Tensor]) -> Verdict:
    """Check ``x (n,) -> (n, n)``: the projection off the constants and off x."""

    def equals(n: int) -> bool:
        x = random(n).double() * 2 + 5
        removed, _ = torch.linalg.qr(torch.stack([torch.ones_like(x), x], 1))  # (n, 2)
        expected = torch.eye(n).double() - removed @ removed.T
        return alike(function(x), expected, atol=1e-8)

    def removes(vector: Callable[[Tensor], Tensor]) -> bool:
        x = random(6).double() + 5
        return alike(function(x.clone()) @ vector(x), 0 * x, rtol=0, atol=1e-8)

    def same_twice() -> bool:
        p = function(random(6).double())
        return alike(p @ p, p, atol=1e-8) and torch.allclose(p, p.mT)

    return check(
        {
            "a constant vector goes to 0": lambda: removes(torch.ones_like),
            "x itself goes to 0": lambda: removes(lambda x: x),
            "twice does no more than once, and P is symmetric": same_twice,
            "what is left equals the projection for 3 values": lambda: equals(3),
            "what is left equals the projection for 8 values": lambda: equals(8),
        }
    )


@undisturbed()
def share_of_two(function: Callable[[float, float], float]) -> Verdict:
    """Check ``(difference, eps) -> share`` of a gradient that passes for n = 2."""

    def equals(difference: float, eps: float) -> bool:
        x = torch.tensor([[0.0], [difference]]).double().requires_grad_()
        g = torch.tensor([[1.0], [-1.0]]).double()
        y = F.batch_norm(x, None, None, training=True, eps=eps)
        (gradient,) = torch.autograd.grad(y, x, g)
        undisturbed = g / (x.detach().var(correction=0) + eps).sqrt()
        share = (gradient.norm() / undisturbed.norm()).item()
        return abs(number(function(difference, eps)) - share) < 1e-4 * share

    return check(
        {
            f"difference {d:g}, eps {eps:g}": lambda d=d, eps=eps: equals(d, eps)
            for d, eps in ((1.0, 1e-5), (0.01, 1e-5), (1.0, 0.1), (3.0, 1e-3))
        }
    )
