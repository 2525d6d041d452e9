"""The parity check must reject each way in which teaching versions go wrong."""

import pytest
import torch
import torch.nn.functional as F
from parity import CHECKS, parity

from normlab.layers import batch_norm


def per_channel(v, x):
    return v.view(1, -1, *[1] * (x.dim() - 2))


def axes(x):
    return [d for d in range(x.dim()) if d != 1]


def exact(x):
    var, mean = torch.var_mean(x, axes(x), correction=0)
    return mean, var


def inverse_root(var, eps):
    return (var + eps).rsqrt()


def towards(running, new, momentum):
    running.copy_((1 - momentum) * running + momentum * new.detach())


def unbiased(var, n):
    return var * n / (n - 1)


def layer(
    *,
    statistics=exact,
    scale=inverse_root,
    move=towards,
    to_running=unbiased,
    mode=lambda training: training,
    normalize_with=lambda batch, running: batch,
    compute_in=torch.float32,
):
    """A textbook layer; each argument is one place to go wrong."""

    def textbook(
        input,
        running_mean,
        running_var,
        weight=None,
        bias=None,
        training=False,
        momentum=0.1,
        eps=1e-5,
    ):
        x = input.to(compute_in) if input.dtype == torch.float16 else input
        running = (running_mean, running_var)
        mean, var = running
        if mode(training):
            n = x.numel() // x.shape[1]
            batch = statistics(x)
            move(running_mean, batch[0], momentum)
            move(running_var, to_running(batch[1], n), momentum)
            mean, var = normalize_with(batch, [r.clone() for r in running])
        y = (x - per_channel(mean, x)) * per_channel(scale(var, eps), x)
        y = y * per_channel(weight, x) + per_channel(bias, x)
        return y.to(input.dtype)

    return textbook


def biased_running(var, n):
    return var


def normalizing_with_unbiased(x):
    var, mean = torch.var_mean(x, axes(x), correction=1)
    return mean, var


def cancelling(x):
    mean = x.mean(axes(x))
    return mean, (x**2).mean(axes(x)) - mean**2


def swapped(running, new, momentum):
    towards(running, new, 1 - momentum)


def eps_outside_the_root(var, eps):
    return 1 / (var.sqrt() + eps)


def dividing_by_the_variance(var, eps):
    return 1 / (var + eps)


def over_the_batch_only(x):
    """A variance for every pixel, averaged over the pixels of the channel."""
    var, mean = (s.view(x.shape[1], -1) for s in torch.var_mean(x, 0, correction=0))
    return mean.mean(1), var.mean(1)


def over_all_channels(x):
    var, mean = torch.var_mean(x, correction=0)
    return mean.expand(x.shape[1]), var.expand(x.shape[1])


def detached(x):
    return exact(x.detach())


def with_graph(running, new, momentum):
    running.mul_(1 - momentum).add_(momentum * new)


def never(running, new, momentum):
    return None


def moving_in_evaluation(input, running_mean, running_var, *others, **options):
    if not options["training"]:
        towards(running_mean, exact(input)[0], 0.1)
    return F.batch_norm(input, running_mean, running_var, *others, **options)


def per_element(input, running_mean, running_var, weight, bias, training=False, **_):
    """Normalize each element over the batch alone, as if every pixel were a channel."""
    flat = input.flatten(1)
    if not training:
        return F.batch_norm(input, running_mean, running_var, weight, bias)
    y = F.batch_norm(flat, None, None, training=True).view(input.shape)
    return y * per_channel(weight, input) + per_channel(bias, input)


# name: (wrong layer, one check that has to see it)
WRONG = {
    "running variance biased": (
        layer(to_running=biased_running),
        "running mean and variance",
    ),
    "normalizes with unbiased variance": (
        layer(statistics=normalizing_with_unbiased, to_running=biased_running),
        "output in training",
    ),
    "variance by a difference of squares": (
        layer(statistics=cancelling),
        "large mean in float32",
    ),
    "momentum weighs the old": (layer(move=swapped), "running mean and variance"),
    "running statistics never move": (layer(move=never), "running mean and variance"),
    "eps outside the root": (
        layer(scale=eps_outside_the_root),
        "output with large eps",
    ),
    "eps left out": (
        layer(scale=lambda var, eps: var.rsqrt()),
        "output with large eps",
    ),
    "divides by the variance": (
        layer(scale=dividing_by_the_variance),
        "output in training",
    ),
    "trains with running statistics": (
        layer(normalize_with=lambda batch, running: running),
        "output in training",
    ),
    "variance within pixels only": (
        layer(statistics=over_the_batch_only),
        "output in training",
    ),
    "one mean for all channels": (
        layer(statistics=over_all_channels),
        "output of vectors",
    ),
    "every pixel its own channel": (per_element, "output in training"),
    "statistics in half precision": (
        layer(compute_in=torch.float16),
        "half precision",
    ),
    "statistics detached": (layer(statistics=detached), "gradients in training"),
    "running statistics keep the graph": (
        layer(move=with_graph),
        "running statistics without a graph",
    ),
    "mode from whether gradients are on": (
        layer(mode=lambda training: torch.is_grad_enabled()),
        "training without gradients",
    ),
    "running statistics move in evaluation": (
        moving_in_evaluation,
        "running statistics in evaluation",
    ),
    "always in training": (layer(mode=lambda training: True), "output in evaluation"),
}


@pytest.mark.parametrize("name", WRONG)
def test_parity_rejects(name):
    wrong, seen_by = WRONG[name]
    assert seen_by in parity(wrong)


@pytest.mark.parametrize("right", [F.batch_norm, layer(), batch_norm])
def test_parity_accepts(right):
    assert parity(right) == []


@pytest.mark.parametrize("name", CHECKS)
def test_each_check_rejects_some_wrong_layer(name):
    assert any(name in parity(wrong) for wrong, _ in WRONG.values())
