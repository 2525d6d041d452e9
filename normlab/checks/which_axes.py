"""Self-checks of the chapter on which values share a mean."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from normlab.checks.verdict import (
    Verdict,
    alike,
    check,
    number,
    random,
    truth,
    undisturbed,
)
from normlab.layers import GhostBatchNorm


@undisturbed()
def group_norm(function: Callable[[Tensor, int, float], Tensor]) -> Verdict:
    """Check ``(x, groups, eps)``, which normalizes (N, C, *) in groups of channels."""

    def same(*shape: int, groups: int, eps: float = 1e-5) -> bool:
        x = random(*shape) * 3 + torch.arange(shape[1]).view(
            1, -1, *[1] * (len(shape) - 2)
        )
        expected = F.group_norm(x, groups, eps=eps)
        return alike(function(x.clone(), groups, eps), expected, atol=1e-4)

    return check(
        {
            "maps (4, 6, 5, 5) in 2 groups": lambda: same(4, 6, 5, 5, groups=2),
            "maps in 3 groups": lambda: same(4, 6, 5, 5, groups=3),
            "a group for each channel": lambda: same(4, 6, 5, 5, groups=6),
            "a table (7, 6)": lambda: same(7, 6, groups=2),
            "sequences (4, 6, 9)": lambda: same(4, 6, 9, groups=3),
            "another eps": lambda: same(4, 6, 5, 5, groups=2, eps=0.5),
        }
    )


@undisturbed()
def shared_count(function: Callable[[str, int, int, int, int], int]) -> Verdict:
    """Check ``(normalizer, n, c, places, groups)`` -> how many values share a mean."""
    normalizers = {
        "batch": lambda x, g: F.batch_norm(x, None, None, training=True),
        "layer": lambda x, g: F.layer_norm(x, x.shape[1:]),
        "instance": lambda x, g: F.instance_norm(x),
        "group": F.group_norm,
    }

    def same(name: str, n: int, c: int, places: int, groups: int) -> bool:
        x = random(n, c, places).double().requires_grad_()
        normalizers[name](x, groups)[0, 0, 0].backward()
        reached = int((x.grad != 0).sum())  # whom the first value depends on
        return number(function(name, n, c, places, groups)) == reached

    return check(
        {
            f"{name}, n={n}, c={c}, places={p}, groups={g}": (
                lambda name=name, n=n, c=c, p=p, g=g: same(name, n, c, p, g)
            )
            for name in normalizers
            for n, c, p, g in ((3, 4, 6, 2), (1, 8, 5, 4))
        }
    )


@undisturbed()
def mixes_images(function: Callable[[nn.Module, Tensor], bool]) -> Verdict:
    """Check ``(layer, x)``: whether an image's output depends on the other images."""
    layers = {
        "batch normalization": (nn.BatchNorm2d(6), True),
        "the same in evaluation mode": (nn.BatchNorm2d(6).eval(), False),
        "without running statistics, in evaluation mode": (
            nn.BatchNorm2d(6, track_running_stats=False).eval(),
            True,
        ),
        "group normalization": (nn.GroupNorm(2, 6), False),
        "instance normalization": (nn.InstanceNorm2d(6), False),
        "ghost batch normalization, two by two": (GhostBatchNorm(6, 2), True),
    }

    def right(layer: nn.Module, mixes: bool) -> bool:
        return truth(function(layer, random(4, 6, 5, 5))) is mixes

    return check({name: partial(right, *expected) for name, expected in layers.items()})
