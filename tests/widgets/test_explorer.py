"""The batch-size explorer: what Python packs, and what its module makes of it."""

import gzip
import json

import numpy as np
import pytest
from scipy import stats

from normlab.figures.batch_size import TWO_SIZES, by_two_sizes
from normlab.runs import ResultsError, load, store
from normlab.runs.batch_size import SIZES
from normlab.runs.config import Outcome, Run
from normlab.runs.rows import row, thin
from normlab.widgets import BatchSizeExplorer
from normlab.widgets.explorer.batch_sizes import (
    AT_CHANCE,
    BUDGETS,
    DIVERGED,
    LEARNED,
    MEASURES,
    band,
    packed,
    runs_behind,
    scores,
    states,
    updates_of,
)

from . import node

HERE = {"commit": "abc", "torch": "2", "device": "CPU", "finished": "2026-01-01"}
LIMIT = 80_000  # compressed bytes


def record(norm, size, seed, values, steps=3000):
    """Record a run by hand; ``values``: budget -> of each measure, in their order."""
    run = Run("lenet", norm, size / 256, size, epochs=5, seed=seed)
    rows = []
    for budget, numbers in values.items():
        at = {"epoch": 5, "step": 1, "budget": budget}
        for which, value in zip(MEASURES.values(), numbers, strict=True):
            split, statistics, measure = which
            rows += [row(measure, value, split=split, statistics=statistics, **at)]
    rows += [row("step_loss", 2.3, split="train", epoch=1, step=0)]
    losses = list(np.linspace(2, 1, steps) + seed)
    store.save("batch-size", run, Outcome(rows, None, thin(losses)), HERE)


@pytest.fixture
def recorded(results):
    """Two seeds of batch normalization, one of them lost, and one without."""
    good = [0.8, 0.75, 0.5, 4.0, 0.5]
    record("torch_batch", 16, 0, {"epochs": good, "updates": good})
    record("torch_batch", 16, 1, {"updates": [0.7, 0.6, 0.9, 2.0, -0.1]})
    record("none", 16, 0, {b: [0.1, 0.1, 2.3, 1.0, 0.1] for b in BUDGETS})
    store.merge("batch-size")
    return load("batch-size")


def rows_of(table, norm, budget):
    return scores(table).xs(norm, level="norm").xs(budget, level="budget")


def test_without_recorded_runs_the_remedy_is_named(results):
    with pytest.raises(ResultsError, match=r"normlab\.runs run batch-size"):
        BatchSizeExplorer()


def test_scores_have_a_row_a_run_and_budget_even_of_runs_that_diverged(recorded):
    assert len(scores(recorded)) == 3 * len(BUDGETS)
    rows = rows_of(recorded, "torch_batch", "updates")
    assert rows["own"].tolist() == [0.75, 0.6]
    assert rows_of(recorded, "torch_batch", "epochs")["accuracy"].isna().sum() == 1


def test_how_runs_ended(recorded):
    def ended(norm, budget):
        return states(rows_of(recorded, norm, budget)).tolist()

    assert ended("torch_batch", "epochs") == [LEARNED, DIVERGED]
    assert ended("torch_batch", "updates") == [LEARNED, LEARNED]
    assert ended("none", "epochs") == [AT_CHANCE]


def test_lines_know_only_what_is_recorded(recorded):
    lines = packed(recorded)["lines"]
    at = SIZES.index(16)
    assert lines["normalizers/scaled/torch_batch"][at] == "torch_batch/16/0.0625"
    assert lines["normalizers/fixed/torch_batch"] == [None] * len(SIZES)
    assert lines["ghost/scaled/both"][at] == lines["ghost/scaled/gradient"][at]
    assert set(lines["ghost/scaled/statistics"]) == {None}


@pytest.mark.parametrize(
    ("line", "size", "expected"),
    [
        ("both", 8, ("torch_batch", 8, 8 / 256)),
        ("statistics", 4, ("ghost_4", 256, 1.0)),
        ("statistics", 256, ("torch_batch", 256, 1.0)),
        ("statistics", 1024, None),
        ("gradient", 16, ("torch_batch", 16, 16 / 256)),
        ("gradient", 1024, ("ghost_16", 1024, 4.0)),
        ("gradient", 4, None),
    ],
)
def test_runs_behind_the_two_batch_sizes(line, size, expected):
    assert runs_behind("ghost", "fixed", line, size) == expected


def test_band_averages_blocks_then_seeds():
    steps = np.arange(200.0)
    curves = [(steps, steps / 100), (steps, steps / 100 + 1)]
    found = band(curves, 100)  # 50 numbers of the first 100 steps
    assert found["by"] == 2
    middles = np.arange(50) * 2 + 0.5
    np.testing.assert_allclose(found["low"], 10 * middles, atol=0.5)
    np.testing.assert_allclose(found["mean"], 10 * middles + 500, atol=0.5)
    np.testing.assert_allclose(found["high"], 10 * middles + 1000, atol=0.5)


def test_band_goes_on_without_a_seed_that_diverged():
    whole = (np.arange(100) * 10 + 4.5, np.full(100, 0.5))
    short = (np.arange(30.0), np.r_[np.full(20, 3.0), np.full(10, np.nan)])
    found = band([short, whole], 1000)
    assert len(found["mean"]) == 50
    assert found["high"][0] == 3000 and found["mean"][0] == 1750
    assert found["high"][1] == found["mean"][1] == 500


def test_the_data_are_small():
    data = BatchSizeExplorer().data
    assert len(gzip.compress(json.dumps(data).encode(), 9)) < LIMIT


def test_the_still_is_the_recorded_accuracies(recorded):
    assert BatchSizeExplorer().stills()["svg"].startswith(b"<?xml")


def test_a_line_has_the_colour_that_it_has_in_the_figure():
    """At its button, its curve and its row too: tests/site looks at these."""
    panels = {"one": {line: {16: np.array([0.5])} for line in TWO_SIZES}}
    (ax,) = by_two_sizes(panels, "test accuracy (%)").axes
    handles, labels = ax.get_legend_handles_labels()
    drawn = {name: line.get_color() for name, line in zip(labels, handles, strict=True)}
    widget = BatchSizeExplorer()
    painted = {line: widget.colors[widget.painted[line]] for line in TWO_SIZES}
    assert drawn == painted
    assert len(set(drawn.values())) == len(TWO_SIZES)


# The module's own arithmetic


def summaries(table, measure, budget="updates"):
    data = json.loads(json.dumps(packed(table)))
    run = data["runs"]["torch_batch/16/0.0625"]
    (found,) = node.call(
        "explorer/batch_sizes", [("summary", run, budget, measure, data["reach"])]
    )
    return found


def test_mean_and_interval_are_students(recorded):
    found = summaries(recorded, "accuracy")
    low, high = stats.t.interval(0.95, 1, 75, stats.sem([80, 70]))
    expected = {"mean": 75, "low": low, "high": high, "least": 70, "most": 80}
    assert found == pytest.approx(expected, rel=1e-4)


def test_a_gap_is_of_the_same_run(recorded):
    assert summaries(recorded, "gap")["least"] == pytest.approx(-10)
    assert summaries(recorded, "gap")["mean"] == pytest.approx(-7.5)


def test_one_value_has_no_interval(recorded):
    found = summaries(recorded, "loss", "epochs")
    assert found == {"mean": 0.5, "least": 0.5, "most": 0.5}


def test_a_noise_scale_needs_a_signal(recorded):
    found = summaries(recorded, "noise")
    assert found["mean"] == pytest.approx(16 * 3.0 / 0.2)  # of the means
    assert found["least"] == found["most"] == pytest.approx(16 * 4.0 / 0.5)
    calls = [("noiseScale", 16, 2.0, square) for square in (-0.1, 0, 0.5)]
    assert node.call("explorer/batch_sizes", calls) == [None, None, 64]


def test_endings_are_counted(recorded):
    runs = json.loads(json.dumps(packed(recorded)["runs"]))
    calls = [("endings", run, "epochs") for run in runs.values()]
    found = dict(zip(runs, node.call("explorer/batch_sizes", calls), strict=True))
    ended = {"learned": 1, "chance": 0, "diverged": 1, "all": 2}
    assert found["torch_batch/16/0.0625"] == ended
    assert found["none/16/0.0625"]["chance"] == 1


@pytest.mark.parametrize("batch", [16, 256, 1024])
def test_images_seen_count_the_last_batch_as_it_is(batch):
    sizes = np.minimum(batch, 60000 - np.arange(0, 60000, batch))
    counts = [1200, updates_of("epochs", batch)]
    calls = [("imagesSeen", batch, count) for count in counts]
    expected = [int(np.resize(sizes, count).sum()) for count in counts]
    assert node.call("explorer/batch_sizes", calls) == expected


def test_seeds_stay_in_order(results):
    for seed in (2, 0, 1):
        record("none", 16, seed, {"epochs": [seed / 10, 0.5, 1, 1, 1]})
    store.merge("batch-size")
    run = packed(load("batch-size"))["runs"]["none/16/0.0625"]
    assert run["values"]["epochs"]["accuracy"] == [0.0, 0.1, 0.2]
