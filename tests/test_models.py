"""The networks: sizes, the order of layers, and what a seed draws."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close

from normlab.layers import BatchNorm
from normlab.models import gaussian, lenet, mlp, xavier


def count(model):
    return sum(p.numel() for p in model.parameters())


def kinds(model):
    return [type(layer) for layer in model]


@pytest.mark.parametrize(("norm", "total"), [(None, 44_426), (BatchNorm, 44_878)])
def test_lenet_has_so_many_parameters(norm, total):
    assert count(lenet(norm)) == total


@pytest.mark.parametrize("norm", [None, BatchNorm])
def test_lenet_gives_ten_logits(norm):
    assert lenet(norm)(torch.randn(3, 1, 28, 28)).shape == (3, 10)


def plain_lenet(x, weights, norm):
    """Two convolutions and three dense layers, written out with functions."""
    for weight, bias in weights[:2]:
        x = F.max_pool2d(torch.sigmoid(norm(F.conv2d(x, weight, bias))), 2)
    x = x.flatten(1)
    for weight, bias in weights[2:4]:
        x = torch.sigmoid(norm(F.linear(x, weight, bias)))
    return F.linear(x, *weights[4])


@pytest.mark.parametrize("norm", [None, BatchNorm])
def test_lenet_equals_its_plain_statement(norm):
    model = lenet(norm)
    weights = [
        (layer.weight, layer.bias)
        for layer in model
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]
    x = torch.randn(8, 1, 28, 28)
    plain_norm = (
        (lambda v: v)
        if norm is None
        else lambda v: F.batch_norm(v, None, None, training=True)
    )
    assert_close(model(x), plain_lenet(x, weights, plain_norm))


def test_norm_sees_every_hidden_width_before_its_activation():
    widths = []

    def norm(num_features):
        widths.append(num_features)
        return nn.Identity()

    model = lenet(norm, act=nn.Tanh)
    assert widths == [6, 16, 120, 84]
    after = [
        kinds(model)[i + 1] for i, k in enumerate(kinds(model)) if k is nn.Identity
    ]
    assert after == [nn.Tanh] * 4


@pytest.mark.parametrize("build", [lenet, lambda norm=None: mlp(4, 32, norm)])
def test_norm_draws_no_random_number(build):
    with_norm, without = (
        [p for p in seeded(build, norm).parameters() if p.dim() > 1]
        for norm in (BatchNorm, None)
    )
    assert len(with_norm) == len(without) > 1
    for a, b in zip(with_norm, without, strict=True):
        assert torch.equal(a, b)


def seeded(build, norm, seed=3):
    torch.manual_seed(seed)
    return xavier(build(norm))


def test_seed_draws_the_weights():
    same, again, other = (seeded(lenet, None, seed)[0].weight for seed in (1, 1, 2))
    assert torch.equal(same, again)
    assert not torch.equal(same, other)


@pytest.mark.parametrize("depth", [1, 2, 5])
@pytest.mark.parametrize("width", [1, 16])
def test_mlp_has_depth_weight_layers_of_that_width(depth, width):
    dense = [m for m in mlp(depth, width) if isinstance(m, nn.Linear)]
    sizes = [dense[0].in_features] + [m.out_features for m in dense]
    assert sizes == [784] + [width] * (depth - 1) + [10]


@pytest.mark.parametrize("depth", [1, 4])
def test_mlp_normalizes_hidden_layers_only(depth):
    model = mlp(depth, 16, BatchNorm)
    hidden = [nn.Linear, BatchNorm, nn.ReLU] * (depth - 1)
    assert kinds(model) == [nn.Flatten, *hidden, nn.Linear]
    assert [m.num_features for m in model if isinstance(m, BatchNorm)] == [16] * (
        depth - 1
    )


def test_mlp_accepts_images_and_vectors():
    model = mlp(3, 8)
    x = torch.randn(5, 1, 28, 28)
    assert_close(model(x), model(x.flatten(1)))
    assert mlp(3, 8, inputs=2, outputs=4)(torch.randn(5, 2)).shape == (5, 4)


@pytest.mark.parametrize("depth", [0, -1])
def test_mlp_needs_a_layer(depth):
    with pytest.raises(ValueError, match=f"depth={depth}"):
        mlp(depth, 16)


def test_xavier_fills_its_bounds_and_leaves_biases():
    model = nn.Sequential(nn.Conv2d(16, 32, 3), nn.Flatten(), nn.Linear(300, 200))
    biases = [model[0].bias.clone(), model[2].bias.clone()]
    xavier(model)
    for layer, fans in ((model[0], 9 * (16 + 32)), (model[2], 500)):
        bound = math.sqrt(6 / fans)
        largest = layer.weight.abs().max().item()
        assert 0.98 * bound < largest <= bound
        assert layer.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.1)
    assert torch.equal(model[0].bias, biases[0])
    assert torch.equal(model[2].bias, biases[1])


def test_gaussian_draws_that_spread_and_no_bias():
    model = gaussian(mlp(2, 200, BatchNorm), std=0.3)
    assert model[1].weight.std().item() == pytest.approx(0.3, rel=0.02)
    assert model[1].weight.mean().item() == pytest.approx(0, abs=0.01)
    assert model[1].bias.abs().max() == 0
    assert torch.equal(model[2].weight, torch.ones(200))
