"""Looks at a network that learns: what they measure, and that they leave no trace."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from normlab.layers import RandomShift
from normlab.models import TorchBatchNorm, deep_cnn, fan_in_normal
from normlab.runs import EXPERIMENTS, build
from normlab.runs.shift import FACTORS, Look, convolutions, look_on, weighted

pytestmark = pytest.mark.usefixtures("few_images_scored")
LR = 0.03


@pytest.fixture
def batch(images):
    x, y = images
    return x[:64].double() / 255, y[:64]


def network(norm=TorchBatchNorm):
    torch.manual_seed(0)
    widths = ((4, 4), (4, 4))
    return fan_in_normal(deep_cnn(norm, widths=widths), variance=2).double()


def looked(model, batch, times=1):
    look = Look(batch, LR, steps=tuple(range(1, times + 1)))
    for step in range(1, times + 1):
        look(step, model)
        torch.rand(1)  # as a training draws numbers
    return look.arrays()


def gradient(model, batch, wanted):
    loss = F.cross_entropy(model.train()(batch[0]), batch[1])
    return loss.item(), torch.autograd.grad(loss, wanted)


def flat(tensors):
    return torch.cat([t.ravel() for t in tensors])


@pytest.mark.parametrize("norm", [None, TorchBatchNorm])
def test_what_a_step_does_to_loss_and_gradient(norm, batch):
    """Against a copy of the network that took the step."""
    model = network(norm)
    found = looked(model, batch)
    loss, before = gradient(model, batch, list(model.parameters()))
    assert found["look/loss"] == pytest.approx(loss)
    for number, factor in enumerate(FACTORS):
        moved = copy.deepcopy(model)
        with torch.no_grad():
            for p, g in zip(moved.parameters(), before, strict=True):
                p -= factor * LR * g
        there, after = gradient(moved, batch, list(moved.parameters()))
        change = (flat(after) - flat(before)).norm() / flat(before).norm()
        promised = factor * LR * flat(before).norm().item() ** 2
        close = {"rel": 1e-5}  # kept in float32
        assert found["look/roughness"][0, number] == pytest.approx(
            change.item(), **close
        )
        decrease = (loss - there) / promised
        assert found["look/decrease"][0, number] == pytest.approx(decrease, **close)


def test_a_layer_s_gradient_once_those_below_have_moved(batch):
    model, layer = network(), 2
    found = looked(model, batch)["look/cosine"][0]
    weights = [m.weight for m in weighted(model)]
    assert len(found) == len(weights) - 1
    _, before = gradient(model, batch, weights)
    with torch.no_grad():
        for w, g in zip(weights[:layer], before[:layer], strict=True):
            w -= LR * g
    _, (after,) = gradient(model, batch, [weights[layer]])
    expected = F.cosine_similarity(after.ravel(), before[layer].ravel(), dim=0)
    assert found[layer - 1] == pytest.approx(expected.item(), rel=1e-5)


def test_a_shift_is_measured_in_deviations(batch):
    """Between two looks the first layer's bias moves by one deviation of its output."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 1), nn.Linear(1, 10)).double()
    look = Look(batch, LR, steps=(1, 2))
    look(1, model)
    with torch.no_grad():
        model[1].bias += model[:2](batch[0]).std(correction=0)
    look(2, model)
    shift = look.arrays()["look/shift"]
    assert np.isnan(shift[0]).all()
    assert shift[1] == pytest.approx([0, 1], rel=1e-5)


def test_a_look_leaves_no_trace(batch):
    def shifting(width):
        return nn.Sequential(TorchBatchNorm(width), RandomShift(0.5))

    model = network(shifting)
    model[2][1].eval()
    before, state = copy.deepcopy(model), torch.random.get_rng_state()
    Look(batch, LR, steps=(1,))(1, model)
    assert torch.equal(torch.random.get_rng_state(), state)
    for one, other in zip(model.modules(), before.modules(), strict=True):
        assert one.training == other.training
    for name, value in model.state_dict().items():
        assert torch.equal(value, before.state_dict()[name]), name
    assert all(p.grad is None for p in model.parameters())


def test_a_shift_that_is_put_in_counts_as_one_and_not_in_the_loss(batch):
    def shifting(width):
        return nn.Sequential(TorchBatchNorm(width), RandomShift(0.5))

    plain, shifted = network(), network(shifting)
    told = looked(plain, batch, times=2), looked(shifted, batch, times=2)
    assert told[0]["look/loss"] == pytest.approx(told[1]["look/loss"])
    # The same network twice: only what is put in moves.
    assert told[0]["look/shift"][1] == pytest.approx(0)
    assert (told[1]["look/shift"][1][1:] > 0.05).all()


def test_a_run_keeps_its_looks_and_its_loss_at_the_end():
    run = replace(convolutions("torch_batch"), steps=50, epochs=1)
    outcome = look_on(run, "cpu")
    assert outcome.arrays["look/steps"].tolist() == [25, 50]
    assert len([r for r in outcome.rows if r["measure"] == "late_loss"]) == 1


def test_all_but_one_have_the_same_rate():
    runs = EXPERIMENTS["shift"].variants
    assert [run.lr for run in runs].count(convolutions("none").lr) == len(runs) - 1
    for run in runs:
        assert build(run) is not None
