"""Self-checks of the chapter on what implementations remember."""

from collections.abc import Callable

import torch
from torch import Tensor

from normlab.checks.verdict import Verdict, alike, check, random, undisturbed
from normlab.evaluation.conventions import CONVENTIONS
from normlab.evaluation.memories import Memory


@undisturbed()
def without_start(function: Callable[[Tensor, int], Tensor]) -> Verdict:
    """Check ``(memory, updates)``: cuDNN's memory (C,) in, Caffe's out (C,)."""

    def same(updates: int, which: int) -> bool:
        like = torch.zeros(4, dtype=torch.float64)
        cudnn, caffe = (
            Memory(CONVENTIONS[name], like)
            for name in ("cudnn-2015-11", "caffe-2015-11")
        )
        for n in range(updates):
            mean, var = (random(4, seed=2 * n + k).double() + 3 for k in (0, 1))
            cudnn.see(mean, var.square(), 50)
            caffe.see(mean, var.square(), 50)
        return alike(
            function(cudnn.at_test()[which].clone(), updates), caffe.at_test()[which]
        )

    return check(
        {
            "means after 1 update": lambda: same(1, 0),
            "means after 200 updates": lambda: same(200, 0),
            "variances after 200 updates": lambda: same(200, 1),
        }
    )


@undisturbed()
def load_blobs(
    function: Callable[[torch.nn.BatchNorm2d, Tensor, Tensor, float], object],
) -> Verdict:
    """Check ``(layer, means, variances, weight)``, which fills a layer with a memory.

    ``means`` and ``variances`` (C,) are Caffe's sums, ``weight`` is what they weigh.
    The layer is to answer in evaluation mode as Caffe's, which has no gamma and beta.
    """

    def same(channels: int, weight: float) -> bool:
        layer = torch.nn.BatchNorm2d(channels)
        with torch.no_grad():
            layer.weight.copy_(random(channels) + 2)  # whatever was learned before
            layer.bias.copy_(random(channels, seed=1))
        mean, var = random(channels, seed=2), random(channels, seed=3).square() + 0.1
        function(layer, weight * mean, weight * var, weight)
        x = random(5, channels, 3, 3, seed=4)
        expected = torch.nn.functional.batch_norm(x, mean, var, eps=1e-5)
        return alike(layer.eval()(x).detach(), expected, rtol=1e-4, atol=1e-5)

    return check(
        {
            "sums that weigh 1": lambda: same(3, 1.0),
            "sums that weigh 1,000": lambda: same(3, 1000.0),
            "64 channels, sums that weigh 632": lambda: same(64, 632.0),
        }
    )
