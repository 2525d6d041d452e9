"""Self-checks of the chapter on doing without batch normalization."""

from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
import torch
from torch import Tensor

from normlab.checks.verdict import (
    Verdict,
    alike,
    check,
    number,
    random,
    undisturbed,
)

WITHIN = 0.01  # of the exact factor: a sample of a million numbers comes nearer


@undisturbed()
def clipped(function: Callable[[Tensor, Tensor, float], Tensor]) -> Verdict:
    """Check ``(gradient, weight, limit)``: adaptive clipping of weights and biases."""

    def same(*shape: int, limit: float, smaller: float = 1.0) -> bool:
        gradient, weight = random(*shape), smaller * random(*shape, seed=1)
        found = function(gradient.clone(), weight.clone(), limit)
        return alike(found, _clipped(gradient, weight, limit), atol=1e-6)

    return check(
        {
            "filters (6, 4, 3, 3)": lambda: same(6, 4, 3, 3, limit=1.0),
            "dense weights (6, 5)": lambda: same(6, 5, limit=1.0),
            "a bias (6,)": lambda: same(6, limit=0.5),
            "nothing to clip": lambda: same(6, 5, limit=100.0),
            "weights that are 0": lambda: same(6, 5, limit=0.1, smaller=0.0),
        }
    )


def _clipped(gradient: Tensor, weight: Tensor, limit: float) -> Tensor:
    """A unit at a time, as the formula is written."""
    rows = zip(gradient, weight, strict=True)
    if gradient.dim() == 1:
        rows = [(gradient, weight)]
    found = []
    for g, w in rows:
        longest = limit * max(w.square().sum().sqrt().item(), 1e-3)
        length = g.square().sum().sqrt().item()
        found.append(g * longest / length if length > longest else g)
    return found[0] if gradient.dim() == 1 else torch.stack(found)


@undisturbed()
def gamma_of(function: Callable[[Callable[[Tensor], Tensor]], float]) -> Verdict:
    """Check ``(activation)``: the factor by which it takes a Gaussian's deviation."""
    activations = {
        "ReLU": torch.relu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "none at all": lambda x: x,
    }

    def right(activation: Callable[[Tensor], Tensor]) -> bool:
        expected = _gamma(activation)
        return abs(number(function(activation)) / expected - 1) < WITHIN

    return check(
        {name: partial(right, activation) for name, activation in activations.items()}
    )


def _gamma(activation: Callable[[Tensor], Tensor]) -> float:
    """From the Gaussian's density in steps of a thousandth."""
    z = torch.arange(-10, 10, 1e-3, dtype=torch.float64)
    density = torch.exp(-(z**2) / 2) / (2 * torch.pi) ** 0.5 * 1e-3
    out = activation(z)
    mean = (out * density).sum()
    return ((out - mean).square() * density).sum().rsqrt().item()


@undisturbed()
def noise_left(function: Callable[[float, float, int, int], float]) -> Verdict:
    """Check ``(of_images, of_copies, batch, copies)`` -> variance of a gradient."""

    def right(of_images: float, of_copies: float, batch: int, copies: int) -> bool:
        found = number(function(of_images, of_copies, batch, copies))
        return abs(found - _variance(of_images, of_copies, batch, copies)) < 1e-6

    cases = ((4.0, 1.0, 1, 1), (4.0, 1.0, 2, 1), (4.0, 1.0, 1, 3), (1.0, 9.0, 2, 3))
    return check(
        {
            f"{a:g} of images, {b:g} of copies, batch {n}, copies {m}": partial(
                right, a, b, n, m
            )
            for a, b, n, m in cases
        }
    )


def _variance(of_images: float, of_copies: float, batch: int, copies: int) -> float:
    """Of all batches that there are, where each part is plus or minus its root."""
    means = []
    for signs in product((-1, 1), repeat=batch * (1 + copies)):
        images = np.sqrt(of_images) * np.array(signs[:batch])
        changes = np.sqrt(of_copies) * np.array(signs[batch:]).reshape(batch, copies)
        means.append((images[:, None] + changes).mean())
    return float(np.var(means))
