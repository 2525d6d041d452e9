"""What a layer expects of the next: drawn, and computed from moments."""

import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from normlab.layers.prior import (
    draw,
    expected,
    largest_of,
    over_maps,
    pooled,
    rectified,
    rectified_last,
    rule,
    sampled,
)
from normlab.layers.slips import behind_layer, pad_as_released, pad_channels

EXACT = {"rtol": 0, "atol": 1e-12}  # float64
DRAWS = 4000
FAR = 6  # standard errors; a true value lies beyond once in 5e8 comparisons


def float64(*values):
    return torch.tensor(values, dtype=torch.float64)


def statistics(parts=2, channels=3):
    mean = torch.randn(parts, channels, dtype=torch.float64)
    return mean, torch.rand(parts, channels, dtype=torch.float64) + 0.3


def layers(*names):
    torch.manual_seed(3)
    made = {
        "conv": lambda: nn.Conv2d(3, 4, 3, padding=1),
        "grouped": lambda: nn.Conv2d(3, 6, 3, groups=3, stride=2),
        "relu": nn.ReLU,
        "pool": lambda: nn.MaxPool2d(2, ceil_mode=True),
        "flatten": nn.Flatten,
        "dense": lambda: nn.Linear(3 * 5 * 5, 4),
        "nothing": nn.Identity,
    }
    return [made[name]().double() for name in names]


def far_off(samples, value):
    """By how many standard errors the mean over the first axis misses a value."""
    error = samples.std(0) / math.sqrt(len(samples))
    return ((samples.mean(0) - value).abs() / error).max()


# The random map


def test_a_draw_is_mean_and_deviation_times_noise():
    mean, var = statistics()
    torch.manual_seed(0)
    found = draw(mean, var, (5, 4))
    torch.manual_seed(0)
    noise = torch.randn(2, 3, 5, 4, dtype=torch.float64)
    means, deviations = (s[..., None, None] for s in (mean, var.sqrt()))
    assert_close(found, means + deviations * noise, **EXACT)


def test_a_map_s_statistics_are_those_of_its_pixels():
    maps = torch.randn(2, 3, 5, 4, dtype=torch.float64)
    mean, var = over_maps(maps)
    assert_close(mean, maps.mean((2, 3)), **EXACT)
    assert_close(var, maps.var((2, 3), correction=0), **EXACT)


def test_the_sampled_prior_is_that_of_one_map_behind_the_layers():
    mean, var = statistics()
    between = layers("relu", "pool", "conv")
    torch.manual_seed(0)
    found = sampled(mean, var, (5, 5), between)
    torch.manual_seed(0)
    by_hand = over_maps(nn.Sequential(*between)(draw(mean, var, (5, 5))))
    assert_close(found, by_hand, **EXACT)


def test_one_value_has_no_variance_to_expect():
    mean, var = statistics()
    dense = [nn.ReLU(), nn.Linear(3, 4).double()]
    with pytest.raises(ValueError, match=r"shape \(2, 4\).*closed_form=True"):
        sampled(mean, var, (), dense)
    found = expected(mean, var, (), dense)
    assert (found[1] > 0).all()


def test_a_variance_of_zero_has_a_finite_gradient():
    mean = float64([0.0, 2.0, -2.0]).requires_grad_()
    var = float64([0.0, 0.0, 0.0]).requires_grad_()
    for function in (lambda: draw(mean, var, (2,)), lambda: sum(rectified(mean, var))):
        for gradient in torch.autograd.grad(function().sum(), (mean, var)):
            assert gradient.isfinite().all()


# Moments in closed form


@pytest.mark.parametrize("mean", [-3.0, -0.4, 0.0, 1.3, 4.0])
@pytest.mark.parametrize("var", [0.2, 1.0, 7.0])
def test_rectified_moments_are_integrals(mean, var):
    deviation = math.sqrt(var)
    x = torch.linspace(0, mean + 14 * deviation, 200_001, dtype=torch.float64)
    density = torch.exp(-((x - mean) ** 2) / (2 * var)) / math.sqrt(2 * math.pi * var)
    first = torch.trapezoid(x * density, x)
    second = torch.trapezoid(x**2 * density, x)
    found = rectified(float64(mean), float64(var))
    # The rule's error: step^2 / 12 times the slope at 0, below 1e-8.
    for value, integral in zip(found, (first, second - first**2), strict=True):
        assert value.item() == pytest.approx(integral.item(), abs=1e-8)


def test_rectified_variance_does_not_cancel():
    """Far above 0 nothing is cut off, whatever the digits of the mean's square."""
    mean, var = torch.tensor([1e4]), torch.tensor([1e-2])
    assert_close(rectified(mean, var), (mean, var))


def test_largest_of_known_counts():
    root = math.sqrt(math.pi)
    three = 1 + math.sqrt(3) / (2 * math.pi) - 9 / (4 * math.pi)
    known = {1: (0, 1), 2: (1 / root, 1 - 1 / math.pi), 3: (1.5 / root, three)}
    for count, moments in known.items():
        assert largest_of(count) == pytest.approx(moments, abs=1e-12)


CHAINS = [
    ["conv"],
    ["relu", "conv"],
    ["relu", "grouped"],
    ["nothing", "relu", "flatten", "dense"],
    ["pool"],
    ["pool", "conv"],
]


@pytest.mark.parametrize("names", CHAINS)
def test_expected_moments_are_those_of_many_maps(names):
    """Mean, and mean square, which no estimate of a map's own mean can bias."""
    mean, var = statistics(parts=1)
    between = layers(*names)
    x = draw(mean.expand(DRAWS, -1), var.expand(DRAWS, -1), (5, 5))
    y = nn.Sequential(*between)(x)
    y = (y if y.dim() > 2 else y[..., None]).flatten(2)
    means, variances = expected(mean, var, (5, 5), between)
    assert far_off(y.mean(2), means[0]) < FAR
    assert far_off(y.square().mean(2), (variances + means.square())[0]) < FAR


def test_many_maps_tell_a_forgotten_edge():
    """The check above sees what counts each tap of a padded convolution everywhere."""
    mean, var = statistics(parts=1)
    (conv,) = layers("conv")
    y = conv(draw(mean.expand(DRAWS, -1), var.expand(DRAWS, -1), (5, 5))).flatten(2)
    inside = conv.weight.sum((2, 3)) @ mean[0] + conv.bias
    assert far_off(y.mean(2), inside) > FAR


def test_pooling_counts_what_is_in_a_window():
    """At the edge of a map of 3 a window holds 2 values, in its corner 1."""
    pool = nn.MaxPool2d(2, ceil_mode=True)
    zeros = torch.zeros(1, 1, 3, 3, dtype=torch.float64)
    for which, found in enumerate(pooled(pool, zeros, zeros + 1)):
        known = [[largest_of(n)[which] for n in row] for row in ([4, 2], [2, 1])]
        assert_close(found[0, 0], float64(*known), **EXACT)


def test_the_rectifier_comes_last():
    """Behind max-pooling it gives the same, map by map."""
    between = layers("relu", "pool", "conv")
    turned = rectified_last(between)
    assert [type(m) for m in turned] == [nn.MaxPool2d, nn.ReLU, nn.Conv2d]
    x = torch.randn(2, 3, 5, 5, dtype=torch.float64)
    assert_close(nn.Sequential(*turned)(x), nn.Sequential(*between)(x), **EXACT)


@pytest.mark.parametrize("names", [*CHAINS, ["relu", "pool", "conv"]])
def test_gradcheck_of_both_priors(names):
    between = layers(*names)
    mean, var = (s.requires_grad_() for s in statistics())

    def drawn(mean, var):
        torch.manual_seed(0)
        return sampled(mean, var, (5, 5), between)

    functions = [lambda mean, var: expected(mean, var, (5, 5), between)]
    functions += [drawn] if "dense" not in names else []
    for function in functions:
        assert torch.autograd.gradcheck(function, (mean, var))


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (nn.Sigmoid(), "no closed form for Sigmoid.*closed_form=False"),
        (nn.Conv2d(3, 3, 3, padding=1, padding_mode="circular"), "padded by zeros"),
        (nn.MaxPool2d(4), "at most 9"),
        (nn.MaxPool2d((2, 5)), "at most 9"),
        (nn.MaxPool2d(2, dilation=2), "MaxPool2d"),
        (type("Mine", (nn.Conv2d,), {})(3, 3, 3), "Mine"),
    ],
)
def test_what_has_no_closed_form_is_named(layer, words):
    with pytest.raises(TypeError, match=words):
        rule(layer)


# Where the released code slips


def test_padding_each_part_adds_zeros_beside_its_own_channels():
    """Two parts of two channels; what a padded map of each would have."""
    statistic = float64([1.0, 2.0], [3.0, 4.0])
    assert_close(pad_channels(statistic, 1), float64([0, 1, 2, 0], [0, 3, 4, 0]))
    maps = statistic[..., None, None].expand(2, 2, 5, 5)
    zeros = torch.zeros(2, 1, 5, 5).double()
    padded = torch.cat([zeros, maps, zeros], 1)
    assert_close(pad_channels(statistic, 1), over_maps(padded)[0])


def test_released_padding_takes_all_parts_for_one():
    statistic = float64([1.0, 2.0], [3.0, 4.0])
    found = pad_as_released(statistic, 1)
    assert_close(found, float64([0, 0, 1, 2], [3, 4, 0, 0]))
    assert_close(pad_as_released(statistic[:1], 1), pad_channels(statistic[:1], 1))


def test_behind_a_layer_are_gamma_and_beta():
    """The statistics that the output of batch normalization has."""
    x = torch.randn(500, 3, dtype=torch.float64) * 4 + 7
    weight, bias = float64(0.5, -2, 1), float64(1, 0, -3)
    mean, var = x.mean(0), x.var(0, correction=0)
    y = nn.functional.batch_norm(x, None, None, weight, bias, training=True)
    found = behind_layer(mean[None], var[None], weight, bias)
    assert_close(found[0][0], y.mean(0), **EXACT)
    assert_close(found[1][0], y.var(0, correction=0), **EXACT)
