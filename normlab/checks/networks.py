"""Self-checks of the chapters on LeNet and on PyTorch's layer."""

from collections.abc import Callable

import torch
from torch import Tensor

from normlab.checks.verdict import Verdict, alike, check, number, random, undisturbed


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
def convert(function: Callable[[torch.nn.Module], torch.nn.Module]) -> Verdict:
    """Check a function that swaps every hand-written layer for PyTorch's."""
    from normlab.layers import BatchNorm
    from normlab.models import lenet

    def swapped() -> tuple[torch.nn.Module, torch.nn.Module]:
        model = lenet(BatchNorm)
        model(random(16, 1, 28, 28))  # so that the running statistics have moved
        copy = lenet(BatchNorm)
        copy.load_state_dict(model.state_dict())
        return model.eval(), function(copy).eval()

    def none_left() -> bool:
        return not any(isinstance(m, BatchNorm) for m in swapped()[1].modules())

    def same_output() -> bool:
        before, after = swapped()
        x = random(4, 1, 28, 28, seed=1)
        return alike(after(x.clone()), before(x), atol=1e-5)

    return check(
        {
            "no hand-written layer is left": none_left,
            "in eval mode the outputs are the same": same_output,
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
