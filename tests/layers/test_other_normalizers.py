"""Layer, group, instance and ghost normalization against PyTorch and each other."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close

from normlab.layers import (
    BatchNorm,
    GhostBatchNorm,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
)

EXACT = {"rtol": 0, "atol": 1e-10}
SHAPES = [(5, 6), (4, 6, 7), (3, 6, 5, 4), (2, 6, 3, 2, 4)]


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64) * 3 + 5


def assert_same(ours, theirs, x, *learned):
    """Outputs and all gradients, for a random direction."""
    inputs = [x, *learned]
    results = []
    for function in (ours, theirs):
        leaves = [t.clone().requires_grad_() for t in inputs]
        torch.manual_seed(1)
        y = function(*leaves)
        gradients = torch.autograd.grad((y * torch.randn_like(y)).sum(), leaves)
        results.append((y.detach(), gradients))
    assert_close(*results, **EXACT)


# Parity


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("axes", [1, 2])
def test_layer_norm_equals_torch(shape, axes):
    last = shape[-axes:]
    assert_same(
        lambda x, w, b: layer_norm(x, last, w, b, 1e-3),
        lambda x, w, b: F.layer_norm(x, last, w, b, 1e-3),
        draw(*shape),
        draw(*last),
        draw(*last),
    )


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
@pytest.mark.parametrize("shape", SHAPES[1:])
def test_group_norm_equals_torch(shape, groups):
    assert_same(
        lambda x, w, b: group_norm(x, groups, w, b, 1e-3),
        lambda x, w, b: F.group_norm(x, groups, w, b, 1e-3),
        draw(*shape),
        draw(6),
        draw(6),
    )


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_instance_norm_equals_torch(shape):
    assert_same(
        lambda x, w, b: instance_norm(x, weight=w, bias=b, eps=1e-3),
        lambda x, w, b: F.instance_norm(x, weight=w, bias=b, eps=1e-3),
        draw(*shape),
        draw(6),
        draw(6),
    )


@pytest.mark.parametrize("shape", SHAPES[1:])
@pytest.mark.parametrize("own", [True, False])
def test_instance_norm_moves_running_statistics_as_torch_does(shape, own):
    x, mean, var = draw(*shape), draw(6), draw(6).abs()
    sides = []
    for function in (instance_norm, F.instance_norm):
        running = mean.clone(), var.clone()
        y = function(x, *running, use_input_stats=own, momentum=0.3)
        sides.append((y, *running))
    assert_close(*sides, **EXACT)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda: LayerNorm(6), lambda: nn.LayerNorm(6)),
        (lambda: GroupNorm(6, 3), lambda: nn.GroupNorm(3, 6)),
        (lambda: InstanceNorm(6), lambda: nn.InstanceNorm2d(6, affine=True)),
    ],
)
def test_modules_load_torchs_parameters(ours, theirs):
    mine, torchs = ours().double(), theirs().double()
    for p in torchs.parameters():
        nn.init.normal_(p)
    mine.load_state_dict(torchs.state_dict())
    x = draw(4, 6) if isinstance(torchs, nn.LayerNorm) else draw(4, 6, 5, 5)
    assert_close(mine(x), torchs(x), **EXACT)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype):
    x = (draw(4, 6, 8, 8) + 50).to(dtype)
    found = group_norm(x, 2)
    assert found.dtype == dtype
    exact = F.group_norm(x.double(), 2)
    # The result is rounded once; before, so is the mean of 50, in float32.
    mean = 8 * 50 * torch.finfo(torch.float32).eps
    assert_close(found.double(), exact, rtol=torch.finfo(dtype).eps, atol=mean)


# Identities


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_one_group_is_layer_norm_over_all_but_the_examples(shape):
    x = draw(*shape)
    assert_close(group_norm(x, 1), layer_norm(x, shape[1:]), **EXACT)


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_a_group_a_channel_is_instance_norm(shape):
    x = draw(*shape)
    assert_close(group_norm(x, 6), instance_norm(x), **EXACT)


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_one_image_makes_batch_norm_instance_norm(shape):
    x = draw(*shape)[:1]
    assert_close(batch_norm(x, None, None, training=True), instance_norm(x), **EXACT)


def pair(ghost_size, **options):
    """A ghost layer and a plain one with the same random gamma and beta."""
    ghost = GhostBatchNorm(6, ghost_size, dtype=torch.float64, **options)
    for p in ghost.parameters():
        nn.init.normal_(p)
    plain = BatchNorm(6, dtype=torch.float64, **options)
    plain.load_state_dict(ghost.state_dict())
    return ghost, plain


@pytest.mark.parametrize("size", [12, 13, 100])
def test_ghost_of_one_part_is_batch_norm(size):
    ghost, plain = pair(size)
    x = draw(12, 6, 4, 4)
    assert_close(ghost(x), plain(x), **EXACT)
    assert_close(ghost.state_dict(), plain.state_dict(), **EXACT)


@pytest.mark.parametrize("momentum", [0.1, None])
@pytest.mark.parametrize("images", [12, 14, 15])
@pytest.mark.parametrize("shape", [(6,), (6, 3, 3)])
def test_ghost_is_batch_norm_part_after_part(images, shape, momentum):
    ghost, plain = pair(4, momentum=momentum)
    x = draw(images, *shape).requires_grad_()
    twin = x.detach().clone().requires_grad_()
    ends = [4, 8]  # 14 and 15 images: the rest joins the last part
    expected = torch.cat([plain(part) for part in twin.tensor_split(ends)])
    found = ghost(x)
    assert_close(found, expected, **EXACT)
    assert_close(ghost.state_dict(), plain.state_dict(), **EXACT)
    direction = torch.randn_like(found)
    (found * direction).sum().backward()
    (expected * direction).sum().backward()
    assert_close(x.grad, twin.grad, **EXACT)
    assert_close(ghost.weight.grad, plain.weight.grad, **EXACT)


def test_ghost_in_evaluation_is_batch_norm():
    ghost, plain = pair(4)
    for _ in range(3):
        ghost(draw(12, 6))
    plain.load_state_dict(ghost.state_dict())
    x = draw(12, 6)
    assert_close(ghost.eval()(x), plain.eval()(x), **EXACT)


def test_ghost_without_running_statistics():
    ghost, _ = pair(4, track_running_stats=False)
    x = draw(8, 6)
    parts = [F.batch_norm(p, None, None, training=True) for p in x.split(4)]
    expected = torch.cat(parts) * ghost.weight + ghost.bias
    assert_close(ghost(x), expected, **EXACT)


# What is the same in training and evaluation


@pytest.mark.parametrize("make", [LayerNorm, GroupNorm, InstanceNorm])
def test_mode_and_neighbours_change_nothing(make):
    layer = make(6).double()
    x = draw(5, 6, 4, 4)
    alone = layer(x[:1])
    assert_close(layer(x)[:1], alone, **EXACT)
    assert_close(copy.deepcopy(layer).eval()(x)[:1], alone, **EXACT)
    assert list(layer.buffers()) == []


# Bad arguments


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: group_norm(x, 4), RuntimeError, "num_groups is 4.*6 channels"),
        (lambda x: group_norm(x, 0), RuntimeError, "num_groups is 0"),
        (lambda x: group_norm(x, 2, torch.ones(5)), RuntimeError, "weight.*6"),
        (lambda x: group_norm(x, 2, None, torch.ones(7)), RuntimeError, "bias"),
        (lambda x: group_norm(x.long(), 2), NotImplementedError, "float"),
        (lambda x: group_norm(x[0, :, 0, 0], 2), RuntimeError, "axes"),
        (lambda x: layer_norm(x, (5,)), RuntimeError, "normalized_shape"),
        (lambda x: layer_norm(x, ()), RuntimeError, "normalized_shape"),
        (lambda x: layer_norm(x, (4,), torch.ones(6)), RuntimeError, "weight"),
        (lambda x: layer_norm(x.int(), (4,)), NotImplementedError, "float"),
        (lambda x: instance_norm(x[..., 0, 0]), RuntimeError, "axes"),
        (lambda x: instance_norm(x[..., :1, :1]), ValueError, "spatial"),
        (lambda x: GroupNorm(6, 4), ValueError, "num_features"),
        (lambda x: GhostBatchNorm(6, 0), ValueError, "ghost_size"),
        (lambda x: GhostBatchNorm(6, 1)(x[..., 0, 0]), ValueError, "more than 1 value"),
    ],
)
def test_bad_argument_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call(torch.randn(5, 6, 4, 4))


def test_torch_refuses_the_same_inputs():
    x = torch.randn(5, 6, 4, 4)
    for call in (
        lambda: F.group_norm(x, 4),
        lambda: F.layer_norm(x, (5,)),
        lambda: F.instance_norm(x[..., :1, :1]),
    ):
        with pytest.raises((RuntimeError, ValueError)):
            call()
