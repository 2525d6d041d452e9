"""Frozen statistics: evaluation mode that learns, and that nothing can end."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close

from normlab.evaluation import freeze_statistics, preserved, tracking_layers
from normlab.layers import (
    BatchNorm,
    FrozenBatchNorm,
    GhostBatchNorm,
    InstanceNorm,
)
from normlab.models import TorchBatchNorm, lenet, xavier
from normlab.training import fit

EXACT = {"rtol": 0, "atol": 1e-10}  # float64
KINDS = {"ours": BatchNorm, "torch's": TorchBatchNorm}
each_kind = pytest.mark.parametrize("norm", KINDS.values(), ids=KINDS.keys())


def plain(num_features):
    return BatchNorm(num_features, affine=False)


def torch_plain(num_features):
    return TorchBatchNorm(num_features, affine=False)


ALL = KINDS | {"ours, plain": plain, "torch's, plain": torch_plain}
each_norm = pytest.mark.parametrize("norm", ALL.values(), ids=ALL.keys())


@pytest.fixture
def x():
    return torch.rand(8, 1, 28, 28, dtype=torch.float64)


def network(norm):
    """In float64, with a state that is not the start's."""
    torch.manual_seed(0)
    model = xavier(lenet(norm)).double()
    with torch.no_grad():
        for layer in tracking_layers(model).values():
            for tensor in layer.state_dict().values():
                if tensor.is_floating_point():
                    tensor.uniform_(0.5, 1.5)
    return model


def twins(norm):
    """The same network twice, one of them frozen."""
    model = network(norm)
    return freeze_statistics(copy.deepcopy(model)), model


# The layer


def test_frozen_layer_stays_in_evaluation_mode():
    layer = FrozenBatchNorm(3)
    assert not layer.training
    assert layer.train() is layer
    assert layer.train(True).training is False
    model = nn.Sequential(layer, nn.Dropout()).train()
    assert [m.training for m in model] == [False, True]
    with preserved(model):
        model.eval()
    assert [m.training for m in model] == [False, True]


@pytest.mark.parametrize("affine", [True, False])
def test_frozen_layer_is_a_layer_in_evaluation_mode(affine):
    options = {"eps": 0.1, "affine": affine, "dtype": torch.float64}
    frozen, theirs = FrozenBatchNorm(3, **options), nn.BatchNorm2d(3, **options)
    theirs.running_mean.normal_(), theirs.running_var.uniform_(0.5, 1.5)
    frozen.load_state_dict(theirs.state_dict())
    x = torch.randn(4, 3, 5, 5, dtype=torch.float64)
    assert_close(frozen.train()(x), theirs.eval()(x), **EXACT)


def test_a_copy_is_frozen_too():
    twin = copy.deepcopy(FrozenBatchNorm(3)).train()
    twin(torch.randn(8, 3) + 5)
    assert not twin.training and twin.running_mean.eq(0).all()


# Freezing a network


@each_norm
def test_every_normalizer_is_replaced_in_place(norm):
    model = network(norm)
    others = [m for m in model if not hasattr(m, "running_mean")]
    assert freeze_statistics(model) is model
    layers = tracking_layers(model)
    assert list(layers) == ["1", "5", "10", "13"]
    assert {type(layer) for layer in layers.values()} == {FrozenBatchNorm}
    rest = [m for m in model if not hasattr(m, "running_mean")]
    assert all(a is b for a, b in zip(others, rest, strict=True))


@each_norm
def test_frozen_layers_share_the_tensors(norm):
    """The same objects, so an optimizer made before goes on with them."""
    model = network(norm)
    before = dict(model.named_parameters()) | dict(model.named_buffers())
    state = model.state_dict()
    freeze_statistics(model)
    after = dict(model.named_parameters()) | dict(model.named_buffers())
    assert list(after) == list(before)
    assert all(after[name] is before[name] for name in before)
    frozen = model.state_dict()
    assert list(frozen) == list(state)
    for name, tensor in frozen.items():
        assert tensor.data_ptr() == state[name].data_ptr()


@each_norm
@pytest.mark.parametrize("mode", [True, False])
def test_outputs_are_those_of_evaluation_mode(norm, mode, x):
    frozen, model = twins(norm)
    before = {k: v.clone() for k, v in frozen.state_dict().items()}
    assert_close(frozen.train(mode)(x), model.eval()(x), **EXACT)
    assert not torch.allclose(model.train()(x), model.eval()(x), atol=1e-3)
    assert_close(dict(frozen.state_dict()), before, rtol=0, atol=0)


@each_norm
def test_gradients_are_those_of_evaluation_mode(norm, x):
    frozen, model = twins(norm)
    y = torch.arange(8)
    found = []
    for one in (frozen.train(), model.eval()):
        F.cross_entropy(one(x), y).backward()
        found.append({k: p.grad for k, p in one.named_parameters()})
    assert_close(*found, **EXACT)
    assert all(g is not None and g.abs().max() > 0 for g in found[0].values())


@each_kind
def test_images_do_not_influence_each_other(norm, x):
    frozen, _ = twins(norm)
    alone = torch.cat([frozen.train()(image) for image in x.split(1)])
    assert_close(frozen(x), alone, **EXACT)


@each_norm
def test_training_moves_all_but_the_statistics(norm, images):
    model = freeze_statistics(network(norm).float())
    before = {k: v.clone() for k, v in model.state_dict().items()}
    fit(model, (images[0][:64], images[1][:64]), epochs=1, lr=0.5, batch_size=32)
    still = {k for k, v in model.state_dict().items() if torch.equal(v, before[k])}
    assert still == {name for name, _ in model.named_buffers()}


@each_norm
def test_state_goes_back_into_the_network_before(norm, x):
    frozen, model = twins(norm)
    with torch.no_grad():
        for parameter in frozen.parameters():
            parameter.add_(0.1)
    model.load_state_dict(frozen.state_dict())
    assert_close(model.eval()(x), frozen.train()(x), **EXACT)


@each_kind
def test_settings_are_kept(norm, x):
    model = network(norm)
    for number, layer in enumerate(tracking_layers(model).values()):
        layer.eps = 0.1 * (number + 1)
        layer.momentum = None
    frozen = freeze_statistics(copy.deepcopy(model))
    assert_close(frozen.train()(x), model.eval()(x), **EXACT)
    layers = tracking_layers(frozen).values()
    assert [layer.eps for layer in layers] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert {layer.momentum for layer in layers} == {None}


@each_kind
def test_layers_deep_inside_are_found(norm):
    inner = nn.Sequential(nn.Linear(2, 3), norm(3))
    model = nn.ModuleDict({"a": nn.Sequential(inner, nn.ReLU()), "b": norm(3)})
    freeze_statistics(model)
    assert isinstance(model["a"][0][1], FrozenBatchNorm)
    assert isinstance(model["b"], FrozenBatchNorm)


def test_layers_without_running_statistics_stay():
    """They have nothing to freeze: the batch's own are all they know."""
    model = nn.Sequential(BatchNorm(3, track_running_stats=False), nn.LayerNorm(3))
    layers = list(model)
    freeze_statistics(model)
    assert all(a is b for a, b in zip(model, layers, strict=True))


@each_kind
def test_freezing_twice_is_freezing_once(norm, x):
    frozen, model = twins(norm)
    again = freeze_statistics(frozen)
    assert list(again.state_dict()) == list(model.state_dict())
    assert_close(again.train()(x), model.eval()(x), **EXACT)


@each_kind
def test_a_layer_that_stands_twice_is_frozen_twice(norm):
    b = norm(16)
    model = nn.Sequential(nn.Linear(16, 16), b, nn.Linear(16, 16), nn.Sequential(b))
    keys = list(model.state_dict())
    freeze_statistics(model)
    assert model[1] is model[3][0]
    assert isinstance(model[1], FrozenBatchNorm)
    assert list(model.state_dict()) == keys
    before = model[1].running_mean.clone()
    model.train()(torch.randn(8, 16) + 5)
    assert torch.equal(model[1].running_mean, before)


@each_kind
def test_a_model_that_is_itself_a_layer_is_frozen(norm):
    layer = norm(3)
    keys = list(layer.state_dict())
    frozen = freeze_statistics(layer)
    assert isinstance(frozen, FrozenBatchNorm)
    assert list(frozen.state_dict()) == list(layer.state_dict()) == keys
    frozen.train()(torch.randn(8, 3) + 5)
    assert frozen.running_mean is layer.running_mean and not frozen.running_mean.any()


@pytest.mark.parametrize("options", [{"bias": False}, {"dtype": torch.float64}])
def test_options_are_kept(options):
    layer = BatchNorm(3, **options)
    frozen = freeze_statistics(nn.Sequential(layer))[0]
    assert frozen.bias is layer.bias and frozen.weight is layer.weight


def test_ghosts_are_frozen_as_they_evaluate():
    ghost = GhostBatchNorm(3, 4)
    ghost(torch.randn(16, 3) + 2)
    model = nn.Sequential(ghost)
    x = torch.randn(16, 3)
    expected = copy.deepcopy(ghost).eval()(x)
    assert_close(freeze_statistics(model).train()(x), expected)


def test_what_cannot_be_frozen_is_refused_by_name():
    other = InstanceNorm(3, track_running_stats=True)
    model = nn.Sequential(BatchNorm(3), nn.Sequential(other))
    with pytest.raises(TypeError, match=r"'1\.0' is a InstanceNorm"):
        freeze_statistics(model)
    assert type(model[0]) is BatchNorm
