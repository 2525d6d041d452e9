"""Filter response normalization and its threshold: the definition and wrong twins."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from normlab.layers import (
    FilterResponseNorm,
    ThresholdedLinearUnit,
    filter_response_norm,
    thresholded_linear,
)

EXACT = {"rtol": 0, "atol": 1e-10}  # float64, entries of order 10
SHAPES = [(4, 3, 7), (2, 3, 5, 4), (2, 3, 3, 2, 4)]


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def arguments(shape=(2, 3, 5, 4)):
    """Maps that are not centred; gamma and beta."""
    return draw(*shape) + 1, draw(3, seed=1), draw(3, seed=2)


# The definition


def by_hand(x, gamma, beta, eps):
    """Map by map."""
    y = np.empty_like(x)
    for n, example in enumerate(x):
        for c, values in enumerate(example):
            nu2 = (values**2).sum() / values.size
            y[n, c] = gamma[c] * values / np.sqrt(nu2 + eps) + beta[c]
    return y


def is_right(function, shape=(2, 3, 5, 4)):
    given = arguments(shape)
    expected = torch.from_numpy(by_hand(*(a.numpy() for a in given), 0.05))
    return torch.allclose(function(*given, 0.05), expected, **EXACT)


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_what_the_definition_says(shape):
    assert is_right(filter_response_norm, shape)


def textbook(
    *,
    axes=(2, 3),
    centre=lambda x, axes: 0,
    size=lambda x, axes: x.square().mean(axes, keepdim=True),
    root=lambda nu2, eps: (nu2 + eps).sqrt(),
):
    """A layer that is right as it stands; each argument is one place to go wrong."""

    def wrong(x, gamma, beta, eps):
        y = (x - centre(x, axes)) / root(size(x, axes), eps)
        return gamma.view(1, -1, 1, 1) * y + beta.view(1, -1, 1, 1)

    return wrong


WRONG = {
    "takes the mean out": textbook(centre=lambda x, axes: x.mean(axes, keepdim=True)),
    "of the variance": textbook(
        size=lambda x, axes: x.var(axes, keepdim=True, correction=0)
    ),
    "over the batch": textbook(axes=(0, 2, 3)),
    "over the channels": textbook(axes=(1, 2, 3)),
    "a sum": textbook(size=lambda x, axes: x.square().sum(axes, keepdim=True)),
    "the mean of sizes": textbook(
        size=lambda x, axes: x.abs().mean(axes, keepdim=True).square()
    ),
    "no root": textbook(root=lambda nu2, eps: nu2 + eps),
    "eps outside the root": textbook(root=lambda nu2, eps: nu2.sqrt() + eps),
}


def test_the_twin_is_right_as_it_stands():
    assert is_right(textbook())


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_twin_is_noticed(name):
    assert not is_right(WRONG[name])


@pytest.mark.parametrize("shape", [(2, 3, 3), (2, 3, 2, 2)])
def test_gradcheck(shape):
    leaves = [v.requires_grad_() for v in arguments(shape)]
    assert torch.autograd.gradcheck(filter_response_norm, leaves)


def test_a_map_of_zeros_stays_one():
    """Nothing to divide by but eps; the gradient is that of x / sqrt(eps)."""
    x = torch.zeros(1, 2, 3, dtype=torch.float64, requires_grad=True)
    y = filter_response_norm(x, eps=0.25)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert torch.equal(y, torch.zeros_like(y))
    assert_close(gradient, torch.full_like(x, 2.0), **EXACT)


# What it looks at


def test_mode_and_neighbours_change_nothing():
    layer = FilterResponseNorm(3).double()
    x, *_ = arguments()
    alone = layer(x[:1])
    assert_close(layer(x)[:1], alone, **EXACT)
    assert_close(copy.deepcopy(layer).eval()(x)[:1], alone, **EXACT)
    assert list(layer.buffers()) == []


def test_it_is_blind_to_a_map_s_factor_and_not_to_a_shift():
    x, *_ = arguments()
    factors = draw(2, 3, 1, 1, seed=4).exp()
    plain = filter_response_norm(x, eps=0)
    assert_close(filter_response_norm(factors * x, eps=0), plain, **EXACT)
    assert (filter_response_norm(x + 1, eps=0) - plain).abs().max() > 0.1


@pytest.mark.parametrize(
    ("shape", "error", "words"),
    [
        ((4, 3, 1), ValueError, "more than 1 spatial"),
        ((4, 3, 1, 1), ValueError, "more than 1 spatial"),
        ((4, 3), RuntimeError, "at least 3 axes"),
        ((4, 2, 5), RuntimeError, "weight should contain 2"),
    ],
)
def test_where_it_has_no_place_it_says_why(shape, error, words):
    with pytest.raises(error, match=words):
        FilterResponseNorm(3)(torch.randn(shape))


def test_a_negative_eps_is_refused():
    with pytest.raises(ValueError, match="eps must not be negative, but got -1"):
        filter_response_norm(torch.randn(2, 3, 4), eps=-1.0)


def test_state_comes_back():
    layer, fresh = FilterResponseNorm(3), FilterResponseNorm(3)
    for p in layer.parameters():
        nn.init.normal_(p)
    fresh.load_state_dict(layer.state_dict())
    x = torch.randn(2, 3, 4, 4)
    assert torch.equal(fresh(x), layer(x))
    fresh.reset_parameters()
    assert_close(dict(fresh.state_dict()), dict(FilterResponseNorm(3).state_dict()))
    assert set(FilterResponseNorm(3, bias=False).state_dict()) == {"weight"}


# The threshold


@pytest.mark.parametrize("shape", [(5, 3), *SHAPES])
def test_each_channel_has_its_threshold(shape):
    x, threshold = draw(*shape), draw(3, seed=5)
    found = thresholded_linear(x, threshold)
    for c in range(3):
        expected = np.maximum(x[:, c].numpy(), threshold[c].item())
        assert_close(found[:, c], torch.from_numpy(expected), **EXACT)


def test_at_the_start_it_is_relu():
    x = torch.randn(4, 3, 5)
    assert torch.equal(ThresholdedLinearUnit(3)(x), x.relu())


def test_gradcheck_of_the_threshold():
    """No value is nearer to its threshold than a step of the check."""
    x, threshold = draw(4, 3, 5), draw(3, seed=5)
    assert (x - threshold.view(1, 3, 1)).abs().min() > 1e-4
    leaves = [v.requires_grad_() for v in (x, threshold)]
    assert torch.autograd.gradcheck(thresholded_linear, leaves)


@pytest.mark.parametrize(
    ("name", "wrong"),
    {
        "of the input, in ReLU's place": lambda x, t: (x - t).relu(),
        "one for all": lambda x, t: torch.maximum(x, t[0]),
        "the smaller": lambda x, t: torch.minimum(x, t.view(1, -1, 1)),
        "of the place": lambda x, t: torch.maximum(x, t.view(1, 1, -1)),
    }.items(),
)
def test_a_wrong_threshold_differs(name, wrong):
    x, threshold = draw(4, 3, 3), draw(3, seed=5)
    found = thresholded_linear(x, threshold)
    assert_close(found, torch.maximum(x, threshold.view(1, 3, 1)), **EXACT)
    assert not torch.allclose(wrong(x, threshold), found, **EXACT)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("kept_in", [torch.float32, None])
def test_the_threshold_keeps_half_precision(half, kept_in):
    unit = ThresholdedLinearUnit(3).to(kept_in or half)
    nn.init.normal_(unit.threshold)
    x = torch.randn(4, 3, 5, 5).to(half)
    with torch.autocast("cpu", half):
        found = unit(x)
    expected = torch.maximum(x.double(), unit.threshold.double().view(1, 3, 1, 1))
    assert found.dtype == half
    # Rounded once to the coarser type; before, sums of a few in float32.
    assert_close(found.double(), expected, rtol=torch.finfo(half).eps, atol=1e-5)


def test_the_threshold_keeps_the_memory_format():
    unit = ThresholdedLinearUnit(3)
    x = torch.randn(4, 3, 5, 6).contiguous(memory_format=torch.channels_last)
    assert unit(x).stride() == x.stride()
    assert unit(torch.randn(0, 3, 4)).shape == (0, 3, 4)


def test_the_threshold_s_state_comes_back():
    unit, fresh = ThresholdedLinearUnit(3), ThresholdedLinearUnit(3)
    nn.init.normal_(unit.threshold)
    fresh.load_state_dict(unit.state_dict())
    assert torch.equal(fresh.threshold, unit.threshold)
    fresh.reset_parameters()
    assert not fresh.threshold.any() and repr(unit) == "ThresholdedLinearUnit(3)"


@pytest.mark.parametrize(
    ("x", "error", "words"),
    [
        (torch.randn(4, 2, 5), RuntimeError, "threshold should contain 2"),
        (torch.randn(4, 3).double(), RuntimeError, "mixed dtype"),
        (torch.ones(4, 3).long(), NotImplementedError, "float"),
        (torch.randn(3), RuntimeError, "axes"),
    ],
)
def test_what_has_no_threshold_is_refused(x, error, words):
    with pytest.raises(error, match=words):
        ThresholdedLinearUnit(3)(x)


def test_both_are_compiled_as_one_graph():
    both = nn.Sequential(FilterResponseNorm(3), ThresholdedLinearUnit(3))
    nn.init.normal_(both[1].threshold)
    compiled = torch.compile(both, fullgraph=True, backend="aot_eager")
    x = torch.randn(2, 3, 4, 4)
    assert_close(compiled(x), both(x))
