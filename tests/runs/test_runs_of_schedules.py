"""The experiments on schedules: networks, rates, and looks that leave no trace."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from normlab.evaluation import loss_and_accuracy, recompute_running, tracking_layers
from normlab.models import normalizers
from normlab.runs import EXPERIMENTS, build, execute, load, schedules, watch
from normlab.runs.registry import SCHEDULES
from normlab.runs.schedules import (
    ARMS,
    BEST_FACTOR,
    EARLY,
    ENDS,
    PLAIN,
    RATES,
    UPDATES,
    WITH_LAYER,
    curve_steps,
    follow,
    trained,
    try_rate,
    tuned,
)
from normlab.runs.watch import Watch
from normlab.training import fit

FEW = 20  # updates of a run that a test can wait for


@pytest.fixture
def few(fashion, monkeypatch):
    """A few images in the place of the whole set."""
    train_x, train_y, test_x, test_y = fashion
    pairs = {
        "validation": ((train_x[:640], train_y[:640]), (train_x[-60:], train_y[-60:])),
        "test": ((train_x[:640], train_y[:640]), (test_x[:60], test_y[:60])),
    }
    for module in (execute, schedules):
        monkeypatch.setattr(module, "data", pairs.__getitem__)
    monkeypatch.setattr(schedules, "EPOCH", 5)
    for name, number in {"FEW": 40, "OVER": 256}.items():
        monkeypatch.setattr(watch, name, number)
    return pairs


def short(network, **changed):
    """A run of four epochs of five updates."""
    return replace(trained(*network), **{"epochs": 4, "steps": FEW} | changed)


def accuracies(outcome, **about):
    """(statistics, step) -> accuracy in rows that say this."""
    return {
        (row["statistics"], row["step"]): row["value"]
        for row in outcome.rows
        if row["measure"] == "accuracy" and about.items() <= row.items()
    }


def test_the_networks_are_the_ones_of_the_post():
    plain, layer = build(trained(*PLAIN)), build(trained(*WITH_LAYER))
    kinds = [type(module) for module in plain], [type(module) for module in layer]
    assert [k.count(nn.Conv2d) for k in kinds] == [8, 7]
    assert [nn.Dropout in k for k in kinds] == [True, False]
    assert not normalizers(plain)
    assert [n.num_features for n in normalizers(layer).values()] == [8, 32, 64]


def test_rates_fall_where_the_post_says_after_a_hundredth_of_its_updates():
    rates = {name: SCHEDULES[name](RATES[name], 1) for name in ENDS}
    assert rates["original"](1499) == 0.01
    assert rates["original"](1500) == pytest.approx(0.001)
    assert rates["original"](4199) == pytest.approx(0.0001)
    assert rates["short_step"](109) == 0.055
    assert rates["short_step"](450) == pytest.approx(0.055 * 0.7**4)
    for step, drops in {139: 0, 450: 3, 1200: 7, 1600: 11, 2100: 14}.items():
        assert rates["multistep"](step) == pytest.approx(0.055 * 0.7**drops)


def test_looks_come_often_early_and_one_is_where_the_plain_network_is_compared():
    steps = curve_steps(UPDATES)
    assert steps == sorted(set(steps))
    assert {10, 300, EARLY, 1000, UPDATES, *ENDS.values()} <= set(steps)
    assert curve_steps(45) == [10, 20, 30, 40]


@pytest.mark.parametrize("network", [PLAIN, WITH_LAYER])
def test_whoever_looks_does_not_change_what_is_learned(few, network, monkeypatch):
    """Not even the units that dropout drops."""
    run = short(network, seed=3)
    losses = []
    for looks in (True, False):
        monkeypatch.setattr(
            schedules, "curve_steps", lambda _, looks=looks: range(100 * looks)
        )
        rows = follow(run, "cpu").rows
        losses.append([r["value"] for r in rows if r["measure"] == "step_loss"])
    assert len(losses[0]) == FEW
    assert losses[0] == losses[1]


def test_a_curve_is_of_recomputed_statistics_on_the_first_images(few):
    run = short(WITH_LAYER, seed=3)
    training, (x, y) = few["validation"]
    found = follow(run, "cpu").arrays
    model = build(run)
    expected = {}

    def look(step, model):
        if step in (10, 20):
            fresh = copy.deepcopy(model)
            recompute_running(fresh, training[0][:256], 128)
            expected[step] = loss_and_accuracy(fresh, x[:40], y[:40])[1]

    options = {"momentum": 0.9, "weight_decay": 5e-4, "drop_last": True, "seed": 3}
    fit(model, training, epochs=4, lr=0.055, batch_size=128, after=[look], **options)
    assert found["few/steps"].tolist() == [10, 20]
    assert found["few/accuracy"] == pytest.approx([expected[10], expected[20]])


def test_all_validation_images_are_looked_at_each_hundred_updates(few, monkeypatch):
    training, (x, y) = few["validation"]
    looks = Watch(trained(*PLAIN), training, (x, y), (90, 100), (100,))
    model = build(trained(*PLAIN)).eval()
    for step in (90, 100):
        looks(step, model)
    arrays = looks.arrays()
    assert arrays["few/steps"].tolist() == [90, 100]
    assert arrays["whole/steps"].tolist() == [100]
    whole = loss_and_accuracy(model, x, y)[1]
    assert arrays["whole/accuracy"] == pytest.approx([whole])


def test_the_test_images_are_scored_where_the_schedule_ends_and_at_the_end(
    few, monkeypatch
):
    monkeypatch.setitem(ENDS, "multistep", 12)
    outcome = follow(short(WITH_LAYER), "cpu")
    kinds = ("running", "recomputed")
    expected = {(kind, step) for kind in kinds for step in (12, FEW)}
    assert set(accuracies(outcome, split="test")) == expected
    tested = [row for row in outcome.rows if row["split"] == "test"]
    assert {row["epoch"] for row in tested if row["step"] == 12} == {3}


def test_epochs_end_after_whole_epochs_and_the_last_where_the_run_does(few):
    rows = follow(short(PLAIN, steps=18), "cpu").rows
    seen = {(r["epoch"], r["step"]) for r in rows if r["measure"] == "seconds"}
    assert seen == {(1, 5), (2, 10), (3, 15), (4, 18)}


def test_a_network_that_breaks_stays_broken_to_the_end(few):
    outcome = follow(short(PLAIN, lr=1e9), "cpu")
    assert "loss became" in outcome.diverged
    assert outcome.arrays["few/steps"].tolist() == [10, 20]
    assert set(accuracies(outcome, split="test")) == {
        ("running", FEW),
        ("recomputed", FEW),
    }


def test_a_rate_is_tried_on_validation_images_alone(few):
    outcome = try_rate(short(WITH_LAYER), "cpu")
    assert accuracies(outcome, split="test") == {}
    assert ("recomputed", FEW) in accuracies(outcome, split="validation")
    assert outcome.arrays == {}


def test_recomputed_statistics_are_of_a_copy(few):
    run = short(WITH_LAYER)
    model = build(run)
    before = [layer.running_mean.clone() for layer in tracking_layers(model).values()]
    Watch(run, *few["validation"], few_at=(10,))(10, model)
    for layer, mean in zip(tracking_layers(model).values(), before, strict=True):
        assert torch.equal(layer.running_mean, mean)


def test_a_tuned_run_has_its_rates_multiplied_and_nothing_else():
    for arm in ARMS:
        factor = BEST_FACTOR[arm[1:]]
        run = trained(*arm)
        assert tuned(*arm) == replace(run, lr=round(factor * run.lr, 6))


@pytest.mark.parametrize("arm", ARMS, ids=lambda arm: "-".join(arm[1:]))
def test_the_factor_is_the_best_on_validation(arm):
    """And not the largest or smallest that was tried."""
    found = load("schedules-rates")
    _, norm, schedule = arm
    rows = found[
        (found["norm"] == norm)
        & (found["schedule"] == schedule)
        & (found["measure"] == "accuracy")
        & (found["statistics"] == "recomputed")
    ]
    by_rate = rows.groupby("lr")["value"]
    assert (by_rate.count() == EXPERIMENTS["schedules-rates"].seeds).all()
    means = by_rate.mean().sort_index()
    best = means.idxmax()
    assert best == tuned(*arm).lr
    assert means.index[0] < best < means.index[-1]
