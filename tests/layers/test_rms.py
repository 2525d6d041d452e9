"""RMSNorm against PyTorch's, and wrong twins."""

import copy
import inspect
import math

import pytest
import torch
import torch.nn.functional as F
from parity import error_of
from torch import nn
from torch.testing import assert_close

from normlab.layers import LayerNorm, RMSNorm, rms_norm

EXACT = {"rtol": 0, "atol": 1e-10}  # float64, entries of order 10
SHAPES = [(5, 6), (4, 6, 7), (3, 6, 5, 4), (2, 6, 3, 2, 4)]


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64) * 3 + 2


def outcome(function, x, gamma, eps):
    """The output and all gradients, for a fixed direction."""
    leaves = [t.clone().requires_grad_() for t in (x, gamma)]
    y = function(leaves[0], gamma.shape, leaves[1], eps)
    torch.manual_seed(1)
    return y.detach(), torch.autograd.grad((y * torch.randn_like(y)).sum(), leaves)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("eps", [None, 1e-3, 2.0])
def test_rms_norm_equals_torch(shape, axes, eps):
    given = draw(*shape), draw(*shape[-axes:]), eps
    assert_close(outcome(rms_norm, *given), outcome(F.rms_norm, *given), **EXACT)


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 3, 0), (1, 1)])
def test_small_inputs_equal_torch_s(shape):
    x = draw(*shape)
    assert_close(rms_norm(x, shape[1:]), F.rms_norm(x, shape[1:]), **EXACT)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_eps_is_by_default_that_of_the_type_it_is_computed_in(dtype):
    """Small numbers, whose mean square is near the eps of float32."""
    x = torch.full((1, 4), 2.0**-12, dtype=dtype)
    eps = torch.finfo(torch.float32).eps
    expected = 2.0**-12 / math.sqrt(2.0**-24 + eps)
    step = torch.finfo(dtype).eps  # four roundings at most, one in the coarser type
    for function in (rms_norm, F.rms_norm):
        assert function(x, (4,))[0, 0].item() == pytest.approx(expected, rel=4 * step)


def test_of_centred_values_it_is_layer_norm():
    x = draw(4, 6, 5)
    x = x - x.mean((1, 2), keepdim=True)
    layers = RMSNorm(6, 1e-5), LayerNorm(6, 1e-5)
    assert_close(*(layer.double()(x) for layer in layers), **EXACT)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2)])
def test_gradcheck(shape):
    leaves = [v.requires_grad_() for v in (draw(*shape), draw(*shape[1:]))]
    assert torch.autograd.gradcheck(lambda x, w: rms_norm(x, w.shape, w), leaves)


# Wrong twins


def textbook(
    *,
    centre=lambda x, axes: 0,
    size=lambda x, axes: x.square().mean(axes, keepdim=True),
    root=lambda size, eps: (size + eps).sqrt(),
    scale=lambda y, gamma: y * gamma,
):
    """A layer that is right as it stands; each argument is one place to go wrong."""

    def wrong(x, shape, gamma, eps):
        axes = list(range(-len(shape), 0))
        return scale((x - centre(x, axes)) / root(size(x, axes), eps), gamma)

    return wrong


WRONG = {
    "takes the mean out": textbook(centre=lambda x, axes: x.mean(axes, keepdim=True)),
    "of the variance": textbook(
        size=lambda x, axes: x.var(axes, keepdim=True, correction=0)
    ),
    "over one axis": textbook(size=lambda x, axes: x.square().mean(-1, keepdim=True)),
    "over all": textbook(size=lambda x, axes: x.square().mean()),
    "a sum": textbook(size=lambda x, axes: x.square().sum(axes, keepdim=True)),
    "no root": textbook(root=lambda size, eps: size + eps),
    "eps outside the root": textbook(root=lambda size, eps: size.sqrt() + eps),
    "gamma plus 1": textbook(scale=lambda y, gamma: y * (1 + gamma)),
    "size detached": textbook(
        size=lambda x, axes: x.detach().square().mean(axes, keepdim=True)
    ),
}


def is_right(function):
    torch.manual_seed(0)
    given = draw(3, 6, 5, 4), draw(5, 4), 0.05
    (y, found), (expected, gradients) = (
        outcome(f, *given) for f in (function, F.rms_norm)
    )
    pairs = zip((y, *found), (expected, *gradients), strict=True)
    return all(torch.allclose(a, b, **EXACT) for a, b in pairs)


def test_the_twin_is_right_as_it_stands():
    assert is_right(textbook()) and is_right(rms_norm)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_twin_is_noticed(name):
    assert not is_right(WRONG[name])


# The module


def test_options_are_torch_s():
    """A new option of a new PyTorch is noticed here."""
    mine, torchs = (
        list(inspect.signature(kind.__init__).parameters.values())[1:]
        for kind in (RMSNorm, nn.RMSNorm)
    )
    assert mine[0].name == "num_features"
    assert [(p.name, p.default) for p in mine[1:]] == [
        (p.name, p.default) for p in torchs[1:]
    ]


@pytest.mark.parametrize(
    "given",
    [{}, {"eps": 0.1}, {"elementwise_affine": False}, {"dtype": torch.float64}],
)
def test_the_module_is_torch_s_for_one_value_a_channel(given):
    mine, torchs = RMSNorm(6, **given), nn.RMSNorm(6, **given)
    assert list(mine.state_dict()) == list(torchs.state_dict())
    for p in torchs.parameters():
        nn.init.normal_(p)
    mine.load_state_dict(torchs.state_dict())
    x = draw(4, 6).to(given.get("dtype", torch.float32))
    assert_close(mine(x), torchs(x))
    mine.reset_parameters()
    assert_close(dict(mine.state_dict()), dict(RMSNorm(6, **given).state_dict()))


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_of_maps_it_is_over_all_values_with_a_gamma_for_each_channel(shape):
    layer = RMSNorm(6, eps=0.1, dtype=torch.float64)
    nn.init.normal_(layer.weight)
    x = draw(*shape)
    gamma = layer.weight.view(-1, *[1] * (len(shape) - 2)).expand(shape[1:])
    assert_close(layer(x), F.rms_norm(x, shape[1:], gamma, 0.1), **EXACT)


def test_mode_and_neighbours_change_nothing():
    layer = RMSNorm(6).double()
    x = draw(5, 6, 4, 4)
    alone = layer(x[:1])
    assert_close(layer(x)[:1], alone, **EXACT)
    assert_close(copy.deepcopy(layer).eval()(x)[:1], alone, **EXACT)
    assert list(layer.buffers()) == [] and layer.beta is None


X = torch.randn(4, 3, 5)
SAME_ERROR = {
    "another shape": lambda f: f(X, (4,)),
    "no shape": lambda f: f(X, ()),
    "gamma with two axes": lambda f: f(X, (5,), torch.ones(1, 5)),
    "integers": lambda f: f(X.long(), (5,)),
}


@pytest.mark.parametrize("name", SAME_ERROR)
def test_what_torch_refuses_is_refused_alike(name):
    error = error_of(lambda: SAME_ERROR[name](F.rms_norm))
    assert error is not None
    assert error_of(lambda: SAME_ERROR[name](rms_norm)) is error


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: rms_norm(X, (4,)), RuntimeError, r"normalized_shape is \(4,\)"),
        (lambda: rms_norm(X, (5,), torch.ones(4)), RuntimeError, "weight"),
        (lambda: rms_norm(X, (5,), torch.ones(5).double()), RuntimeError, "mixed"),
        (lambda: rms_norm(X, (5,), eps=-1.0), ValueError, "eps must not be negative"),
        (lambda: RMSNorm(4)(X), RuntimeError, "weight should contain 3"),
        (lambda: RMSNorm(3)(X[0, 0]), RuntimeError, "axes"),
    ],
)
def test_bad_argument_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
