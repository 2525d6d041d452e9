"""The networks: sizes, the order of layers, and what a seed draws."""

import copy
import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.swa_utils import update_bn
from torch.testing import assert_close

from normlab import layers
from normlab.evaluation import recompute_running
from normlab.layers import BatchNorm, GhostBatchNorm
from normlab.layers.module import Normalizer
from normlab.models import (
    TorchBatchNorm,
    deep_cnn,
    fan_in_normal,
    gamma_and_beta,
    gaussian,
    lenet,
    mlp,
    normalizers,
    to_torch,
    xavier,
)
from normlab.runs.builders import xavier_gamma_0


def count(model):
    return sum(p.numel() for p in model.parameters())


def kinds(model):
    return [type(layer) for layer in model]


def test_deep_cnn_is_what_it_says():
    """Sizes 14, 7, 4, 2 by pooling in ceil mode; a normalizer behind each of eight."""
    model = deep_cnn(BatchNorm)
    assert count(deep_cnn()) == 74_114
    assert count(model) == 74_114 + 2 * (2 * (8 + 16 + 32 + 64))
    sizes, x = [], torch.rand(3, 1, 28, 28)
    for layer in model:
        x = layer(x)
        if isinstance(layer, nn.Conv2d):
            sizes.append(tuple(x.shape[1:]))
    widths = (8, 8, 16, 16, 32, 32, 64, 64)
    halves = (14, 14, 7, 7, 4, 4, 2, 2)
    assert sizes == [(w, s, s) for w, s in zip(widths, halves, strict=True)]
    assert x.shape == (3, 10)
    blocks = kinds(model)
    assert all(
        blocks[place + 1 : place + 3] == [BatchNorm, nn.ReLU]
        for place, kind in enumerate(blocks)
        if kind is nn.Conv2d
    )


def test_deep_cnn_equals_its_plain_statement():
    model, x = (
        deep_cnn(widths=((2, 3), (4,)), size=28).double(),
        torch.rand(2, 1, 28, 28),
    )
    first, second, third, last = (m for m in model if hasattr(m, "weight"))
    x = x.double()
    expected = F.relu(F.conv2d(x, first.weight, first.bias, padding=1))
    expected = F.relu(F.conv2d(expected, second.weight, second.bias, padding=1))
    expected = F.max_pool2d(expected, 2)
    expected = F.relu(F.conv2d(expected, third.weight, third.bias, padding=1))
    expected = F.linear(expected.mean((2, 3)), last.weight, last.bias)
    assert_close(model(x), expected)


def test_deep_cnn_options():
    between = deep_cnn(BatchNorm, widths=((8, 8), (16,), (32, 32)), between=True)
    assert [m.num_features for m in between if isinstance(m, BatchNorm)] == [8, 32]
    turned = kinds(deep_cnn(BatchNorm, order="act-norm"))
    assert turned[1:4] == [nn.Conv2d, nn.ReLU, BatchNorm]
    before = kinds(deep_cnn(BatchNorm, order="norm-weight"))
    places = [place for place, kind in enumerate(before) if kind is BatchNorm]
    assert [before[place + 1] for place in places] == [nn.Conv2d] * 7 + [nn.Linear]
    assert before[:3] == [nn.AvgPool2d, nn.Conv2d, nn.ReLU]
    sparse = deep_cnn(BatchNorm, order="norm-weight", between=True, dropout=0.5)
    assert [m.num_features for m in sparse if isinstance(m, BatchNorm)] == [
        8,
        16,
        32,
        64,
    ]
    assert sparse(torch.rand(3, 1, 28, 28)).shape == (3, 10)
    assert deep_cnn(dropout=0.5)[-2].p == 0.5
    assert nn.Dropout not in kinds(deep_cnn())
    for option in ({"order": "norm"}, {"size": 20}):
        with pytest.raises(ValueError, match="use"):
            deep_cnn(**option)


def test_weights_are_drawn_by_fan_in():
    """Standard errors: of 288,000 weights' variance 0.3%, so 2% is seven of them."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(32, 1000, 3), nn.Linear(500, 1000))
    fan_in_normal(model, 2.0)
    for layer, fan_in in ((model[0], 288), (model[1], 500)):
        assert layer.weight.var().item() * fan_in == pytest.approx(2.0, rel=0.02)
        assert not layer.bias.any()


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
    model = lenet(norm).double()
    weights = [
        (layer.weight, layer.bias)
        for layer in model
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]
    x = torch.randn(8, 1, 28, 28, dtype=torch.float64)
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
    model = mlp(3, 8).double()
    x = torch.randn(5, 1, 28, 28, dtype=torch.float64)
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


# Dense layers may have another normalizer


def test_dense_norm_follows_linear_layers_alone():
    seen = {"maps": [], "dense": []}

    def named(name):
        return lambda c: seen[name].append(c) or nn.Identity()

    model = lenet(named("maps"), dense_norm=named("dense"))
    assert seen == {"maps": [6, 16], "dense": [120, 84]}
    behind = [kinds(model)[i - 1] for i, m in enumerate(model) if is_identity(m)]
    assert behind == [nn.Conv2d] * 2 + [nn.Linear] * 2


def is_identity(module):
    return isinstance(module, nn.Identity)


def test_dense_norm_is_norm_unless_said_otherwise():
    widths = []
    lenet(lambda c: widths.append(c) or nn.Identity())
    assert widths == [6, 16, 120, 84]
    assert not any(map(is_identity, lenet(dense_norm=None)))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"norm": BatchNorm}, 2),
        ({"norm": BatchNorm, "dense_norm": None}, 0),
        ({"dense_norm": BatchNorm}, 2),
    ],
)
def test_mlp_is_dense_throughout(given, expected):
    model = mlp(3, 8, **given)
    assert sum(isinstance(m, BatchNorm) for m in model) == expected


def test_lenet_of_any_width_gets_the_right_torch_layer():
    """No width says "convolution": 64 maps and 64 units are normalized alike."""
    layer = TorchBatchNorm(64)
    for shape in ((8, 64), (8, 64, 5), (8, 64, 3, 3), (8, 64, 2, 3, 3)):
        x = torch.randn(shape)
        twin = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d}
        expected = twin.get(len(shape), nn.BatchNorm3d)(64)(x)
        assert torch.equal(layer(x), expected)
    for shape in ((64,), (2, 64, 1, 1, 1, 1)):
        with pytest.raises(ValueError, match="expected 2D to 5D input"):
            layer(torch.randn(shape))


# What is a normalizer


OWN = [
    thing
    for thing in vars(layers).values()
    if isinstance(thing, type) and issubclass(thing, Normalizer)
]
TORCHS = [
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.SyncBatchNorm,
    nn.LayerNorm,
    nn.RMSNorm,
    lambda c: nn.GroupNorm(2, c),
    lambda c: nn.InstanceNorm2d(c, affine=True),
]


def of_one_axis(width=6):
    """Layers that have a weight of one axis and normalize nothing."""
    return [nn.PReLU(width), nn.PReLU()]


@pytest.mark.parametrize("make", [*OWN, *TORCHS])
def test_gamma_and_beta_are_the_normalizers_own(make):
    norm = make(6)
    others = [nn.Linear(6, 6), *of_one_axis(), nn.Embedding(3, 6), nn.Bilinear(6, 6, 2)]
    model = nn.Sequential(*others, nn.ModuleList([norm]))
    assert [id(p) for p in gamma_and_beta(model)] == [id(p) for p in norm.parameters()]
    assert list(normalizers(model)) == [f"{len(others)}.0"]


def test_gamma_0_leaves_the_slopes_of_prelu_alone():
    model = nn.Sequential(nn.Linear(3, 6), BatchNorm(6), nn.PReLU(6))
    xavier_gamma_0(model)
    assert not model[1].weight.any()
    assert torch.equal(model[2].weight, torch.full((6,), 0.25))


# PyTorch's helpers know PyTorch's layers


def loader(batches=4):
    return [3 * torch.randn(16, 1, 28, 28).double() + 1 for _ in range(batches)]


def test_update_bn_passes_over_ours_and_recompute_running_does_not():
    """The docstring says which function to use; here is why."""
    model, batches = lenet(BatchNorm).double(), loader()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    update_bn(batches, model)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    twin = to_torch(copy.deepcopy(model))
    update_bn(batches, twin)
    recompute_running(model, torch.cat(batches), 16)
    for name, value in twin.state_dict().items():
        if "running" in name:
            assert_close(model.state_dict()[name], value, rtol=0, atol=1e-10)
    for name in ("update_bn", "recompute_running", "convert_sync", "to_torch"):
        assert name in BatchNorm.__doc__


def test_convert_sync_batchnorm_finds_what_to_torch_put_there():
    model = lenet(BatchNorm)
    convert = nn.SyncBatchNorm.convert_sync_batchnorm
    assert not any(isinstance(m, nn.SyncBatchNorm) for m in convert(model))
    converted = convert(to_torch(model))
    assert sum(isinstance(m, nn.SyncBatchNorm) for m in converted) == 4


@pytest.mark.parametrize(
    "options", [{}, {"bias": False}, {"affine": False}, {"momentum": None, "eps": 0.1}]
)
@pytest.mark.parametrize("training", [True, False])
def test_to_torch_keeps_outputs_and_tensors(options, training):
    model = lenet(partial(BatchNorm, **options)).double().train(training)
    model(torch.randn(8, 1, 28, 28).double())
    tensors = {k: v.data_ptr() for k, v in model.state_dict().items()}
    twin = to_torch(copy.deepcopy(model))
    x = torch.randn(8, 1, 28, 28).double()
    assert_close(twin(x), model(x), rtol=0, atol=1e-10)
    assert_close(dict(twin.state_dict()), dict(model.state_dict()))
    same = to_torch(model)
    assert same is model and not any(isinstance(m, BatchNorm) for m in model)
    assert {k: v.data_ptr() for k, v in model.state_dict().items()} == tensors


def test_to_torch_refuses_what_torch_does_not_have():
    model = nn.Sequential(BatchNorm(3), nn.Sequential(GhostBatchNorm(3)))
    with pytest.raises(TypeError, match=r"'1\.0' is a GhostBatchNorm"):
        to_torch(model)
    assert isinstance(model[0], BatchNorm)


# Replacing layers


def test_a_layer_that_stands_twice_is_replaced_twice_by_one():
    b, relu = BatchNorm(6), nn.ReLU()
    model = nn.Sequential(nn.Linear(6, 6), b, relu, nn.Sequential(b, relu), b)
    to_torch(model)
    places = model[1], model[3][0], model[4]
    assert {type(m) for m in places} == {TorchBatchNorm}
    assert places[0] is places[1] is places[2]
    assert model[2] is model[3][1] is relu


def test_a_model_that_is_itself_a_layer_is_given_back_replaced():
    layer = BatchNorm(3)
    state = list(layer.state_dict())
    found = to_torch(layer)
    assert isinstance(found, TorchBatchNorm)
    assert list(found.state_dict()) == list(layer.state_dict()) == state
