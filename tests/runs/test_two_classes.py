"""Batches of two classes: the arms, what they see, and what was chosen."""

from dataclasses import replace

import pytest
import torch

from normlab.evaluation import tracking_layers
from normlab.layers import BatchRenorm
from normlab.models import normalizers
from normlab.runs import EXPERIMENTS, build, execute, load
from normlab.runs.execute import train_on
from normlab.runs.two_classes import (
    ARMS,
    BEST,
    CONTROL,
    JUDGED,
    SECOND,
    SHUFFLED,
    trained,
)

NAMES = [name for name in EXPERIMENTS if name.startswith("two-classes")]


@pytest.fixture
def many(fashion, monkeypatch):
    """640 images, as many batches as classes twice over."""
    train_x, train_y, test_x, test_y = fashion
    pairs = (train_x[:640], train_y[:640]), (test_x[:40], test_y[:40])
    monkeypatch.setattr(execute, "data", lambda split: pairs)


def classes_seen(run):
    """How many classes each batch of a training has."""
    seen = []

    def look(step, model, batch, loss):
        seen.append(len(batch[1].unique()))

    train_on(build(run), run, statistics=(), recorders=[look])
    return seen


def test_arms_differ_in_network_and_normalizer_alone():
    same = {"norm": "none", "model": "deep_cnn"}
    runs = {replace(trained(name, 0.01), **same) for name in ARMS}
    assert len(runs) == 1
    assert execute.updates(*runs) == 1400


def test_batches_are_of_two_classes_and_of_the_control_of_many(many):
    run = replace(trained("group", 0.01), steps=20)
    found = classes_seen(run)
    assert found.count(2) >= 11  # as many of twenty come out even
    assert min(classes_seen(replace(run, arrange=SHUFFLED))) > 5


def test_the_memory_is_of_a_hundred_batches_with_renormalization_and_the_control():
    def momenta(name):
        layers = tracking_layers(build(trained(name, 0.01))).values()
        return [layer.momentum for layer in layers]

    assert momenta("renorm") == momenta(CONTROL) == [0.01] * 8
    assert momenta("batch") == [0.1] * 8


def test_the_control_learns_the_same_and_remembers_otherwise(many):
    models = {}
    for name in ("batch", CONTROL):
        run = replace(trained(name, 0.01), steps=5, seed=1)
        models[name] = build(run)
        train_on(models[name], run, statistics=())
    one, other = (model.state_dict() for model in models.values())
    differs = {name for name in one if not torch.equal(one[name], other[name])}
    remembered = {name for name in one if "running_" in name}
    assert differs == remembered
    assert len(remembered) == 16


def test_limits_of_renormalization_open_within_the_run():
    for layer in normalizers(build(trained("renorm", 0.01))).values():
        assert isinstance(layer, BatchRenorm)
        assert layer.ghost_size is None
        assert layer.limits(1400 // 4) == (3, 5)
        assert layer.limits(1400 // 4 - 1)[0] < 3


def test_what_decides_has_other_seeds_than_what_chose_the_rates():
    choosing = {r.seed for r in EXPERIMENTS["two-classes-rates"].runs()}
    for name in NAMES:
        seeds = {r.seed for r in EXPERIMENTS[name].runs()}
        assert name == "two-classes-rates" or choosing.isdisjoint(seeds)


def test_each_arm_has_its_rate_and_the_control_that_of_its_like():
    assert set(BEST) == set(ARMS) - {CONTROL}
    assert set(SECOND) == set(JUDGED)
    runs = {run.norm: run for run in EXPERIMENTS["two-classes"].variants}
    control = runs["torch_batch_slow"]
    assert runs["torch_batch"] == replace(control, norm="torch_batch")


def test_the_shuffled_ones_differ_in_their_order_alone():
    ordered = {run.norm: run for run in EXPERIMENTS["two-classes"].variants}
    others = EXPERIMENTS["two-classes-others"].variants
    shuffled = [run for run in others if run.arrange == SHUFFLED]
    assert len(shuffled) == len(JUDGED)
    for run in shuffled:
        assert replace(run, arrange="two_classes") == ordered[run.norm]


def means(name):
    """Mean validation accuracy at each rate, in evaluation mode, from the lowest."""
    table = load("two-classes-rates")
    asked = {"measure": "accuracy", "statistics": "running", "split": "validation"}
    for column, content in (asked | ARMS[name]).items():
        table = table[table[column] == content]
    by_rate = table.groupby("lr")["value"]
    assert (by_rate.count() == EXPERIMENTS["two-classes-rates"].seeds).all()
    return by_rate.mean().sort_index()


@pytest.mark.parametrize("name", BEST)
def test_the_rate_is_the_best_on_validation_and_not_at_the_edge(name):
    found = means(name)
    assert found.idxmax() == BEST[name]
    assert found.index[0] < BEST[name] < found.index[-1]


@pytest.mark.parametrize("name", SECOND)
def test_the_second_rate_is_the_best_of_the_others(name):
    assert means(name).drop(BEST[name]).idxmax() == SECOND[name]
