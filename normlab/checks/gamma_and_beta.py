"""Self-checks of the chapter on gamma and beta."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from normlab.checks.verdict import Verdict, alike, check, random, shaped_as, undisturbed

Groups = tuple[list[nn.Parameter], list[nn.Parameter]]


@undisturbed()
def mirror_channel(
    function: Callable[..., tuple[Tensor, Tensor, Tensor, Tensor]],
) -> Verdict:
    """Check ``(gamma, beta, weight, bias, channel)`` -> the four after mirroring.

    ``gamma`` and ``beta`` (C,) come before a sigmoid and average pooling, a convolution
    with ``weight`` (O, C, k, k) and ``bias`` (O,) and no padding after it. The
    channel's gamma and beta change sign, the function stays.
    """

    def answer(channel: int) -> tuple[list[Tensor], list[Tensor]]:
        shapes = [(5,), (5,), (3, 5, 3, 3), (3,)]
        old = [random(*shape, seed=i) for i, shape in enumerate(shapes)]
        new = function(*(v.clone() for v in old), channel)
        return old, [shaped_as(o, n) for o, n in zip(old, new, strict=True)]

    def output(gamma: Tensor, beta: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        x_hat = random(4, 5, 10, 10, seed=9)
        sent = (gamma[:, None, None] * x_hat + beta[:, None, None]).sigmoid()
        return F.conv2d(F.avg_pool2d(sent, 2), weight, bias)

    def flipped(channel: int) -> bool:
        sign = torch.ones(5)
        sign[channel] = -1
        old, new = answer(channel)
        return all(alike(new[i], sign * old[i]) for i in (0, 1))

    def same(channel: int) -> bool:
        old, new = answer(channel)
        return alike(output(*new), output(*old), atol=1e-5)

    return check(
        {
            "that channel's gamma and beta change sign, no other's": lambda: (
                flipped(1) and flipped(4)
            ),
            "the outputs stay when channel 1 is mirrored": lambda: same(1),
            "the outputs stay when channel 4 is mirrored": lambda: same(4),
        }
    )


@undisturbed()
def drop_constant(function: Callable[..., tuple[Tensor, Tensor]]) -> Verdict:
    """Check ``(beta, weight, bias, channel)`` -> the next layer without the channel.

    The channel's gamma is 0; a sigmoid follows, then ``weight`` (O, C) and ``bias``
    (O,), which become (O, C - 1) and (O,).
    """

    def same(channel: int) -> bool:
        gamma, beta = random(5), random(5, seed=1)
        weight, bias = random(3, 5, seed=2), random(3, seed=3)
        gamma[channel] = 0.0
        sent = (gamma * random(20, 5, seed=4) + beta).sigmoid()  # (20, 5)
        expected = sent @ weight.T + bias
        left = [c for c in range(5) if c != channel]
        new_weight, new_bias = function(beta, weight.clone(), bias.clone(), channel)
        new_weight = shaped_as(weight[:, left], new_weight)
        found = sent[:, left] @ new_weight.T + shaped_as(bias, new_bias)
        return alike(found, expected, atol=1e-5)

    return check(
        {
            f"without channel {channel} the outputs stay": lambda channel=channel: same(
                channel
            )
            for channel in (0, 2, 4)
        }
    )


@undisturbed()
def decay_groups(function: Callable[[nn.Module], Groups]) -> Verdict:
    """Check a function from a model to (parameters to decay, gammas and betas)."""
    from normlab.layers import BatchNorm
    from normlab.models import lenet, mlp

    models = {
        "LeNet": partial(lenet, BatchNorm),
        "a perceptron of 4 layers": partial(mlp, 4, 10, nn.BatchNorm1d),
        "a perceptron without normalizers": partial(mlp, 3, 10),
    }

    def ids(parameters) -> list[int]:
        return sorted(id(p) for p in parameters)

    def all_once(model: nn.Module) -> bool:
        every = list(model.parameters())
        decayed, spared = function(model)
        return ids([*decayed, *spared]) == ids(every)

    def right_ones(model: nn.Module) -> bool:
        norms = [
            m for m in model.modules() if isinstance(m, BatchNorm | nn.BatchNorm1d)
        ]
        theirs = [p for m in norms for p in m.parameters()]
        _, spared = function(model)
        return ids(spared) == ids(theirs)

    cases = {}
    for name, new in models.items():
        cases[f"{name}: each parameter once"] = lambda new=new: all_once(new())
        cases[f"{name}: spared are gamma and beta alone"] = lambda new=new: right_ones(
            new()
        )
    return check(cases)
