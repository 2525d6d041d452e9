"""Self-checks of the chapter on the layer itself."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from normlab.checks.verdict import Verdict, alike, check, number, random, undisturbed


@undisturbed()
def batch_norm(function: Callable[..., Tensor]) -> Verdict:
    """Check a function ``(x, gamma, beta, eps) -> y`` for x of 2 to 4 dimensions."""

    def equals(*shape: int) -> bool:
        x, w, b = random(*shape), random(shape[1], seed=1), random(shape[1], seed=2)
        expected = F.batch_norm(x, None, None, w, b, training=True, eps=1e-3)
        return alike(function(x, w, b, 1e-3), expected, atol=1e-5)

    return check(
        {
            "(N, C) equals PyTorch": lambda: equals(8, 3),
            "(N, C, L) equals PyTorch": lambda: equals(8, 3, 5),
            "(N, C, H, W) equals PyTorch": lambda: equals(4, 3, 5, 6),
        }
    )


@undisturbed()
def cumulative_average(function: Callable[[Tensor, Tensor, int], Tensor]) -> Verdict:
    """Check ``(average, new, count) -> average`` against the plain mean."""

    def plain_mean() -> bool:
        values = random(7, 3)
        average = torch.zeros(3)
        for count, new in enumerate(values, start=1):
            average = function(average, new.clone(), count)
        return alike(average, values.mean(0), atol=1e-5)

    def like_torch() -> bool:
        layer = torch.nn.BatchNorm1d(3, momentum=None)
        average = torch.zeros(3)
        for count in range(1, 6):
            x = random(4, 3, seed=count)
            layer(x)
            average = function(average, x.mean(0), count)
        return alike(average, layer.running_mean, atol=1e-5)

    return check(
        {
            "seven vectors give their plain mean": plain_mean,
            "five batches give nn.BatchNorm1d(momentum=None)": like_torch,
        }
    )


@undisturbed()
def torch_momentum(function: Callable[[float], float]) -> Verdict:
    """Check a function from the share kept (Keras, Caffe) to PyTorch's momentum."""

    def same(kept: float) -> bool:
        layer = torch.nn.BatchNorm1d(1, momentum=number(function(kept)))
        layer(torch.tensor([[9.0], [11.0]]))
        return abs(layer.running_mean.item() - (1 - kept) * 10) < 1e-4

    return check(
        {
            "Keras's 0.99": lambda: same(0.99),
            "the 0.9 of early d2l": lambda: same(0.9),
            "a layer that keeps everything, 1.0": lambda: same(1.0),
        }
    )
