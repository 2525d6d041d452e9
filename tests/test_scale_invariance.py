"""What is exact of weights that a normalizer follows, in float64."""

import math
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close

from normlab.gradients import WeightDecay
from normlab.layers import BatchNorm
from normlab.models import TorchBatchNorm, deep_cnn, fan_in_normal, mlp
from normlab.models import scale_invariant_weights as invariant
from normlab.recorders import Turns

EXACT = {"rtol": 1e-9, "atol": 1e-11}  # float64; sums of thousands of products
EPS = 1e-30  # beside variances near 1 it is nothing in float64; the layers refuse 0
NORMS = [partial(BatchNorm, eps=EPS), partial(TorchBatchNorm, eps=EPS)]


def network(norm=NORMS[0]):
    torch.manual_seed(0)
    return fan_in_normal(mlp(4, 12, norm, nn.Tanh), variance=1).double()


@pytest.fixture
def batch(images):
    x, y = images
    return x[:64].double() / 255, y[:64]


def loss_of(model, batch):
    return F.cross_entropy(model(batch[0]), batch[1])


@torch.no_grad()
def scale(model, factor):
    for weight in invariant(model).values():
        weight.mul_(factor)
    return model


@pytest.mark.parametrize("norm", NORMS)
def test_longer_weights_are_the_same_function_with_a_shorter_gradient(norm, batch):
    model, longer = network(norm), scale(network(norm), 10)
    assert_close(longer(batch[0]), model(batch[0]), **EXACT)
    gradients = [
        torch.autograd.grad(loss_of(m, batch), list(invariant(m).values()))
        for m in (model, longer)
    ]
    for one, other in zip(*gradients, strict=True):
        assert_close(10 * other, one, **EXACT)


def test_the_gradient_of_each_unit_is_orthogonal_to_its_weights(batch):
    model = network()
    weights = list(invariant(model).values())
    for w, g in zip(
        weights, torch.autograd.grad(loss_of(model, batch), weights), strict=True
    ):
        along = (w * g).sum(1) / (w.norm(dim=1) * g.norm(dim=1))
        assert_close(along, torch.zeros_like(along), rtol=0, atol=1e-9)


def trained(model, batch, lr, decay, steps=6):
    """After some steps with momentum; only what is free of its size decays."""
    transform = WeightDecay(invariant(model).values(), decay)
    free = {id(w) for w in invariant(model).values()}
    groups = [
        {"params": [p for p in model.parameters() if id(p) in free], "lr": lr},
        {"params": [p for p in model.parameters() if id(p) not in free], "lr": 0.1},
    ]
    optimizer = torch.optim.SGD(groups, momentum=0.9)
    for step in range(steps):
        optimizer.zero_grad()
        loss = loss_of(model, batch)
        loss.backward()
        transform(step, model, batch, loss)
        optimizer.step()
    return model


def test_twice_the_weights_four_times_the_rate_a_quarter_of_the_decay(batch):
    """It is the same function at every step, and stays twice as long."""
    model = trained(network(), batch, lr=0.1, decay=0.04)
    other = trained(scale(network(), 2), batch, lr=0.4, decay=0.01)
    assert_close(other(batch[0]), model(batch[0]), **EXACT)
    weights = (invariant(m).values() for m in (model, other))
    for one, two in zip(*weights, strict=True):
        assert_close(two, 2 * one, **EXACT)


def test_another_decay_is_another_function(batch):
    model = trained(network(), batch, lr=0.1, decay=0.04)
    other = trained(scale(network(), 2), batch, lr=0.4, decay=0.04)
    assert (other(batch[0]) - model(batch[0])).abs().max() > 1e-4


def test_weights_before_a_batch_normalization_are_found():
    deep = deep_cnn(TorchBatchNorm)
    convolutions = [m.weight for m in deep if isinstance(m, nn.Conv2d)]
    assert list(map(id, invariant(deep).values())) == list(map(id, convolutions))
    assert set(invariant(deep)) <= set(dict(deep.named_parameters()))


def test_a_network_without_any_is_refused():
    with pytest.raises(ValueError, match="give a nested"):
        invariant(deep_cnn())


# How far an update turns weights


def turned(angles, every=1, norm=3.0):
    """What is recorded of a vector that is turned by these angles, one an update."""
    w = nn.Parameter(torch.tensor([norm, 0.0]))
    turns, at = Turns({"w": w}, every), 0.0
    for step, angle in enumerate(angles, start=1):
        at += angle
        with torch.no_grad():  # longer at each update, which is no turn
            w.copy_((norm + step) * torch.tensor([math.cos(at), math.sin(at)]))
        turns(step, nn.Identity())
    return turns.arrays()


@pytest.mark.parametrize("angle", [1e-3, 0.1, 1.0, 3.0])
def test_an_angle_is_measured(angle):
    # A direction is off by a few units in the last place, 2^-23 of 1 each; near a half
    # turn the chord hardly changes with the angle, and 3.0 is the furthest asked.
    found = turned([angle])["angles"]
    assert found == pytest.approx(angle, abs=16 * 2.0**-23 / math.cos(angle / 2))


def test_angles_are_averaged_and_norms_are_the_last_ones():
    found = turned([0.1, 0.3, 0.2, 0.4, 0.7], every=2)
    assert found["steps"].tolist() == [2, 4]
    assert found["angles"][:, 0] == pytest.approx([0.2, 0.3], abs=1e-5)
    assert found["norms"][:, 0] == pytest.approx([5, 7])
    assert found["first"] == pytest.approx([3])
    assert {name: a.dtype for name, a in found.items()} == {
        "steps": np.int32,
        "norms": np.float32,
        "angles": np.float32,
        "first": np.float32,
    }


@pytest.mark.parametrize(("weights", "every"), [({}, 1), ({"w": torch.ones(2)}, 0)])
def test_nothing_to_record_is_refused(weights, every):
    with pytest.raises(ValueError, match=r"weights, every=\d: give some weights"):
        Turns(weights, every)
