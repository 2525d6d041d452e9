"""Augmented copies in a batch: what the arms differ in, and the rates chosen."""

from dataclasses import replace

import pytest
import torch

from normlab.runs import EXPERIMENTS, load
from normlab.runs.batch_augmentation import (
    ARMS,
    BEST,
    COPIES,
    FEWER,
    GRID,
    JUDGED,
    LONGER,
    SECOND,
    SHORTER,
    UPDATES,
    chosen,
    trained,
)
from normlab.runs.execute import updates
from normlab.runs.registry import AUGMENTS

NAME = "batch-augmentation"


def images_made(run):
    """How many images a batch of the run becomes."""
    x = torch.rand(run.batch_size, 1, 28, 28)
    if not run.augment:
        return len(x)
    return len(AUGMENTS[run.augment](x, torch.Generator().manual_seed(0)))


def passes(run):
    """How many images go through the network until the run ends."""
    return updates(run) * images_made(run)


def test_arms_differ_in_what_becomes_of_the_images_and_in_how_many_there_are():
    plain = trained("plain", 0.1)
    for name, (augment, batch) in ARMS.items():
        run = trained(name, 0.1)
        changed = {"augment": augment, "batch_size": batch, "epochs": run.epochs}
        assert run == replace(plain, **changed)
        assert updates(run) == UPDATES


def test_copies_and_different_images_make_batches_of_the_same_size():
    made = {name: images_made(trained(name, 0.1)) for name in ARMS}
    assert made["plain"] == made["one"] == 64
    assert made["four"] == made["distinct"] == COPIES * 64


def test_longer_and_shorter_runs_have_as_many_passes_as_what_they_are_beside():
    one, four = trained("one", 0.1), trained("four", 0.1)
    assert passes(trained("one", 0.1, LONGER)) == passes(four)
    assert passes(trained("four", 0.1, SHORTER)) == passes(one)


def test_what_is_judged_is_one_copy_and_four_and_four_in_fewer_updates():
    for name, rates in ((NAME, BEST), (f"{NAME}-second", SECOND)):
        found = {(run.augment, run.steps) for run in EXPERIMENTS[name].variants}
        assert found == {
            ("shift_flip", UPDATES),
            ("shift_flip_4", UPDATES),
            ("shift_flip_4", FEWER),
        }
        for run in EXPERIMENTS[name].variants:
            arm = {"shift_flip": "one", "shift_flip_4": "four"}[run.augment]
            assert run.lr == rates[arm]


def test_what_decides_has_other_seeds_than_what_chose_the_rates():
    choosing = {run.seed for run in EXPERIMENTS[f"{NAME}-rates"].runs()}
    for end in ("", "-second", "-others"):
        deciding = {run.seed for run in EXPERIMENTS[NAME + end].runs()}
        assert choosing.isdisjoint(deciding)


def mean_accuracies(name):
    """Rate -> mean accuracy over the seeds, statistics recomputed; sorted by rate."""
    table = load(f"{NAME}-rates")
    run = chosen(name)
    told = {"augment": run.augment, "batch_size": run.batch_size}
    told |= {"measure": "accuracy", "statistics": "recomputed"}
    for column, content in told.items():
        table = table[table[column] == content]
    by_rate = table.groupby("lr")["value"]
    assert (by_rate.count() == EXPERIMENTS[f"{NAME}-rates"].seeds).all()
    assert set(by_rate.groups) == set(GRID)
    return by_rate.mean().sort_index()


@pytest.mark.parametrize("name", [*JUDGED, "distinct"])
def test_rates_are_the_best_on_validation_and_not_at_an_edge(name):
    means = mean_accuracies(name)
    assert means.index[0] < means.idxmax() < means.index[-1]
    assert BEST[name] == means.idxmax()
    if name in JUDGED:
        assert SECOND[name] == means.nlargest(2).index[1]
