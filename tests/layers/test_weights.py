"""Standardized weights: the definition, what it keeps, and what would be wrong.

They are no normalizers of what passes through, so what ``test_door`` asks of those is
asked here of the layers that use them.
"""

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close

from normlab.layers import (
    RELU_GAMMA,
    GroupNorm,
    ScaledStandardizedConv2d,
    ScaledStandardizedLinear,
    StandardizedConv2d,
    scale_standardize_weight,
    standardize_weight,
)
from normlab.models import deep_cnn, gamma_and_beta, lenet, normalizers
from normlab.models import standardize_weights as put_in

EXACT = {"rtol": 0, "atol": 1e-10}  # float64; the largest entries are of order 10
SHAPES = [(5, 6), (4, 3, 3), (4, 3, 3, 2), (3, 1, 2, 2, 2)]
HALF = [torch.float16, torch.bfloat16]


def draw(*shape):
    """Units of unlike mean and spread."""
    unit = torch.arange(1.0, shape[0] + 1).view(-1, *[1] * (len(shape) - 1))
    return torch.randn(shape, dtype=torch.float64) * unit + unit - 3


def written_out(weight, eps=1e-5):
    """The definition, unit by unit."""
    units = []
    for unit in weight:
        mean = unit.sum() / unit.numel()
        std = ((unit - mean) ** 2).sum().div(unit.numel()).sqrt()
        units.append((unit - mean) / (std + eps))
    return torch.stack(units)


def scaled_written_out(weight, gain, eps=1e-5):
    units = zip(written_out(weight, eps), gain, strict=True)
    return torch.stack([g * unit / math.sqrt(unit.numel()) for unit, g in units])


# Checks of a pair of functions, plain and scaled


def assert_same(found, expected, *given):
    """Values, and all gradients for a random direction."""
    direction = torch.randn_like(given[0])
    sides = []
    for function in (found, expected):
        leaves = [t.clone().requires_grad_() for t in given]
        y = function(*leaves)
        gradients = torch.autograd.grad((y * direction).sum(), leaves)
        sides.append((y.detach(), *gradients))
    assert_close(*sides, **EXACT)


def every_shape(plain, scaled):
    for shape in SHAPES:
        assert_same(plain, written_out, draw(*shape))


def large_eps(plain, scaled):
    weight = draw(4, 3, 3, 2)
    assert_same(lambda w: plain(w, eps=0.3), lambda w: written_out(w, 0.3), weight)


def scaled_in_every_shape(plain, scaled):
    for shape in SHAPES:
        gain = draw(shape[0], 1)[:, 0]
        assert_same(scaled, scaled_written_out, draw(*shape), gain)


def unit_of_equal_weights(plain, scaled):
    """It becomes 0; divided by eps alone, its gradient is finite."""
    weight = torch.full((2, 4, 2), 0.5, dtype=torch.float64, requires_grad=True)
    direction = torch.randn_like(weight)
    found = plain(weight, eps=1.0)
    found.backward(direction)
    assert_close(found, torch.zeros_like(found), **EXACT)
    centred = direction - direction.mean((1, 2), keepdim=True)
    assert_close(weight.grad, centred, **EXACT)


def half_precision(plain, scaled):
    """Of weights whose squares are infinite there."""
    for dtype in HALF:
        weight = (300 * draw(4, 3, 3, 2)).to(dtype)
        found, exact = plain(weight), written_out(weight.double())
        assert found.dtype == dtype
        # Half a unit in the last place; float32, at these sizes, is good to 1e-5.
        most = torch.finfo(dtype).eps / 2 * exact.abs() + 1e-4
        assert ((found.double() - exact).abs() <= most).all()


CHECKS = (
    every_shape,
    large_eps,
    scaled_in_every_shape,
    unit_of_equal_weights,
    half_precision,
)


@pytest.mark.parametrize("check", CHECKS)
def test_weights_are_standardized_as_defined(check):
    check(standardize_weight, scale_standardize_weight)


def textbook(
    *,
    axes=lambda w: list(range(1, w.dim())),
    centre=lambda w, mean: w - mean,
    std=lambda w, axes: torch.std(w, axes, correction=0, keepdim=True),
    divisor=lambda std, eps: std + eps,
    fan_in=lambda w: w[0].numel(),
    with_gain=lambda w, gain: w * gain.view(-1, *[1] * (w.dim() - 1)),
    compute_in=torch.float32,
):
    """Both functions; each argument is one place to go wrong."""

    def plain(weight, eps=1e-5):
        w = weight.to(compute_in) if weight.dtype in HALF else weight
        over = axes(w)
        centred = centre(w, w.mean(over, keepdim=True))
        return (centred / divisor(std(w, over), eps)).to(weight.dtype)

    def scaled(weight, gain, eps=1e-5):
        return with_gain(plain(weight, eps) / math.sqrt(fan_in(weight)), gain)

    return plain, scaled


def unbiased(w, axes):
    return torch.std(w, axes, correction=1, keepdim=True)


def root_of_variance(w, axes):
    return w.var(axes, correction=0, keepdim=True).sqrt()


WRONG = {
    "the mean stays": (textbook(centre=lambda w, mean: w), every_shape),
    "unbiased deviation": (textbook(std=unbiased), every_shape),
    "one deviation for all units": (
        textbook(axes=lambda w: list(range(w.dim()))),
        every_shape,
    ),
    "a deviation for each input": (
        textbook(axes=lambda w: [0, *range(2, w.dim())]),
        every_shape,
    ),
    "deviation detached": (
        textbook(std=lambda w, axes: root_of_variance(w.detach(), axes)),
        every_shape,
    ),
    "eps inside the root": (
        textbook(divisor=lambda std, eps: (std**2 + eps).sqrt()),
        large_eps,
    ),
    "eps left out": (textbook(divisor=lambda std, eps: std), large_eps),
    "no derivative where all are equal": (
        textbook(std=root_of_variance),
        unit_of_equal_weights,
    ),
    "fan-in left out": (textbook(fan_in=lambda w: 1), scaled_in_every_shape),
    "fan-out for fan-in": (textbook(fan_in=len), scaled_in_every_shape),
    "no gain": (
        textbook(with_gain=lambda w, gain: w + 0 * gain[0]),
        scaled_in_every_shape,
    ),
    "in half precision": (textbook(compute_in=torch.float16), half_precision),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_functions_are_found(name):
    functions, check = WRONG[name]
    with pytest.raises(AssertionError):
        check(*functions)


@pytest.mark.parametrize("check", CHECKS)
def test_the_checks_pass_the_textbook_and_fail_some_wrong_one(check):
    check(*textbook())
    assert any(check is seen_by for _, seen_by in WRONG.values())


@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_of_both_orders(shape):
    weight, gain = draw(*shape).requires_grad_(), draw(shape[0], 1)[:, 0]
    gain.requires_grad_()
    for check in (torch.autograd.gradcheck, torch.autograd.gradgradcheck):
        assert check(standardize_weight, weight)
        assert check(scale_standardize_weight, (weight, gain))


# What it keeps


@pytest.mark.parametrize("shape", SHAPES)
def test_factor_and_shift_of_a_unit_change_nothing(shape):
    weight = draw(*shape)
    factor = draw(shape[0], 1).abs().view(-1, *[1] * (len(shape) - 1)) + 0.1
    found = standardize_weight(factor * weight + factor - 2, eps=0)
    assert_close(found, standardize_weight(weight, eps=0), **EXACT)


@pytest.mark.parametrize("shape", SHAPES)
def test_variance_1_leaves_with_variance_1_and_a_shared_mean_vanishes(shape):
    """For inputs that are not correlated; here none is, exactly."""
    weight = scale_standardize_weight(draw(*shape), eps=0).flatten(1)
    n = weight.shape[1]
    inputs = math.sqrt(n) * torch.cat([torch.eye(n), -torch.eye(n)]).double()
    outputs = F.linear(inputs + 7, weight)  # (2 n, out)
    ones = torch.ones(shape[0], dtype=torch.float64)
    assert_close(outputs.var(0, correction=0), ones, **EXACT)
    assert_close(outputs.mean(0), 0 * ones, **EXACT)


def test_relu_gamma_makes_up_for_relu():
    """The variance of max(z, 0), from z's density in steps of 1/1000.

    A sum over steps h errs by h^2 / 12 times the slopes at 0, below 1e-6.
    """
    z = torch.arange(0, 12, 1e-3, dtype=torch.float64)
    density = torch.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) * 1e-3
    mean, square = (z * density).sum(), (z**2 * density).sum()
    assert abs(RELU_GAMMA**2 * (square - mean**2).item() - 1) < 1e-5


# The layers


LAYERS = {
    "plain": lambda **options: StandardizedConv2d(4, 6, 3, **options),
    "plain, in groups": lambda **options: StandardizedConv2d(
        4, 6, 3, stride=2, padding=1, groups=2, **options
    ),
    "scaled": lambda **options: ScaledStandardizedConv2d(4, 6, 3, gamma=1.7, **options),
    "scaled, mirrored": lambda **options: ScaledStandardizedConv2d(
        4, 6, 3, padding=1, padding_mode="reflect", **options
    ),
    "linear": lambda **options: ScaledStandardizedLinear(4, 6, gamma=1.7, **options),
}
each_layer = pytest.mark.parametrize("name", LAYERS)


def learned(name, **options):
    """A layer with gains that are not the start's."""
    layer = LAYERS[name](**options)
    with torch.no_grad():
        for n, p in layer.named_parameters():
            if n == "gain":
                p.copy_(torch.randn(p.shape))
    return layer


def images(name, count=3, **options):
    return torch.randn(count, 4, *([] if name == "linear" else [5, 6]), **options)


def twin(layer):
    """PyTorch's layer with the weight written out."""
    plain = copy.deepcopy(layer)
    kind = nn.Linear if isinstance(layer, nn.Linear) else nn.Conv2d
    plain.__class__ = kind
    weight = layer.weight.detach().double()
    gain = getattr(layer, "gain", None)
    used = (
        written_out(weight)
        if gain is None
        else scaled_written_out(weight, layer.gamma * gain.detach().double())
    )
    plain.weight = nn.Parameter(used.to(layer.weight.dtype))
    return plain


@each_layer
@pytest.mark.parametrize("count", [1, 3, 0])
@pytest.mark.parametrize("bias", [True, False])
def test_layer_is_torchs_with_standardized_weights(name, count, bias):
    """Of one example too, and of none; the mode changes nothing."""
    layer = learned(name, bias=bias, dtype=torch.float64)
    x = images(name, count, dtype=torch.float64)
    expected = twin(layer)(x)
    assert_close(layer(x), expected, **EXACT)
    assert_close(layer.eval()(x), expected, **EXACT)
    assert list(layer.buffers()) == []


@each_layer
def test_all_parameters_learn(name):
    layer = learned(name)
    layer(images(name)).square().sum().backward()
    for parameter in layer.parameters():
        assert parameter.grad.any()


@each_layer
@pytest.mark.parametrize("half", HALF)
def test_under_autocast_weights_are_standardized_in_float32(name, half):
    layer = learned(name)
    with torch.no_grad():
        layer.weight.mul_(1e4)  # half precision has no squares of these
    x = images(name)
    with torch.autocast("cpu", half):
        found, used = layer(x), layer.standardized()
    assert found.dtype == half and used.dtype == torch.float32
    assert_close(used, layer.standardized(), rtol=0, atol=0)


@each_layer
@pytest.mark.parametrize("half", HALF)
def test_layer_in_half_precision(name, half):
    layer = learned(name).to(half)
    exact = twin(copy.deepcopy(layer).double()).to(half)
    assert layer.standardized().dtype == half
    x = images(name).to(half)
    assert layer(x).dtype == half
    # Weights that are rounded once differ by a unit in the last place at most.
    difference = (layer.standardized().float() - exact.weight.float()).abs()
    assert (difference <= torch.finfo(half).eps * exact.weight.float().abs()).all()


@pytest.mark.parametrize("name", [n for n in LAYERS if n != "linear"])
def test_memory_format_is_that_of_torchs_layer(name):
    layer = learned(name)
    x = images(name).contiguous(memory_format=torch.channels_last)
    assert layer(x).stride() == twin(layer)(x).stride()
    assert_close(layer(x), layer(x.contiguous()))


@each_layer
def test_layer_is_compiled_as_one_graph(name):
    layer = learned(name)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    x = images(name)
    assert_close(compiled(x), layer(x))


@each_layer
def test_state_dict_goes_there_and_back(name):
    """A plain layer's is that of PyTorch's convolution; a scaled one adds the gain."""
    layer, other = learned(name), learned(name)
    other.load_state_dict(layer.state_dict())
    x = images(name)
    assert torch.equal(other(x), layer(x))
    torchs = nn.Linear(4, 6) if name == "linear" else nn.Conv2d(4, 6, 3)
    added = [] if "plain" in name else ["gain"]
    assert sorted(layer.state_dict()) == sorted([*torchs.state_dict(), *added])


@each_layer
def test_print_shows_the_settings(name):
    layer = LAYERS[name](eps=0.25)
    assert layer.settings()["eps"] == 0.25
    for option, value in layer.settings().items():
        assert f"{option}={value}" in repr(layer)


# In the place of a model's layers


def kinds(model):
    return [type(m) for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]


def test_convolutions_are_replaced_and_linear_layers_where_scaled():
    assert kinds(put_in(lenet())) == [StandardizedConv2d] * 2 + [nn.Linear] * 3
    assert kinds(put_in(lenet(), scaled=True)) == [
        *[ScaledStandardizedConv2d] * 2,
        *[ScaledStandardizedLinear] * 2,
        nn.Linear,  # the classifier
    ]


@pytest.mark.parametrize("scaled", [False, True])
def test_replacing_draws_nothing_and_shares_weights(scaled):
    model = deep_cnn(GroupNorm)
    before = {id(p) for p in model.parameters()}
    state = torch.random.get_rng_state()
    put_in(model, scaled, eps=0.5)
    assert torch.equal(torch.random.get_rng_state(), state)
    new = [p for p in model.parameters() if id(p) not in before]
    gains = [p for n, p in model.named_parameters() if n.endswith("gain")]
    assert len(gains) == (8 if scaled else 0)
    assert {id(p) for p in new} == {id(p) for p in gains}
    assert model[1].eps == 0.5
    for gain in gains:
        assert torch.equal(gain, torch.ones_like(gain))


def test_a_model_keeps_its_function_but_for_the_weights():
    torch.manual_seed(0)
    model = lenet(act=nn.ReLU).double()
    x = torch.rand(3, 1, 28, 28, dtype=torch.float64)
    expected = copy.deepcopy(model)
    for index in (0, 3, 7, 9):
        ones = torch.full((len(model[index].weight),), 1.7, dtype=torch.float64)
        weight = scaled_written_out(model[index].weight.detach(), ones)
        expected[index].weight.data = weight
    assert_close(put_in(model, scaled=True, gamma=1.7)(x), expected(x), **EXACT)


def test_gains_are_no_parameters_of_normalizers():
    model = put_in(deep_cnn(), scaled=True)
    assert normalizers(model) == {} and gamma_and_beta(model) == []


# Bad arguments


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda f: f(torch.ones(5, 1)), ValueError, r"\(5, 1\).*at least 2 weights"),
        (lambda f: f(torch.ones(5, 1, 1, 1)), ValueError, "at least 2 weights"),
        (lambda f: f(torch.ones(5)), ValueError, "at least 2 weights"),
        (lambda f: f(torch.ones(5, 2).long()), NotImplementedError, "int64"),
        (lambda f: f(torch.ones(5, 2), eps=-1.0), ValueError, "eps.*-1"),
    ],
)
def test_bad_argument_is_named(call, error, words):
    for function in (standardize_weight, scale_standardize_weight):
        with pytest.raises(error, match=words):
            call(function)


def test_a_gain_of_another_width_is_named():
    with pytest.raises(ValueError, match=r"gain has shape \(3,\).*\(2,\)"):
        scale_standardize_weight(torch.ones(2, 4), torch.ones(3))


@pytest.mark.parametrize("kind", [StandardizedConv2d, ScaledStandardizedConv2d])
def test_a_layer_with_one_weight_a_unit_is_refused_when_it_is_made(kind):
    with pytest.raises(ValueError, match="at least 2 weights"):
        kind(4, 4, 1, groups=4)
