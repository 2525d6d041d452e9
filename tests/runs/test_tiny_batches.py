"""Batches of two and of eight images: the arms, the score, and what was chosen."""

import copy
from dataclasses import replace

import pytest

from normlab.evaluation import loss_and_accuracy, recompute_running
from normlab.layers import BatchRenorm
from normlab.models import normalizers
from normlab.runs import EXPERIMENTS, build, execute, load, tiny_batches
from normlab.runs.tiny_batches import (
    ARMS,
    BEST,
    EIGHT,
    GRIDS,
    IMAGES,
    JUDGED,
    OTHERS,
    SECOND,
    TWO,
    score_at_end,
    trained,
)
from normlab.training import fit

SEEN, OVER = 320, 24  # images to train on, and to recompute statistics over
CLOSE = {"rel": 1e-9}  # in float64 all roundings of a training together are less
NAMES = [name for name in EXPERIMENTS if name.startswith("tiny-batches")]


@pytest.fixture
def few(fashion, monkeypatch):
    """320 images to train on, of 340, and others for validation and for test."""
    train_x, train_y, test_x, test_y = fashion
    training = train_x[:340], train_y[:340]
    held_out = {
        "validation": (train_x[-50:], train_y[-50:]),
        "test": (test_x[:40], test_y[:40]),
    }
    for module in (execute, tiny_batches):
        monkeypatch.setattr(module, "data", lambda split: (training, held_out[split]))
    monkeypatch.setattr(tiny_batches, "RECOMPUTED_OVER", OVER)
    return training, held_out


def short(name, batch, lr=0.001):
    """The arm on so few images, in float64."""
    run = replace(trained(name, batch, lr), seed=3, dtype="float64")
    return replace(run, images=SEEN, steps=SEEN // batch)


def scores(outcome):
    """(split, statistics, measure) -> value at the end."""
    ends = [r for r in outcome.rows if r["measure"] in ("loss", "accuracy")]
    found = {(r["split"], r["statistics"], r["measure"]): r["value"] for r in ends}
    assert len(found) == len(ends)
    return found


def test_arms_differ_in_what_they_are_and_in_nothing_else():
    same = {"norm": "none", "model": "deep_cnn", "transform": ""}
    for batch in (TWO, EIGHT):
        runs = [replace(trained(name, batch, 0.001), **same) for name in ARMS]
        assert len(set(runs)) == 1
        assert (runs[0].images, runs[0].steps * batch) == (IMAGES, IMAGES)
        assert execute.updates(runs[0]) == runs[0].steps


@pytest.mark.parametrize("batch", [TWO, EIGHT])
def test_limits_of_renormalization_open_within_the_run(batch):
    """At a quarter of its updates, and not before: as the paper's do."""
    run = trained("renorm", batch, 0.001)
    layers = normalizers(build(run)).values()
    assert [type(layer) for layer in layers] == [BatchRenorm] * 8
    for layer in layers:
        assert layer.ghost_size is None
        assert layer.limits(run.steps // 4) == (3, 5)
        assert layer.limits(run.steps // 4 - 1)[0] < 3


@pytest.mark.parametrize("name", ["batch", "renorm", "group"])
def test_the_score_is_that_of_a_network_trained_and_recomputed_by_hand(few, name):
    run = short(name, EIGHT)
    training, held_out = few
    model = build(run)
    fit(
        model,
        tuple(part[:SEEN] for part in training),
        epochs=1,
        lr=execute.SCHEDULES["warm_cooled"](0.001, run.steps),
        batch_size=EIGHT,
        momentum=0.9,
        seed=3,
        drop_last=True,
    )
    fresh = copy.deepcopy(model)
    if name != "group":
        recompute_running(fresh, training[0][:OVER], EIGHT)
    outcome = score_at_end(run, "cpu", on=("validation", "test"))
    found = scores(outcome)
    for split, pair in held_out.items():
        for kind, network in (("running", model), ("recomputed", fresh)):
            expected = loss_and_accuracy(network, *pair)
            for measure, value in zip(("loss", "accuracy"), expected, strict=True):
                assert found[split, kind, measure] == pytest.approx(value, **CLOSE)
    assert len(found) == 8
    assert {r["step"] for r in outcome.rows if r["measure"] == "loss"} == {run.steps}


def test_the_score_leaves_the_test_images_alone_where_rates_are_chosen(few):
    outcome = score_at_end(short("scaled", TWO), "cpu", on=("validation",))
    assert {split for split, _, _ in scores(outcome)} == {"validation"}
    for name in NAMES:
        on = EXPERIMENTS[name].carry_out.keywords["on"]
        assert ("test" in on) == ("rates" not in name)


def test_a_training_that_breaks_off_guesses(few):
    outcome = score_at_end(short("scaled", TWO, 1e300), "cpu", on=("validation",))
    assert "loss became" in outcome.diverged
    assert set(scores(outcome).values()) == {0.1}


def test_what_decides_has_other_seeds_than_what_chose_the_rates():
    seeds = {n: {r.seed for r in EXPERIMENTS[n].runs()} for n in NAMES}
    choosing = {seed for n in NAMES if "rates" in n for seed in seeds[n]}
    for name in NAMES:
        assert "rates" in name or choosing.isdisjoint(seeds[name])


def test_every_arm_is_judged_or_stands_beside():
    assert {*JUDGED, *OTHERS} == set(ARMS)
    assert set(GRIDS) == set(BEST) == {(n, b) for n in ARMS for b in (TWO, EIGHT)}
    assert set(SECOND) == {(name, TWO) for name in JUDGED}


def means(name, batch):
    """Mean validation accuracy at each rate, from the lowest."""
    of = "tiny-batches-rates" + "-others" * (name in OTHERS)
    table = load(of)
    run = trained(name, batch, 0.001)
    asked = {"measure": "accuracy", "statistics": "recomputed", "split": "validation"}
    asked |= {f: getattr(run, f) for f in ("model", "norm", "batch_size")}
    for column, content in asked.items():
        table = table[table[column] == content]
    by_rate = table.groupby("lr")["value"]
    assert (by_rate.count() == EXPERIMENTS[of].seeds).all()
    return by_rate.mean().sort_index()


@pytest.mark.parametrize(("name", "batch"), BEST)
def test_the_rate_is_the_best_on_validation_and_not_at_the_edge(name, batch):
    found, best = means(name, batch), BEST[name, batch]
    assert found.idxmax() == best
    assert found.index[0] < best < found.index[-1]


@pytest.mark.parametrize(("name", "batch"), SECOND)
def test_the_second_rate_is_the_best_of_the_others(name, batch):
    assert means(name, batch).drop(BEST[name, batch]).idxmax() == SECOND[name, batch]
