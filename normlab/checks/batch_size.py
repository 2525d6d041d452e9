"""Self-checks of the chapter on batch size."""

from collections.abc import Callable

import torch
from torch import Tensor

from normlab.checks.verdict import Verdict, alike, check, number, random, undisturbed
from normlab.layers import GhostBatchNorm


@undisturbed()
def ghost_batch_norm(function: Callable[[Tensor, int], Tensor]) -> Verdict:
    """Check ``(x, size)``, which normalizes x (N, C) in parts of ``size`` examples.

    The parts follow each other, ``size`` divides N, epsilon is 1e-5.
    """

    def same(shape: tuple[int, int], size: int) -> bool:
        x = random(*shape) * 3 + 2
        expected = GhostBatchNorm(shape[1], ghost_size=size)(x).detach()
        return alike(function(x, size), expected, rtol=1e-4, atol=1e-5)

    return check(
        {
            "12 examples in parts of 4": lambda: same((12, 3), 4),
            "64 examples in parts of 16": lambda: same((64, 5), 16),
            "one part: plain batch normalization": lambda: same((8, 3), 8),
        }
    )


@undisturbed()
def batch_mean_error(function: Callable[[Tensor, int], float]) -> Verdict:
    """Check ``(maps, batch_size)``: how far the mean of a batch's maps scatters.

    ``maps`` (N, H, W) are one channel of many images; the answer is a standard
    deviation, to 6 per cent.
    """

    def close(unlike: float, batch_size: int) -> bool:
        maps = random(500, 6, 6) + unlike * random(500, 1, 1, seed=1)
        draw = torch.Generator().manual_seed(0)
        index = torch.randint(len(maps), (20_000, batch_size), generator=draw)
        drawn = maps.mean((1, 2))[index].mean(1).std().item()
        return abs(number(function(maps, batch_size)) / drawn - 1) < 0.06

    return check(
        {
            "independent pixels, batches of 4": lambda: close(0.0, 4),
            "images of unlike brightness, batches of 4": lambda: close(1.0, 4),
            "the same, batches of 64": lambda: close(1.0, 64),
        }
    )
