"""Self-checks of the chapter on LeNet."""

from collections.abc import Callable

import torch
from torch import Tensor

from normlab.checks.verdict import Verdict, check, number, random, undisturbed


@undisturbed()
def parameter_count(function: Callable[[int, int, int], int]) -> Verdict:
    """Check ``(channels_in, channels_out, kernel) -> count`` of conv + BN, no bias."""

    def counted(i: int, o: int, k: int) -> bool:
        layers = (torch.nn.Conv2d(i, o, k, bias=False), torch.nn.BatchNorm2d(o))
        learned = sum(p.numel() for layer in layers for p in layer.parameters())
        return number(function(i, o, k)) == learned

    return check(
        {
            "1 to 6 channels, 5 x 5": lambda: counted(1, 6, 5),
            "6 to 16 channels, 5 x 5": lambda: counted(6, 16, 5),
            "64 to 128 channels, 3 x 3": lambda: counted(64, 128, 3),
        }
    )


@undisturbed()
def interval(function: Callable[[Tensor], tuple[float, float]]) -> Verdict:
    """Check a function from differences (n,) to the ends of their 95% interval."""
    from scipy import stats

    def same(n: int) -> bool:
        d = random(n).double() + 0.3
        low, high = stats.t.interval(
            0.95, n - 1, loc=d.mean().item(), scale=d.std().item() / n**0.5
        )
        ends = [number(end) for end in function(d)]
        return len(ends) == 2 and all(
            abs(end - right) < 1e-3
            for end, right in zip(ends, (low, high), strict=True)
        )

    return check({f"{n} differences": lambda n=n: same(n) for n in (5, 8, 20)})
