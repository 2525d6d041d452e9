"""The race: who takes part, how it is run, and what rates were chosen."""

from dataclasses import replace

import pytest
import torch

from normlab.layers import BatchRenorm, FilterResponseNorm, KalmanNorm
from normlab.models import normalizers
from normlab.runs import EXPERIMENTS, build, execute, load, watch
from normlab.runs.contenders import (
    BEST,
    CONTENDERS,
    GRIDS,
    SAME_ACTIVATION,
    SECOND,
    entry,
    grid_of,
)
from normlab.runs.race import JUDGED, OTHERS
from normlab.runs.watch import follow

LAYERS = 8
NUMBERED = [name for name in CONTENDERS if name.rpartition("_")[2].isdigit()]
SHORT = {"steps": 20, "epochs": 1, "batch_size": 16}


@pytest.fixture
def few(fashion, monkeypatch):
    train_x, train_y, test_x, test_y = fashion
    training = train_x[:400], train_y[:400]
    held_out = test_x[:64], test_y[:64]
    for module in (execute, watch):
        monkeypatch.setattr(module, "data", lambda _: (training, held_out))
    monkeypatch.setattr("normlab.runs.early.data", lambda _: (training, held_out))
    monkeypatch.setattr("normlab.runs.score.RECOMPUTED_OVER", 64)
    for name, number in {"FEW": 32, "OVER": 64}.items():
        monkeypatch.setattr(watch, name, number)
    monkeypatch.setattr(watch, "EVERY", 5)


def test_contenders_differ_in_what_they_are_and_in_nothing_else():
    plain = entry("none", 0.1)
    for name, contender in CONTENDERS.items():
        changed = vars(contender)
        assert entry(name, 0.1) == replace(plain, **changed)


@pytest.mark.parametrize("name", NUMBERED)
def test_so_many_images_share_statistics_as_the_name_says(name):
    """Whether their parts are alike shows in what other images do to an image."""
    size = int(name.rpartition("_")[2])
    model = build(entry(name, 0.1)).double().train()
    x = torch.rand(128, 1, 28, 28, dtype=torch.float64)
    with torch.no_grad():
        other = x.clone()
        other[size - 1] += 1
        changed = (first_layer(model)(x) != first_layer(model)(other)).flatten(1).any(1)
    assert changed.sum() == size
    assert changed[:size].all()


def first_layer(model):
    """The network up to its first normalizer, that included."""
    (name, *_) = normalizers(model)
    return model[: int(name.partition(".")[0]) + 1]


def test_each_convolution_has_its_normalizer():
    for name in CONTENDERS:
        found = normalizers(build(entry(name, 0.1)))
        expected = 0 if CONTENDERS[name].norm == "none" else LAYERS
        assert len(found) == expected


def test_each_layer_has_a_prior_but_the_first():
    layers = normalizers(build(entry("kalman_2", 0.1))).values()
    assert [layer._link is not None for layer in layers] == [False] + [True] * 7
    assert all(isinstance(layer, KalmanNorm) for layer in layers)


def test_priors_weigh_as_released():
    for size, weight in ((2, 0.9), (128, 0.05)):
        layers = normalizers(build(entry(f"kalman_{size}", 0.1))).values()
        assert {layer.prior_weight for layer in layers} == {weight}


def test_limits_of_renormalization_open_within_the_run():
    (layer, *_) = normalizers(build(entry("renorm_4", 0.1))).values()
    assert isinstance(layer, BatchRenorm)
    assert layer.limits(0) == (1, 0)
    assert layer.limits(1400 // 4) == (3, 5)


def test_filter_response_normalization_has_no_second_activation():
    model = build(entry("filter_response", 0.1))
    assert sum(isinstance(m, FilterResponseNorm) for m in model.modules()) == LAYERS
    assert not any(isinstance(m, torch.nn.ReLU) for m in model.modules())


def test_a_curve_is_of_few_images_and_the_end_of_all(few):
    outcome = follow(replace(entry("batch_4", 0.1), **SHORT), "cpu")
    assert outcome.arrays["few/steps"].tolist() == [5, 10, 15, 20]
    accuracy = outcome.arrays["few/accuracy"] * 32
    assert (accuracy == accuracy.round()).all()
    ends = {
        (r["split"], r["statistics"])
        for r in outcome.rows
        if r["measure"] == "accuracy" and r["step"] == 20
    }
    kinds = ("running", "recomputed")
    assert ends == {(s, k) for s in ("validation", "test") for k in kinds}


def test_a_training_that_breaks_off_guesses(few):
    outcome = follow(replace(entry("none", 1e9), **SHORT), "cpu")
    assert "loss became" in outcome.diverged
    scores = {r["value"] for r in outcome.rows if r["measure"] == "accuracy"}
    assert scores == {0.1}


def test_looking_changes_nothing_of_what_is_learned(few, monkeypatch):
    run = replace(entry("kalman_4", 0.1), **SHORT)
    losses = []
    for every in (5, 100):
        monkeypatch.setattr(watch, "EVERY", every)
        rows = follow(run, "cpu").rows
        losses.append([r["value"] for r in rows if r["measure"] == "step_loss"])
    assert len(losses[0]) == 20
    assert losses[0] == losses[1]


def test_everybody_takes_part_once():
    assert {*JUDGED, *OTHERS, SAME_ACTIVATION} == set(CONTENDERS)
    assert {grid_of(name) for name in CONTENDERS} == set(GRIDS) == set(BEST)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("batch_2", "batch_4"),
        ("kalman_8", "kalman_4"),
        ("batch_32", "batch_128"),
        ("renorm_128", "renorm_128"),
        ("group_standardized", "group_standardized"),
    ],
)
def test_whose_grid_chooses(name, expected):
    assert grid_of(name) == expected


def test_what_decides_has_other_seeds_than_what_chose_the_rates():
    choosing = {r.seed for r in EXPERIMENTS["race-rates"].runs()}
    for name in ("race", "race-second", "race-long", "race-others"):
        assert choosing.isdisjoint({r.seed for r in EXPERIMENTS[name].runs()})


@pytest.mark.parametrize("name", SECOND)
def test_rates_are_the_best_two_on_validation_and_not_at_an_edge(name):
    means = mean_accuracies("race-rates", name)
    assert means.index[0] < means.idxmax() < means.index[-1]
    assert (BEST[name], SECOND[name]) == tuple(means.nlargest(2).index)


@pytest.mark.parametrize("name", [name for name in BEST if name not in SECOND])
def test_the_others_rates_are_the_best_on_validation(name):
    means = mean_accuracies("race-rates-others", name)
    assert means.index[0] < means.idxmax() < means.index[-1]
    assert BEST[name] == means.idxmax()


def mean_accuracies(experiment, name):
    """Rate -> mean accuracy over the seeds, statistics recomputed; sorted by rate."""
    contender = vars(CONTENDERS[name])
    told = contender | {"measure": "accuracy", "statistics": "recomputed"}
    table = load(experiment)
    for column, content in told.items():
        if column in table:
            table = table[table[column] == content]
    by_rate = table.groupby("lr")["value"]
    assert (by_rate.count() == EXPERIMENTS[experiment].seeds).all()
    assert set(by_rate.groups) == set(GRIDS[name])
    return by_rate.mean().sort_index()
