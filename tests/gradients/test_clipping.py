"""Adaptive gradient clipping: the rule unit by unit, and whose gradients it leaves."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close

from normlab.gradients import AdaptiveClipping, clip_adaptively
from normlab.models import binary_cnn, deep_cnn, lenet

EXACT = {"rtol": 0, "atol": 1e-12}  # float64; clipped gradients are of order 0.1
SHAPES = [(5, 3), (4, 3, 2), (4, 3, 2, 2), (6,), ()]
HALF = [torch.float16, torch.bfloat16]


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64)


def written_out(gradient, weight, clip, eps):
    """The rule, unit by unit; a vector or a number is one unit."""
    if gradient.dim() < 2:
        return clipped_unit(gradient, weight, clip, eps)
    units = zip(gradient, weight, strict=True)
    return torch.stack([clipped_unit(g, w, clip, eps) for g, w in units])


def clipped_unit(g, w, clip, eps):
    most = clip * max(w.square().sum().sqrt().item(), eps)
    norm = g.square().sum().sqrt().item()
    return g * (most / norm) if norm > most else g


# Checks, which wrong functions have to fail


def every_shape(clip):
    """Units of unlike gradients: some are clipped, some are not."""
    for shape in SHAPES:
        weight, gradient = draw(*shape), draw(*shape)
        if len(shape) > 1:
            gradient = gradient * torch.logspace(-3, 1, shape[0]).view(
                -1, *[1] * (len(shape) - 1)
            )
        for limit in (1e-3, 0.1, 1.0):
            found = clip(gradient, weight, limit, 1e-3)
            assert_close(found, written_out(gradient, weight, limit, 1e-3), **EXACT)


def small_weights(clip):
    """Weights of 0 may still move: eps stands for their norm."""
    weight, gradient = torch.zeros(3, 4, dtype=torch.float64), draw(3, 4)
    found = clip(gradient, weight, 0.1, 0.5)
    norms = torch.full((3,), 0.05, dtype=torch.float64)
    assert_close(found.norm(dim=1), norms, **EXACT)


def no_gradient(clip):
    zero = torch.zeros(3, 4, dtype=torch.float64)
    assert torch.equal(clip(zero, draw(3, 4), 0.1, 1e-3), zero)


CHECKS = (every_shape, small_weights, no_gradient)


@pytest.mark.parametrize("check", CHECKS)
def test_gradients_are_clipped_as_defined(check):
    check(clip_adaptively)


def textbook(
    *,
    axes=lambda x: tuple(range(1, x.dim())) or None,
    least=lambda norm, eps: norm.clamp(min=eps),
    factor=lambda most, norm: most / norm,
    clipped=lambda norm, most: norm > most,
):
    """Each argument is one place to go wrong."""

    def function(gradient, weight, clip=0.01, eps=1e-3):
        def norm(x):
            return x.square().sum(axes(x), keepdim=x.dim() > 1).sqrt()

        most = clip * least(norm(weight), eps)
        short = gradient * factor(most, norm(gradient))
        return torch.where(clipped(norm(gradient), most), short, gradient)

    return function


WRONG = {
    "one norm for all units": (textbook(axes=lambda x: None), every_shape),
    "a norm for each input": (
        textbook(axes=lambda x: (0, *range(2, x.dim())) if x.dim() > 1 else None),
        every_shape,
    ),
    "a kernel is a unit": (
        textbook(axes=lambda x: tuple(range(1 + (x.dim() > 2), x.dim())) or None),
        every_shape,
    ),
    "always made that long": (
        textbook(clipped=lambda norm, most: norm > -1),
        every_shape,
    ),
    "too long is set to 0": (
        textbook(factor=lambda most, norm: 0 * norm),
        every_shape,
    ),
    "no eps": (textbook(least=lambda norm, eps: norm), small_weights),
    "eps is added": (textbook(least=lambda norm, eps: norm + eps), every_shape),
    "divides by no gradient": (
        textbook(clipped=lambda norm, most: norm < most),
        no_gradient,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_functions_are_found(name):
    wrong, check = WRONG[name]
    with pytest.raises(AssertionError):
        check(wrong)


@pytest.mark.parametrize("check", CHECKS)
def test_the_checks_pass_the_textbook_and_fail_some_wrong_one(check):
    check(textbook())
    assert any(check is seen_by for _, seen_by in WRONG.values())


@pytest.mark.parametrize("shape", SHAPES)
def test_a_large_limit_changes_nothing(shape):
    """No norm of a gradient is above 1e6 times that of the weights here, or eps."""
    gradient = draw(*shape)
    assert torch.equal(clip_adaptively(gradient, draw(*shape), 1e6), gradient)


@pytest.mark.parametrize("dtype", HALF)
def test_half_precision_is_computed_in_float32(dtype):
    """Of gradients whose squares are infinite there."""
    gradient, weight = (300 * draw(3, 4)).to(dtype), draw(3, 4).to(dtype)
    found = clip_adaptively(gradient, weight)
    assert found.dtype == dtype
    exact = written_out(gradient.double(), weight.double(), 0.01, 1e-3)
    # Rounded once; numbers below the least normal one are rounded to steps of tiny.
    tiny = torch.finfo(dtype).smallest_normal
    assert_close(found.double(), exact, rtol=torch.finfo(dtype).eps, atol=tiny)


# The transform of a model's gradients


def gradients_of(model):
    x, y = torch.rand(4, 1, 28, 28), torch.tensor([0, 1, 2, 3])
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    return x, y, loss


@pytest.mark.parametrize("build", [lenet, deep_cnn, lambda: binary_cnn(scaled=True)])
def test_all_but_the_classifier_is_clipped(build):
    model = build()
    x, y, loss = gradients_of(model)
    twin = copy.deepcopy(model)
    for mine, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        theirs.grad = mine.grad.clone()
    AdaptiveClipping(model, 1e-4, 1e-3)(0, model, (x, y), loss)
    classifier = {id(p) for p in model[-1].parameters()}
    moved = 0
    for mine, before in zip(model.parameters(), twin.parameters(), strict=True):
        if id(mine) in classifier:
            assert torch.equal(mine.grad, before.grad)
        else:
            expected = clip_adaptively(before.grad, before.detach(), 1e-4, 1e-3)
            assert torch.equal(mine.grad, expected)
            moved += not torch.equal(expected, before.grad)
    assert moved > 0


def test_with_a_large_limit_training_is_as_without():
    """To the last bit: nothing is multiplied by 1 either."""
    ends = []
    for limit in (None, 1e9):
        torch.manual_seed(0)
        model = deep_cnn()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for step in range(3):
            optimizer.zero_grad()
            torch.manual_seed(step)
            x, y, loss = gradients_of(model)
            if limit:
                AdaptiveClipping(model, limit)(step, model, (x, y), loss)
            optimizer.step()
        ends.append(copy.deepcopy(model.state_dict()))
    for name, value in ends[0].items():
        assert torch.equal(value, ends[1][name])


def test_other_layers_may_be_spared():
    model = lenet()
    x, y, loss = gradients_of(model)
    before = [p.grad.clone() for p in model.parameters()]
    AdaptiveClipping(model, 1e-6, spared=[model])(0, model, (x, y), loss)
    for parameter, gradient in zip(model.parameters(), before, strict=True):
        assert torch.equal(parameter.grad, gradient)
    AdaptiveClipping(model, 1e-6, spared=[])(0, model, (x, y), loss)
    assert not torch.equal(model[-1].weight.grad, before[-2])


def test_parameters_without_a_gradient_are_passed_over():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2))
    model[0].weight.requires_grad_(False)
    model(torch.ones(4, 2)).sum().backward()
    AdaptiveClipping(model, 1e-6)(0, model, None, None)
    assert model[0].weight.grad is None and model[0].bias.grad.norm() <= 1e-6


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda g: clip_adaptively(g, g, 0.0), ValueError, "clip is 0.0"),
        (lambda g: clip_adaptively(g, g, eps=-1.0), ValueError, "eps is -1.0"),
        (lambda g: clip_adaptively(g, g[0]), ValueError, r"\(3, 2\).*\(2,\)"),
        (lambda g: clip_adaptively(g.int(), g), NotImplementedError, "int32"),
        (lambda g: AdaptiveClipping(lenet(), clip=-0.01), ValueError, "clip is -0.01"),
    ],
)
def test_bad_argument_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call(torch.ones(3, 2))
