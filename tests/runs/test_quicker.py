"""Quicker max-pooling: not a bit of the values or of the gradients differs."""

import pytest
import torch
from torch import nn

from normlab.models import deep_cnn, lenet
from normlab.runs import Run, build
from normlab.runs.quicker import MaxPool2x2, quicker

SHAPES = [(2, 3, 8, 6), (1, 1, 2, 2), (4, 2, 7, 7), (2, 1, 4, 5), (0, 2, 4, 4)]


def values(shape, kind):
    """Of few different values, so that many windows have several maxima, or of many."""
    x = torch.randn(shape, dtype=torch.float64)
    return x.round() if kind == "ties" else x


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("kind", ["ties", "many"])
@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_max_pooling_to_the_bit(shape, kind, ceil_mode):
    layers = nn.MaxPool2d(2, ceil_mode=ceil_mode), MaxPool2x2(2, ceil_mode=ceil_mode)
    x = values(shape, kind)
    found = []
    for layer in layers:
        leaf = x.clone().requires_grad_()
        y = layer(leaf)
        torch.manual_seed(1)
        (gradient,) = torch.autograd.grad(y, leaf, torch.randn_like(y))
        found.append((y, gradient))
    for one, other in zip(*found, strict=True):
        assert one.shape == other.shape and torch.equal(one, other)


def test_nan_goes_through():
    x = torch.zeros(1, 1, 2, 4)
    x[0, 0, 1, 1] = torch.nan
    found = MaxPool2x2(2)(x)
    assert found[0, 0, 0].isnan().tolist() == [True, False]


def test_only_pooling_over_2x2_is_replaced():
    others = [
        nn.MaxPool2d(3),
        nn.MaxPool2d(2, stride=1),
        nn.MaxPool2d(2, padding=1),
        nn.AvgPool2d(2),
    ]
    model = quicker(nn.Sequential(nn.MaxPool2d(2), nn.Sequential(*others)))
    assert type(model[0]) is MaxPool2x2
    assert list(model[1]) == others


@pytest.mark.parametrize("make", [lenet, deep_cnn])
def test_it_is_in_every_recorded_network(make):
    name = {lenet: "lenet", deep_cnn: "deep_cnn"}[make]
    model = build(Run(name, "torch_batch", 0.1, 64, epochs=1, seed=0))
    assert not any(type(layer) is nn.MaxPool2d for layer in model.modules())
    assert any(type(layer) is MaxPool2x2 for layer in model.modules())
