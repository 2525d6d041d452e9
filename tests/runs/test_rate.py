"""Short trainings for rates and first weights, and what was chosen from them."""

from dataclasses import replace

import numpy as np
import pytest

from normlab.runs import EXPERIMENTS, load, rate_steps
from normlab.runs.chosen_rates import (
    RATE_OF_GAIN,
    RATE_WITHOUT,
    SECOND_RATE_WITHOUT,
)
from normlab.runs.early import CHANCE, POINTS, curve, score_at_end
from normlab.runs.rate_steps import evaluated_at, watch_accuracy

pytestmark = pytest.mark.usefixtures("few_images_scored")
POINT = 0.01  # of accuracy; on another processor a tie may fall the other way
RUN = replace(
    EXPERIMENTS["rate-width"].variants[0], norm="torch_batch", gain=1.0, steps=40
)
DEEP = replace(EXPERIMENTS["rate-steps"].variants[-1], lr=0.03, epochs=1, steps=130)
TOO_LARGE = {"norm": "none", "gain": 10.0, "lr": 30.0}


def found(outcome, measure, **where):
    return [
        row["value"]
        for row in outcome.rows
        if row["measure"] == measure and where.items() <= row.items()
    ]


def test_a_run_is_scored_at_its_end_with_both_statistics():
    outcome = score_at_end(RUN, "cpu", on=("validation", "test"))
    for split in ("validation", "test"):
        for statistics in ("running", "recomputed"):
            where = {"split": split, "statistics": statistics, "step": 40}
            assert len(found(outcome, "accuracy", **where)) == 1
            assert len(found(outcome, "loss", **where)) == 1
    assert found(outcome, "finite_updates") == [40]
    assert outcome.diverged is None
    assert np.isfinite(outcome.arrays["loss/mean"]).all()


def test_a_run_that_breaks_off_has_the_rows_of_guessing_and_says_when():
    outcome = score_at_end(replace(RUN, **TOO_LARGE), "cpu", on=("validation",))
    assert found(outcome, "accuracy", split="validation", step=40) == [CHANCE] * 2
    (finite,) = found(outcome, "finite_updates")
    assert finite < 40
    assert f"at step {finite}" in outcome.diverged
    assert np.isnan(outcome.arrays["loss/mean"]).any()
    assert np.isfinite(found(outcome, "step_loss")).all()


@pytest.mark.parametrize("steps", [POINTS, 100, 780])
def test_a_curve_is_the_mean_of_its_blocks(steps):
    means = curve([2.0] * steps, steps)["loss/mean"]
    assert means.tolist() == [2.0] * POINTS
    rising = curve(list(range(steps)), steps)["loss/mean"]
    assert (np.diff(rising) > 0).all()
    broken = curve([2.0] * (steps // 2) + [np.inf], steps)["loss/mean"]
    assert broken[0] == 2.0
    assert np.isnan(broken[-1])


def test_evaluations_come_at_steps_that_grow_and_the_last_is_one():
    steps = evaluated_at(1950)
    assert steps[-1] == 1950
    ratios = np.divide(steps[1:], steps[:-1])
    assert ((ratios > 1.14) & (ratios < 1.17)).all()
    assert steps[0] <= rate_steps.EARLIEST


@pytest.mark.parametrize("changes", [{}, TOO_LARGE], ids=["whole", "broken"])
def test_accuracy_is_watched_at_every_one_of_these_steps(changes):
    run = replace(DEEP, **changes)
    outcome = watch_accuracy(run, "cpu")
    where = {"split": "validation", "statistics": "recomputed"}
    steps = [
        row["step"]
        for row in outcome.rows
        if row["measure"] == "accuracy" and where.items() <= row.items()
    ]
    assert steps == evaluated_at(run.steps)
    accuracies = found(outcome, "accuracy", **where)
    assert (set(accuracies) == {CHANCE}) == bool(changes)
    assert len(found(outcome, "accuracy", split="test")) == 2


def means(experiment, columns, **arm):
    """Mean validation accuracy over seeds 0 to 2, by the content of these columns."""
    table = load(experiment)
    asked = {"measure": "accuracy", "statistics": "recomputed", "split": "validation"}
    for column, content in (asked | arm).items():
        table = table[table[column] == content]
    return table.groupby(columns)["value"].mean()


@pytest.mark.parametrize(("model", "norm"), RATE_OF_GAIN)
def test_the_rate_of_each_k_is_the_best_of_the_map(model, norm):
    by_rate = means("rate-map", ["gain", "lr"], model=model, norm=norm)
    chosen = RATE_OF_GAIN[model, norm]
    assert chosen.keys() == set(by_rate.index.get_level_values("gain"))
    for gain, rate in chosen.items():
        assert by_rate[gain, rate] > by_rate[gain].max() - POINT


def test_the_rates_without_the_layer_are_the_two_best():
    by_rate = means("rate-steps-rates", "lr").sort_values()
    assert by_rate[RATE_WITHOUT] > by_rate.iloc[-1] - POINT
    others = by_rate.drop(RATE_WITHOUT)
    assert by_rate[SECOND_RATE_WITHOUT] > others.max() - POINT
    assert min(by_rate.index) < RATE_WITHOUT < max(by_rate.index)  # not at the edge
