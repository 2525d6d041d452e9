"""Where the layer stands in each arm, and that arms differ in nothing else."""

from dataclasses import replace

import pytest
from torch import nn

from normlab.models import TorchBatchNorm
from normlab.runs import EXPERIMENTS, build
from normlab.runs.placement import ARMS, trained

WEIGHTS = nn.Conv2d | nn.Linear


def flat(model):
    """All layers in the order of their calls."""
    return [m for m in model.modules() if not isinstance(m, nn.Sequential)]


def kinds_between_weights(model):
    """What stands between the first two layers with weights, by kind."""
    layers = flat(model)
    first, second = [n for n, m in enumerate(layers) if isinstance(m, WEIGHTS)][:2]
    return [type(m) for m in layers[first + 1 : second]]


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("before", [TorchBatchNorm, nn.ReLU]),
        ("behind", [nn.ReLU, TorchBatchNorm]),
        ("independent", [nn.ReLU, TorchBatchNorm, nn.Dropout]),
        ("before_dropout", [TorchBatchNorm, nn.ReLU, nn.Dropout]),
    ],
)
def test_each_arm_has_the_layer_where_its_name_says(name, kinds):
    assert kinds_between_weights(build(trained(name, 0.1))) == kinds


def test_sigmoids_have_it_before_or_behind():
    first, second = EXPERIMENTS["placement-others"].variants[2:]
    assert kinds_between_weights(build(first))[:2] == [TorchBatchNorm, nn.Sigmoid]
    assert kinds_between_weights(build(second))[:2] == [nn.Sigmoid, TorchBatchNorm]


def test_arms_differ_in_place_and_rate_alone():
    for long in (False, True):
        same = {
            replace(trained(name, 0.1, long=long), model="", norm="") for name in ARMS
        }
        assert len(same) == 1
