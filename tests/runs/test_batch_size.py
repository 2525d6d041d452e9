"""The experiment on two batch sizes, against the same done by hand."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from traces import assert_same_trace, left_behind

from normlab.evaluation import loss_and_accuracy
from normlab.runs import batch_size, build, execute
from normlab.runs.batch_size import (
    ANCHOR,
    BATCH_SIZE,
    NORMS,
    SIZES,
    gradient_noise,
    measure,
    scaled,
    state_of,
)
from normlab.runs.config import Run

RUN = Run("lenet", "torch_batch", 0.5, 20, epochs=2, seed=1)
SIZE = 200


@pytest.fixture
def few(fashion, monkeypatch):
    """200 images in the place of all: 10 updates an epoch, measured after 10 and 13."""
    train_x, train_y, test_x, test_y = fashion
    pairs = (train_x[:SIZE], train_y[:SIZE]), (test_x[:120], test_y[:120])
    for module in (execute, batch_size):
        monkeypatch.setattr(module, "data", lambda evaluate_on: pairs)
    for name, value in {"IMAGES": SIZE, "EPOCHS": 1, "UPDATES": 13}.items():
        monkeypatch.setattr(batch_size, name, value)
    monkeypatch.setattr(batch_size, "NOISE_BATCHES", 5)
    return pairs


def numbers(rows):
    """(split, statistics, measure, step, budget) -> value; each of them once."""
    names = ("split", "statistics", "measure", "step", "budget")
    found = {tuple(r.get(name, "") for name in names): r["value"] for r in rows}
    assert len(found) == len(rows)
    return found


def test_every_size_has_every_normalizer_at_both_rates():
    found = {(r.batch_size, r.norm, r.lr) for r in BATCH_SIZE.variants}
    for size in SIZES:
        for norm in NORMS:
            assert {(size, norm, 1.0), (size, norm, size / 256)} <= found
    assert scaled(ANCHOR) == 1.0
    only_maps = {(size, "torch_batch_maps", size / 256) for size in (2, 16)}
    assert only_maps <= found
    assert len(found) == len(BATCH_SIZE.variants) == 47


def test_gradient_and_statistics_differ_in_size():
    ghosts = [r for r in BATCH_SIZE.variants if r.norm.startswith("ghost")]
    pairs = {(r.batch_size, int(r.norm.split("_")[1]), r.lr) for r in ghosts}
    at_256 = {(256, part, 1.0) for part in (2, 4, 16, 64)}
    assert pairs == at_256 | {(64, 16, 0.25), (1024, 16, 4.0)}


def test_each_run_reaches_both_budgets():
    for run in BATCH_SIZE.variants:
        updates = run.epochs * -(-60000 // run.batch_size)
        assert run.epochs >= 5
        assert updates >= 1200


def test_both_budgets_are_measured_at_their_step(few):
    rows = measure(RUN, "cpu").rows
    at = {(r["budget"], r["step"], r["epoch"]) for r in rows if "budget" in r}
    assert at == {("epochs", 10, 1), ("updates", 13, 2)}


def test_what_is_measured_is_the_training_at_that_step(few):
    """Train so many steps with nobody looking, and look then."""
    found = numbers(measure(RUN, "cpu").rows)
    for budget, steps in (("epochs", 10), ("updates", 13)):
        model, _ = execute.train(RUN, max_steps=steps)
        loss, accuracy = loss_and_accuracy(model, *few[1])
        assert found["test", "running", "loss", steps, budget] == loss
        assert found["test", "running", "accuracy", steps, budget] == accuracy
        own = loss_and_accuracy(model, *few[0], statistics="batch", batch_size=20)
        assert found["train", "batch", "loss", steps, budget] == own[0]


def test_a_budget_that_ends_with_the_training_is_measured(few, monkeypatch):
    monkeypatch.setattr(batch_size, "UPDATES", 20)
    found = numbers(measure(RUN, "cpu").rows)
    assert ("test", "running", "accuracy", 20, "updates") in found


def test_measuring_leaves_no_trace(few):
    model = build(RUN)
    before = copy.deepcopy(left_behind(model))
    state = torch.random.get_rng_state()
    state_of(model, RUN, "epochs", 0)
    assert_same_trace(left_behind(model), before)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("norm", ["none", "torch_batch", "ghost_4"])
def test_gradient_noise_against_its_definition(few, norm):
    """In float64 and one batch at a time; batches are 40 whole pieces of one order."""
    x, y = few[0]
    model = build(Run("lenet", norm, 0.5, 40, epochs=1, seed=3, dtype="float64"))
    variance, square = gradient_noise(model, x, y, 40, seed=7)
    order = torch.randperm(SIZE, generator=torch.Generator().manual_seed(7))
    rows = []
    for index in order.split(40):
        model.zero_grad()
        F.cross_entropy(model(x[index].double() / 255), y[index]).backward()
        parts = [p.grad.flatten() for p in model.parameters()]
        rows.append(torch.cat(parts).numpy())
    rows = np.array(rows)  # (5, parameters)
    centred = rows - rows.mean(0)
    expected = (centred**2).sum() / 4
    assert variance == pytest.approx(expected, rel=1e-9)
    assert square == pytest.approx((rows.mean(0) ** 2).sum() - expected / 5, rel=1e-9)


def test_without_normalizer_noise_falls_as_one_over_the_batch(fashion):
    x, y = fashion[0], fashion[1]
    model = build(Run("lenet", "none", 0.5, 8, epochs=1, seed=3))
    small, _ = gradient_noise(model, x, y, 8, seed=0)
    large, _ = gradient_noise(model, x, y, 32, seed=0)
    assert small / large == pytest.approx(4, rel=0.35)
