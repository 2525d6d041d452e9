"""What a training step costs: what is timed, counted and kept."""

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from normlab.evaluation.kept import bytes_for_backward
from normlab.runs import EXPERIMENTS, execute, step_cost
from normlab.runs.contenders import CONTENDERS
from normlab.runs.rows import STEPS_KEPT
from normlab.runs.step_cost import cost

SIZE = 16  # images
RUNS = dict(zip(CONTENDERS, EXPERIMENTS["race-cost"].variants, strict=True))


@pytest.fixture
def few(images, monkeypatch):
    """Few images, one turn, and a clock: each training takes a second longer."""
    for module in (execute, step_cost):
        monkeypatch.setattr(module, "data", lambda _: (images, images))
    monkeypatch.setattr(step_cost, "TURNS", 1)


def short(name):
    return replace(RUNS[name], batch_size=SIZE, steps=3)


def numbers(outcome):
    return {r["measure"]: r["value"] for r in outcome.rows if r["step"] == 3}


def test_every_contender_has_its_cost():
    for name, run in RUNS.items():
        contender = CONTENDERS[name]
        assert (run.model, run.norm) == (contender.model, contender.norm)
        assert run.transform == contender.transform
        assert run.steps == STEPS_KEPT


def test_a_ratio_is_of_medians_and_the_first_turn_does_not_count(few, monkeypatch):
    """The turns take 100 and 100, then 6 and 2, 5 and 1, 9 and 3 seconds a step."""
    seconds = iter([100, 100, 6, 2, 5, 1, 9, 3])
    monkeypatch.setattr(step_cost, "TURNS", 3)

    def trained(*_):
        epoch = SimpleNamespace(seconds=next(seconds))
        return SimpleNamespace(epochs=[epoch], step_losses=[2.3], diverged=None)

    monkeypatch.setattr(step_cost, "_trained", trained)
    found = numbers(cost(short("group"), "cpu"))
    assert (found["step_seconds"], found["step_seconds_ratio"]) == (6, 3)


def test_the_other_of_a_turn_has_no_normalizer_and_the_same_seed(few, monkeypatch):
    trained = []
    train_on = step_cost.train_on

    def watched(model, run, *given, **options):
        trained.append(run)
        return train_on(model, run, *given, **options)

    monkeypatch.setattr(step_cost, "train_on", watched)
    run = short("precondition")
    cost(run, "cpu")
    assert trained[::2] == [run] * 2
    for plain in trained[1::2]:
        assert (plain.model, plain.norm, plain.transform) == ("deep_cnn", "none", "")
        assert (plain.seed, plain.steps) == (run.seed, run.steps)


def test_losses_are_those_of_the_training(few):
    run = short("batch_4")
    rows = cost(run, "cpu").rows
    losses = [r["value"] for r in rows if r["measure"] == "step_loss"]
    _, history = execute.train(run)
    assert losses == history.step_losses


def test_bytes_are_of_whole_batches_and_more_with_a_normalizer(few):
    kept = {
        name: numbers(cost(short(name), "cpu"))["bytes_kept"]
        for name in ("none", "batch_128", "group", "scaled")
    }
    assert kept["none"] < kept["batch_128"]
    assert kept["none"] < kept["group"]
    # Its weights are made anew for each pass, and kept whatever the batch is.
    twice = replace(short("none"), batch_size=2 * SIZE)
    assert numbers(cost(twice, "cpu"))["bytes_kept"] == 2 * kept["none"]
    assert all(math.isfinite(size) for size in kept.values())


def test_what_two_layers_keep_together_counts_once():
    """A ReLU keeps what it returns, and the next layer keeps the same as its input."""
    network = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
    x = torch.randn(7, 3)
    assert bytes_for_backward(network, x) == 4 * 7 * (3 + 5)
