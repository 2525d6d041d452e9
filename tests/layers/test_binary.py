"""Signs, binary weights and their gradients; layers and a network made of them."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close

from normlab.layers import (
    BatchNorm,
    BinaryConv2d,
    ScaledBinaryConv2d,
    ScaledStandardizedConv2d,
    binarize_weight,
    scale_standardize_weight,
    set_binary_weights,
    sign,
)
from normlab.models import binary_cnn, deep_cnn

EXACT = {"rtol": 0, "atol": 1e-10}  # float64; the largest entries are of order 10
HALF = [torch.float16, torch.bfloat16]


def parabola(x):
    """The function whose derivative the sign is given."""
    held = x.clamp(-1, 1)
    return held * (2 - held.abs())


def numbers():
    """All that matters to a sign: both sides, 0, the ends, beyond, and the infinite."""
    some = [-2.0, -1.0, -0.25, -0.0, 0.0, 0.25, 1.0, 3.0, math.inf, -math.inf]
    return torch.tensor(some, dtype=torch.float64)


def along(function, x, direction):
    """The value, and the gradient along a direction."""
    leaf = x.clone().requires_grad_()
    y = function(leaf)
    return y.detach(), torch.autograd.grad((y * direction).sum(), leaf)[0]


# Checks of the two functions, which wrong ones have to fail


def two_values(sign, binarize):
    assert_close(sign(numbers()), torch.where(numbers() < 0, -1.0, 1.0).double())


def gradient_of_the_parabola(sign, binarize):
    x = torch.cat([numbers()[:8], 1.5 * torch.randn(50, dtype=torch.float64)])
    direction = torch.randn_like(x)
    found, expected = (along(f, x, direction)[1] for f in (sign, parabola))
    assert_close(found, expected, **EXACT)


def nan_stays(sign, binarize):
    """Else a network that has diverged would go on as if it had not."""
    assert sign(torch.tensor([math.nan, 1.0])).isnan().tolist() == [True, False]


def weights():
    """Units of unlike size, some weights beyond 1 and one of 0."""
    w = torch.randn(3, 2, 2, 2, dtype=torch.float64)
    w = w * torch.tensor([0.1, 1.0, 2.0], dtype=w.dtype).view(-1, 1, 1, 1)
    w[0, 0, 0, 0] = 0.0
    return w


def signs_times_the_mean_size(sign, binarize):
    w = weights()
    for unit, found in zip(w, binarize(w), strict=True):
        size = unit.abs().sum() / unit.numel()
        expected = torch.where(unit < 0, -size, size)
        assert_close(found, expected, **EXACT)


def gradient_passes_between_the_ends(sign, binarize):
    w = weights()
    direction = torch.randn_like(w)
    found = along(binarize, w, direction)[1]
    assert_close(found, torch.where(w.abs() <= 1, direction, 0.0), **EXACT)


CHECKS = (
    two_values,
    gradient_of_the_parabola,
    nan_stays,
    signs_times_the_mean_size,
    gradient_passes_between_the_ends,
)


@pytest.mark.parametrize("check", CHECKS)
def test_signs_and_weights_are_as_defined(check):
    check(sign, binarize_weight)


def with_gradient(value, like):
    """``value(x)`` with the gradient of ``like(x)``."""
    return lambda x: value(x).detach() + like(x) - like(x).detach()


def plus_minus(x):
    return torch.where(x.isnan(), x, torch.where(x < 0, -1.0, 1.0).to(x.dtype))


def mean_size(w, axes=(1, 2, 3)):
    return w.abs().mean(axes, keepdim=True)


def held(x):
    return x.clamp(-1, 1)


def finite(like):
    """A stand-in's difference from itself is no number where it is infinite."""
    return lambda x: like(x.nan_to_num(posinf=9, neginf=-9))


def signs(value=plus_minus, like=parabola):
    return with_gradient(value, finite(like)), binarize_weight


def binary(value=lambda w: mean_size(w) * plus_minus(w), like=held):
    return sign, with_gradient(value, like)


def factor_with_gradient(w):
    return mean_size(w) * with_gradient(plus_minus, held)(w)


WRONG = {
    "three values": (signs(value=torch.sign), two_values),
    "the identity's gradient": (signs(like=lambda x: x), gradient_of_the_parabola),
    "the clipped identity's": (signs(like=held), gradient_of_the_parabola),
    "half the slope": (signs(like=lambda x: parabola(x) / 2), gradient_of_the_parabola),
    "no gradient": (
        (lambda x: plus_minus(x) + 0 * x.nan_to_num(), binarize_weight),
        gradient_of_the_parabola,
    ),
    "NaN becomes 1": (
        (lambda x: torch.where(x < 0, -1.0, 1.0), binarize_weight),
        nan_stays,
    ),
    "no factor": (binary(value=plus_minus), signs_times_the_mean_size),
    "one factor for all units": (
        binary(value=lambda w: w.abs().mean() * plus_minus(w)),
        signs_times_the_mean_size,
    ),
    "zeros stay": (
        binary(value=lambda w: mean_size(w) * w.sign()),
        signs_times_the_mean_size,
    ),
    "gradient beyond the ends": (
        binary(like=lambda w: w),
        gradient_passes_between_the_ends,
    ),
    "a sign's gradient for weights": (
        binary(like=parabola),
        gradient_passes_between_the_ends,
    ),
    "the factor learns": (
        (sign, factor_with_gradient),
        gradient_passes_between_the_ends,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_functions_are_found(name):
    functions, check = WRONG[name]
    with pytest.raises(AssertionError):
        check(*functions)


@pytest.mark.parametrize("check", CHECKS)
def test_the_checks_pass_the_textbook_and_fail_some_wrong_one(check):
    check(signs()[0], binary()[1])
    assert any(check is seen_by for _, seen_by in WRONG.values())


def test_the_sign_may_be_differentiated_twice():
    x = 1.5 * torch.randn(50, dtype=torch.float64)
    seconds = []
    for function in (sign, parabola):
        leaf = x.clone().requires_grad_()
        (first,) = torch.autograd.grad(
            (function(leaf) * x).sum(), leaf, create_graph=True
        )
        seconds.append(torch.autograd.grad((first * x).sum(), leaf)[0])
    assert_close(*seconds, **EXACT)


@pytest.mark.parametrize("dtype", HALF)
def test_half_precision_is_kept(dtype):
    """A mean of sizes whose sum is infinite in half precision is not."""
    w = (3e4 * (1 + torch.rand(2, 4, 3, 3))).to(dtype)
    found = binarize_weight(w)
    exact = w.double().abs().mean((1, 2, 3), keepdim=True).expand(w.shape)
    assert found.dtype == sign(w).dtype == dtype
    # Rounded to half precision, after a float32 mean of 36 numbers.
    assert_close(found.double(), exact, rtol=torch.finfo(dtype).eps, atol=0)


# The layers


LAYERS = {
    "binary": lambda **options: BinaryConv2d(4, 6, 3, **options),
    "binary, padded": lambda **options: BinaryConv2d(4, 6, 3, padding=1, **options),
    "scaled": lambda **options: ScaledBinaryConv2d(4, 6, 3, **options),
    "scaled, padded": lambda **options: ScaledBinaryConv2d(
        4, 6, 3, padding=1, stride=2, gamma=1.7, **options
    ),
}
each_layer = pytest.mark.parametrize("name", LAYERS)
each_stage = pytest.mark.parametrize("second", [False, True], ids=["first", "second"])


def learned(name, second=False, **options):
    """A layer with gains that are not the start's; some are negative."""
    layer = LAYERS[name](**options)
    with torch.no_grad():
        for n, p in layer.named_parameters():
            if n == "gain":
                p.copy_(torch.randn(p.shape))
    return set_binary_weights(layer, second)


def images(count=3, **options):
    return torch.randn(count, 4, 5, 6, **options)


def written_out(layer, x):
    """The layer as its definition says it, in plain calls."""
    weight, factor = layer.weight, 1.0
    if isinstance(layer, ScaledBinaryConv2d):
        weight = scale_standardize_weight(weight, None, layer.eps)
        factor = layer.gamma * layer.gain.view(-1, 1, 1, 1)
    if layer.binary_weights:
        size = weight.abs().mean((1, 2, 3), keepdim=True)
        weight = torch.where(weight < 0, -size, size)
    ones = torch.where(x < 0, -1.0, 1.0).to(x.dtype)
    at = {"stride": layer.stride, "padding": layer.padding}
    return F.conv2d(ones, factor * weight, layer.bias, **at)


@each_layer
@each_stage
@pytest.mark.parametrize("count", [1, 3, 0])
@pytest.mark.parametrize("bias", [True, False])
def test_layer_is_a_convolution_of_signs(name, second, count, bias):
    """Of one image too, and of none; the mode changes nothing."""
    layer = learned(name, second, bias=bias, dtype=torch.float64)
    x = images(count, dtype=torch.float64)
    assert_close(layer(x), written_out(layer, x), **EXACT)
    assert_close(layer.eval()(x), written_out(layer, x), **EXACT)
    assert list(layer.buffers()) == []


@each_layer
@each_stage
def test_all_parameters_learn_and_so_do_layers_below(name, second):
    layer, x = learned(name, second), images().requires_grad_()
    layer(x).square().sum().backward()
    for leaf in (x, *layer.parameters()):
        assert leaf.grad.any()


@each_layer
@each_stage
@pytest.mark.parametrize("half", HALF)
def test_autocast_and_half_precision(name, second, half):
    """Signs are the same there, and the weight that is used is rounded once."""
    layer = learned(name, second)
    x = images()
    with torch.autocast("cpu", half):
        assert layer(x).dtype == half
    rounded = copy.deepcopy(layer).to(half)
    found = rounded(x.to(half))
    assert found.dtype == half
    weight = getattr(layer, "standardized", lambda: layer.weight)()
    # 36 products, each off by at most 4 roundings: of the weight before and after it is
    # made binary, of its gain, and a share of the sum's.
    most = 36 * 4 * torch.finfo(half).eps * weight.abs().max()
    assert ((found.float() - layer(x)).abs() <= most).all()


@each_layer
@each_stage
def test_memory_format_is_that_of_torchs_layer(name, second):
    layer = learned(name, second)
    x = images().contiguous(memory_format=torch.channels_last)
    assert layer(x).stride() == written_out(layer, x).stride()
    assert_close(layer(x), layer(x.contiguous()))


@each_layer
def test_layer_is_compiled_as_one_graph_in_both_stages(name):
    layer, x = learned(name), images()
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    for second in (False, True):
        set_binary_weights(layer, second)
        assert_close(compiled(x), layer(x))


@each_layer
def test_state_dict_goes_there_and_back_without_the_stage(name):
    layer, other = learned(name, second=True), learned(name)
    other.load_state_dict(layer.state_dict())
    assert not other.binary_weights
    x = images()
    assert torch.equal(set_binary_weights(other)(x), layer(x))


@each_layer
def test_print_shows_the_stage(name):
    layer = learned(name, second=True)
    assert layer.settings()["binary_weights"] is True
    assert "binary_weights=True" in repr(layer)


# The network


def kinds(model):
    return [type(m) for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]


def test_all_convolutions_but_the_first_are_binary():
    assert kinds(binary_cnn()) == [nn.Conv2d, *[BinaryConv2d] * 7, nn.Linear]
    assert kinds(binary_cnn(scaled=True)) == [
        ScaledStandardizedConv2d,
        *[ScaledBinaryConv2d] * 7,
        nn.Linear,
    ]


def test_all_networks_start_from_the_same_weights():
    """Also from those of the network that is not binary."""
    states = []
    for build in (
        deep_cnn,
        binary_cnn,
        lambda: binary_cnn(BatchNorm),
        lambda: binary_cnn(scaled=True),
    ):
        torch.manual_seed(1)
        states.append([w for w in build().parameters() if w.dim() > 1])
    for others in states[1:]:
        for mine, theirs in zip(states[0], others, strict=True):
            assert torch.equal(mine, theirs)


@pytest.mark.parametrize("scaled", [False, True])
def test_the_second_stage_has_two_weights_a_unit(scaled):
    model = set_binary_weights(binary_cnn(scaled=scaled))
    for layer in model.modules():
        if isinstance(layer, ScaledBinaryConv2d):
            used = layer.standardized()
        elif isinstance(layer, BinaryConv2d):
            used = binarize_weight(layer.weight)
        else:
            continue
        for unit in used:
            assert len(unit.unique()) == 2 and unit.unique().sum() == 0


def test_stages_are_set_throughout_and_back():
    model = binary_cnn()
    layers = [m for m in model.modules() if isinstance(m, BinaryConv2d)]
    assert not any(layer.binary_weights for layer in layers)
    assert set_binary_weights(model) is model
    assert all(layer.binary_weights for layer in layers)
    set_binary_weights(model, False)
    assert not any(layer.binary_weights for layer in layers)


# Bad arguments


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: sign(torch.ones(2).long()), NotImplementedError, "input.*int64"),
        (lambda: binarize_weight(torch.ones(2)), ValueError, r"weight.*\(2,\)"),
        (
            lambda: binarize_weight(torch.ones(2, 2).int()),
            NotImplementedError,
            "weight.*int32",
        ),
        (lambda: set_binary_weights(deep_cnn()), ValueError, "binary_cnn"),
    ],
)
def test_bad_argument_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
