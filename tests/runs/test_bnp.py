"""Preconditioned gradients in batches of each size: arms, score, what was chosen."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from normlab.evaluation import loss_and_accuracy
from normlab.gradients import Preconditioning
from normlab.runs import EXPERIMENTS, bnp, build, early, execute, load
from normlab.runs.bnp import (
    ARMS,
    BEST,
    EIGHT,
    GRIDS,
    IMAGES,
    JUDGED,
    LARGE,
    ONE,
    SECOND,
    dead_units,
    score_and_count,
    trained,
)
from normlab.training import fit

SEEN = 160  # images to train on
NAMES = [name for name in EXPERIMENTS if name.split("-")[0] == "bnp"]


@pytest.fixture
def few(fashion, monkeypatch):
    """180 images, of which 160 are trained on, and others that are held out."""
    train_x, train_y, test_x, test_y = fashion
    training = train_x[:180], train_y[:180]
    held_out = {
        "validation": (train_x[-50:], train_y[-50:]),
        "test": (test_x[:40], test_y[:40]),
    }
    for module in (execute, early, bnp):
        monkeypatch.setattr(module, "data", lambda split: (training, held_out[split]))
    monkeypatch.setattr("normlab.runs.score.RECOMPUTED_OVER", 64)
    monkeypatch.setattr("normlab.runs.early.POINTS", 5)  # of fewer updates
    return training, held_out


def short(name, batch, lr=0.01):
    """The arm on so few images, in float64."""
    run = trained(name, batch, lr)
    return replace(run, images=SEEN, seed=3, dtype="float64")


def found(outcome, measure, **about):
    return [
        row["value"]
        for row in outcome.rows
        if row["measure"] == measure and about.items() <= row.items()
    ]


def test_arms_differ_in_what_they_are_and_in_nothing_else():
    plain = trained("none", EIGHT, 0.1)
    for name, changes in ARMS.items():
        assert trained(name, EIGHT, 0.1) == replace(plain, **changes)


def test_every_batch_size_sees_the_same_images_once():
    for batch in (LARGE, EIGHT, ONE):
        assert execute.updates(trained("none", batch, 0.1)) == IMAGES // batch


@pytest.mark.parametrize("batch", [EIGHT, ONE])
def test_the_score_is_that_of_a_network_trained_by_hand(few, batch):
    """The gradients turned at each update, and no momentum."""
    (x, y), held_out = few
    run = short("precondition", batch)
    model = build(run)
    fit(
        model,
        (x[:SEEN], y[:SEEN]),
        epochs=1,
        lr=execute.SCHEDULES["warm_cooled"](0.01, SEEN // batch),
        batch_size=batch,
        seed=3,
        transforms=[Preconditioning(model)],
    )
    outcome = score_and_count(run, "cpu", on=("validation", "test"))
    for split, pair in held_out.items():
        loss, accuracy = loss_and_accuracy(model, *pair)
        about = {"split": split, "step": SEEN // batch}
        assert found(outcome, "loss", **about) == pytest.approx([loss] * 2, rel=1e-9)
        assert found(outcome, "accuracy", **about) == pytest.approx([accuracy] * 2)
    assert found(outcome, "finite_updates") == [SEEN // batch]


def test_rates_are_tried_on_validation_images_alone(few):
    outcome = score_and_count(short("none", EIGHT), "cpu", on=("validation",))
    assert found(outcome, "accuracy", split="test") == []
    for name in NAMES:
        on = EXPERIMENTS[name].carry_out.keywords["on"]
        assert ("test" in on) == ("rates" not in name)


def test_a_training_that_breaks_off_guesses_and_counts_nothing(few):
    outcome = score_and_count(short("none", EIGHT, 1e300), "cpu", on=("validation",))
    assert "loss became" in outcome.diverged
    assert set(found(outcome, "accuracy")) == {0.1}
    assert found(outcome, "dead_units") == []


def test_units_that_pass_no_image_on_are_counted_in_the_layer_with_most():
    """One channel of four is dead at every place, and one unit of two for all."""
    conv, dense = nn.Conv2d(1, 4, 3), nn.Linear(4, 2)
    layers = conv, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), dense, nn.ReLU()
    model = nn.Sequential(*layers)
    with torch.no_grad():
        conv.weight.fill_(1.0)
        conv.bias.copy_(torch.tensor([-100.0, 1.0, 1.0, -5.0]))
        dense.weight.fill_(1.0)
        dense.bias.copy_(torch.tensor([1.0, 1.0]))
    images = torch.rand(6, 1, 8, 8)
    images[2, 0, :3, :3] = 1.0  # one place of one image passes -5
    assert dead_units(model, images) == 0.25
    dense.bias.data[1] = -1000.0
    assert dead_units(model, images) == 0.5
    assert model.training


def test_what_is_dead_at_the_end_is_counted(few):
    """A first rate at which all units die leaves a network that answers one thing."""
    run = short("none", ONE, 30.0)
    outcome = score_and_count(run, "cpu", on=("validation",))
    (dead,) = found(outcome, "dead_units") or [None]
    assert outcome.diverged or dead == 1.0
    (alive,) = found(
        score_and_count(short("none", EIGHT, 1e-6), "cpu", on=("validation",)),
        "dead_units",
    )
    assert alive < 1.0


def test_what_decides_has_other_seeds_than_what_chose_the_rates():
    seeds = {n: {r.seed for r in EXPERIMENTS[n].runs()} for n in NAMES}
    for name in NAMES:
        assert "rates" in name or seeds["bnp-rates"].isdisjoint(seeds[name])


def test_rates_are_chosen_for_every_arm_and_batch():
    assert set(GRIDS) == set(BEST)
    assert ("batch", ONE) not in BEST
    assert set(SECOND) == {(name, batch) for name in JUDGED for batch in (EIGHT, ONE)}


def means(name, batch):
    """Mean validation accuracy at each rate, from the lowest."""
    table, run = load("bnp-rates"), trained(name, batch, 0.1)
    asked = {"measure": "accuracy", "statistics": "recomputed", "split": "validation"}
    asked |= {f: getattr(run, f) for f in ("norm", "transform", "batch_size")}
    for column, content in asked.items():
        table = table[table[column] == content]
    by_rate = table.groupby("lr")["value"]
    assert (by_rate.count() == EXPERIMENTS["bnp-rates"].seeds).all()
    return by_rate.mean().sort_index()


@pytest.mark.parametrize(("name", "batch"), BEST)
def test_the_rate_is_the_best_on_validation_and_not_at_the_edge(name, batch):
    found, best = means(name, batch), BEST[name, batch]
    assert found.idxmax() == best
    assert found.index[0] < best < found.index[-1]


@pytest.mark.parametrize(("name", "batch"), SECOND)
def test_the_second_rate_is_the_best_of_the_others(name, batch):
    assert means(name, batch).drop(BEST[name, batch]).idxmax() == SECOND[name, batch]
