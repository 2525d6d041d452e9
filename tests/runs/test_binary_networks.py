"""Binary networks: arms, two stages of training, and what rates were chosen."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from normlab.evaluation import loss_and_accuracy
from normlab.gradients import AdaptiveClipping
from normlab.layers import ScaledStandardizedConv2d, set_binary_weights
from normlab.layers.binary import BINARY
from normlab.models import normalizers
from normlab.runs import EXPERIMENTS, binary, build, execute, load
from normlab.runs.binary import (
    ARMS,
    BEST,
    GRIDS,
    ORDERS_APART,
    SECOND,
    STAGE,
    score_stages,
    stages,
    trained,
)
from normlab.training import fit

NAMES = [name for name in EXPERIMENTS if name.split("-")[0] == "binary"]
SHORT = {"steps": 10, "epochs": 2, "batch_size": 16, "seed": 3, "dtype": "float64"}


@pytest.fixture
def few(fashion, monkeypatch):
    """80 images to train on, which are five batches, and others that are held out."""
    train_x, train_y, test_x, test_y = fashion
    training = train_x[:80], train_y[:80]
    held_out = {
        "validation": (train_x[-50:], train_y[-50:]),
        "test": (test_x[:40], test_y[:40]),
    }
    for module in (execute, binary):
        monkeypatch.setattr(module, "data", lambda split: (training, held_out[split]))
    monkeypatch.setattr("normlab.runs.score.RECOMPUTED_OVER", 64)
    monkeypatch.setattr("normlab.runs.early.POINTS", 5)  # of fewer updates
    return training, held_out


def found(outcome, measure, **about):
    return [
        row["value"]
        for row in outcome.rows
        if row["measure"] == measure and about.items() <= row.items()
    ]


def test_all_convolutions_but_the_first_are_binary():
    for name in ARMS:
        model = build(trained(name, 0.01))
        kinds = [isinstance(m, BINARY) for m in model if isinstance(m, nn.Conv2d)]
        assert kinds == [False] + [True] * 7


def test_arms_have_what_they_are_named_for_and_nothing_else():
    models = {name: build(trained(name, 0.01)) for name in ARMS}
    assert {name: len(normalizers(m)) for name, m in models.items()} == {
        "batch": 8,
        "scaled": 0,
        "neither": 0,
    }
    scaled = {
        name: sum(isinstance(m, ScaledStandardizedConv2d) for m in model)
        for name, model in models.items()
    }
    assert scaled == {"batch": 0, "scaled": 8, "neither": 0}
    plain = trained("neither", 0.01)
    for name, changes in ARMS.items():
        assert trained(name, 0.01) == replace(plain, **changes)


def test_all_arms_start_from_the_same_weights():
    first = [build(trained(name, 0.01))[1].weight for name in ARMS]
    assert torch.equal(first[0], first[1])
    assert torch.equal(first[0], first[2])


def test_each_stage_has_half_of_the_updates_and_an_order_of_its_own():
    run = trained("batch", 0.01)
    first, second = stages(run)
    assert [execute.updates(stage) for stage in (first, second)] == [STAGE, STAGE]
    assert execute.updates(run) == 2 * STAGE
    assert second == replace(first, seed=ORDERS_APART)


def by_hand(run, training, transform):
    """The network after each stage."""
    model = build(run)
    for stage, seed in enumerate((run.seed, run.seed + ORDERS_APART)):
        set_binary_weights(model, bool(stage))
        fit(
            model,
            training,
            epochs=1,
            lr=execute.SCHEDULES["warm_cooled"](run.lr, 5),
            batch_size=16,
            optimizer="adam",
            seed=seed,
            transforms=[AdaptiveClipping(model, clip=0.1)] if transform else [],
            statistics=("running",),
        )
        yield model


@pytest.mark.parametrize("name", ARMS)
def test_the_scores_are_those_of_a_network_trained_by_hand(few, name):
    training, held_out = few
    run = replace(trained(name, 0.01), **SHORT)
    outcome = score_stages(run, "cpu", on=("validation", "test"))
    for step, model in zip((5, 10), by_hand(run, training, run.transform), strict=True):
        for split, pair in held_out.items():
            about = {"split": split, "step": step, "statistics": "running"}
            loss, accuracy = loss_and_accuracy(model, *pair)
            assert found(outcome, "loss", **about) == pytest.approx([loss], rel=1e-6)
            assert found(outcome, "accuracy", **about) == pytest.approx([accuracy])
    assert len(found(outcome, "accuracy")) == 2 * 2 * 2
    assert len(found(outcome, "step_loss")) == 10


def test_epochs_and_updates_agree():
    """Of 390 updates an epoch the 1,400th is in the fourth, the last in the eighth."""
    first, _ = stages(trained("batch", 0.01))
    assert (first.epochs, trained("batch", 0.01).epochs) == (4, 8)


@pytest.mark.parametrize("stage", [1, 2])
def test_a_training_that_breaks_off_guesses_from_there_on(few, monkeypatch, stage):
    calls = []

    def broken(model, run, device):
        history = trains(model, run, device)
        calls.append(run)
        if len(calls) == stage:
            history.diverged = "the loss became nan at step 4"
        return history

    trains = binary.train_while_finite
    monkeypatch.setattr(binary, "train_while_finite", broken)
    run = replace(trained("neither", 0.01), **SHORT)
    outcome = score_stages(run, "cpu", on=("validation",))
    assert outcome.diverged == f"in stage {stage} the loss became nan at step 4"
    assert len(calls) == stage
    guesses = [set(found(outcome, "loss", step=step)) == set() for step in (5, 10)]
    assert guesses == [stage == 1, True]  # who guesses has no loss
    assert set(found(outcome, "accuracy", step=10)) == {0.1}


def test_rates_are_tried_on_validation_images_alone():
    for name in NAMES:
        on = EXPERIMENTS[name].carry_out.keywords["on"]
        assert ("test" in on) == ("rates" not in name)


def test_what_decides_has_other_seeds_than_what_chose_the_rates():
    seeds = {n: {r.seed for r in EXPERIMENTS[n].runs()} for n in NAMES}
    for name in NAMES:
        assert "rates" in name or seeds["binary-rates"].isdisjoint(seeds[name])


@pytest.mark.parametrize("name", ARMS)
def test_rates_are_the_best_two_on_validation_and_not_at_an_edge(name):
    table, run = load("binary-rates"), trained(name, 0.01)
    asked = {"measure": "accuracy", "statistics": "recomputed", "split": "validation"}
    asked |= {"model": run.model, "norm": run.norm, "step": 2 * STAGE}
    for column, content in asked.items():
        table = table[table[column] == content]
    by_rate = table.groupby("lr")["value"]
    assert set(by_rate.groups) == set(GRIDS[name])
    assert (by_rate.count() == EXPERIMENTS["binary-rates"].seeds).all()
    means = by_rate.mean().sort_index()
    assert means.index[0] < means.idxmax() < means.index[-1]
    assert (BEST[name], SECOND[name]) == tuple(means.nlargest(2).index)
