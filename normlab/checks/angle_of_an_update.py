"""Self-check of the page on the angle of an update."""

from collections.abc import Callable

import numpy as np
import torch

from normlab.checks.verdict import Verdict, check, number, undisturbed

SIZE, UPDATES = 60, 600


@undisturbed()
def nesterov_angle(function: Callable[..., float]) -> Verdict:
    """Check ``(w, draw, rate, decay, momentum, updates)``: the mean angle, radians."""

    def right(rate: float, decay: float, momentum: float) -> bool:
        start = np.random.default_rng(1).normal(size=SIZE)
        found = number(
            function(start.copy(), _gradients(), rate, decay, momentum, UPDATES)
        )
        expected = _in_torch(start, _gradients(), rate, decay, momentum)
        return abs(found / expected - 1) < 1e-3

    return check(
        {
            "momentum 0.9": lambda: right(0.1, 0.02, 0.9),
            "momentum 0.5": lambda: right(0.1, 0.02, 0.5),
            "no momentum": lambda: right(0.1, 0.02, 0.0),
        }
    )


def _gradients() -> Callable[[np.ndarray], np.ndarray]:
    """At right angles to the weights, the shorter the longer these are."""
    chance = np.random.default_rng(2)

    def draw(w: np.ndarray) -> np.ndarray:
        noise = chance.normal(size=SIZE) / SIZE**0.5
        across = noise - (noise @ w) / (w @ w) * w
        return across / np.linalg.norm(w)

    return draw


def _in_torch(start, draw, rate: float, decay: float, momentum: float) -> float:
    """By PyTorch's own optimizer, in float64."""
    w = torch.nn.Parameter(torch.tensor(start))
    optimizer = torch.optim.SGD(
        [w], rate, momentum, weight_decay=decay, nesterov=momentum > 0
    )
    angles = []
    for _ in range(UPDATES):
        before = w.detach().clone()
        w.grad = torch.tensor(draw(before.numpy()))
        optimizer.step()
        after = w.detach()
        cosine = before @ after / (before.norm() * after.norm())
        angles.append(cosine.clamp(max=1).arccos().item())
    return float(np.mean(angles[UPDATES // 2 :]))
