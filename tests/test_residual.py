"""Residual networks: how many layers, and what a block is when its branch is closed."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from normlab.models import TorchBatchNorm, fan_in_normal
from normlab.residual import Block, close_branches, residual_cnn


@pytest.mark.parametrize("depth", [4, 20, 110])
@pytest.mark.parametrize("norm", [None, TorchBatchNorm])
def test_depth_is_the_number_of_weight_layers(norm, depth):
    model = residual_cnn(norm, depth)
    weights = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    norms = [m for m in model.modules() if isinstance(m, TorchBatchNorm)]
    assert len(weights) == depth
    assert len(norms) == (depth - 1 if norm else 0)
    assert model(torch.rand(3, 1, 28, 28)).shape == (3, 10)


def block_of(model):
    return next(m for m in model.modules() if isinstance(m, Block))


def test_a_block_adds_its_input():
    block, x = block_of(residual_cnn(depth=4)), torch.randn(2, 8, 5, 5)
    assert_close(block(x), (x + block.branch(x)).relu())
    block = block_of(residual_cnn(depth=4, shortcut=False))
    assert_close(block(x), block.branch(x).relu())


def test_branches_are_scaled_by_the_root_of_their_number():
    block, x = block_of(residual_cnn(depth=20, scale="depth")), torch.randn(2, 8, 5, 5)
    assert_close(block(x), (x + block.branch(x) / 3).relu())  # of 9 blocks


@pytest.mark.parametrize("how", ["learned", "gamma"])
def test_closed_branches_leave_the_signal_as_it_is(how):
    x = torch.rand(2, 8, 5, 5)
    if how == "learned":
        model = residual_cnn(depth=20, scale="learned")
    else:
        model = close_branches(residual_cnn(TorchBatchNorm, depth=20))
    blocks = nn.Sequential(*(m for m in model if isinstance(m, Block)))
    assert len(blocks) == 9
    assert_close(blocks(x), x)


def test_a_learned_scale_is_learned():
    model = fan_in_normal(residual_cnn(depth=4, scale="learned"), variance=2)
    model(torch.rand(2, 1, 28, 28)).sum().backward()
    assert block_of(model).scale.grad.abs() > 0


@pytest.mark.parametrize(
    ("options", "said"),
    [({"depth": 5}, "depth=5"), ({"depth": 2}, "depth=2"), ({"scale": "x"}, "scale=")],
)
def test_what_there_is_not_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        residual_cnn(**options)


def test_only_branches_with_gamma_can_be_closed():
    with pytest.raises(ValueError, match="ends without gamma"):
        close_branches(residual_cnn(depth=4))
