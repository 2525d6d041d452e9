"""The widget on the race: what Python packs of the recorded runs."""

import gzip
import json
from dataclasses import replace

import numpy as np
import pytest

from normlab.runs import EXPERIMENTS, ResultsError, store
from normlab.runs.config import Outcome
from normlab.runs.contenders import CONTENDERS, SAME_ACTIVATION
from normlab.runs.rows import row, score_rows
from normlab.runs.watch import EVERY
from normlab.widgets import Race
from normlab.widgets.race.packed import HALF, LOOKS, NAMES, ROWS, SIZES, packed

HERE = {"commit": "abc", "torch": "2", "device": "CPU", "finished": "2026-01-01"}
LIMIT = 30_000  # compressed bytes
STEPS = np.array(LOOKS, dtype=np.int32)
BROKEN, SLOW = "instance", "none"  # ends after 200 updates; is never at the level


def accuracy_after(steps, run):
    """Made up: it rises to 0.9, and each seed is a hundredth above the one before."""
    return (0.8 - 0.8 * np.exp(-steps / 300) + 0.01 * (run.seed - 10)).astype("f4")


def made_up(run):
    """The run, and what it left; its test accuracy is 0.5, or 0.7 with the second seed.

    Other scores are other numbers, which must not be taken for it.
    """
    at = {"epoch": 1, "step": run.steps}
    own = 0.5 + 0.2 * (run.seed - 10)
    rows = score_rows((1.0, own), split="test", statistics="recomputed", **at)
    rows += score_rows((1.0, 0.1), split="test", statistics="running", **at)
    rows += score_rows((1.0, 0.2), split="validation", statistics="recomputed", **at)
    rows += [row("step_loss", 2.3, split="train", epoch=1, step=0)]
    curve = accuracy_after(STEPS, run)
    if run.norm == BROKEN:
        curve = curve[: 200 // EVERY]
    if run.norm == SLOW and run.model == "deep_cnn" and not run.transform:
        curve = curve / 2
    arrays = {"few/steps": STEPS[: len(curve)], "few/accuracy": curve}
    return run, Outcome(rows, None, arrays)


def costs(run):
    """Made up: 1.5 and 1.7 times as long, 12 million bytes."""
    numbers = {"step_seconds_ratio": 1.5 + 0.2 * (run.seed - 10), "bytes_kept": 12e6}
    at = {"split": "train", "epoch": 1, "step": run.steps}
    rows = [row(name, value, **at) for name, value in numbers.items()]
    return run, Outcome(rows, None)


def record(name, make):
    for variant in EXPERIMENTS[name].variants:
        for seed in (10, 11):
            store.save(name, *make(replace(variant, seed=seed)), HERE)
    store.merge(name)


@pytest.fixture
def first(results):
    """Two seeds of the race itself."""
    record("race", made_up)
    return results


@pytest.fixture
def recorded(first):
    """Two seeds of every run, packed."""
    record("race-others", made_up)
    record("race-cost", costs)
    return packed()


def test_without_recorded_runs_the_remedy_is_named(results):
    with pytest.raises(ResultsError, match=r"normlab\.runs run race"):
        Race()


def test_every_contender_has_a_cell_but_the_control():
    assert sorted(NAMES) == sorted(set(CONTENDERS) - {SAME_ACTIVATION})
    for row_ in ROWS:
        for size, name in row_.contenders:
            assert size in (0, *SIZES)
            numbered = name.rpartition("_")[2].isdigit()
            assert name.endswith(f"_{size}") == numbered


def test_what_looks_at_one_image_alone_has_one_cell_for_all():
    alone = {n for r in ROWS for size, n in r.contenders if size == 0}
    assert alone == {
        *("group", "group_standardized", "filter_response", "instance"),
        *("scaled", "none"),
    }


def test_what_is_not_recorded_yet_has_no_cell_and_no_cost(first):
    cells = packed()["cells"]
    expected = {r for r in EXPERIMENTS["race"].variants}
    assert len(cells) == len(expected)
    assert "batch_2" in cells and "batch_8" not in cells
    assert "seconds" not in cells["batch_2"]


def test_accuracies_are_of_the_test_images_with_recomputed_statistics(recorded):
    assert set(recorded["cells"]) == set(NAMES)
    for cell in recorded["cells"].values():
        assert cell["accuracy"] == pytest.approx([60, 50, 70])
        assert cell["seeds"] == 2


def test_curves_are_means_and_ends_over_seeds_in_per_cent(recorded):
    assert recorded["steps"] == STEPS.tolist()
    lower = 100 * accuracy_after(STEPS, EXPERIMENTS["race"].runs()[0])
    curve = recorded["cells"]["batch_2"]["curve"]
    assert curve["low"] == pytest.approx(lower, abs=1e-3)
    assert curve["high"] == pytest.approx(lower + 1, abs=1e-3)
    assert curve["mean"] == pytest.approx(lower + 0.5, abs=1e-3)


def test_who_breaks_off_guesses_from_there_on(recorded):
    curve = recorded["cells"][BROKEN]["curve"]
    assert len(curve["mean"]) == len(STEPS)
    assert curve["mean"][200 // EVERY - 1] > 20
    assert curve["mean"][200 // EVERY :] == [10.0] * (len(STEPS) - 200 // EVERY)


def test_the_level_is_that_of_128_images_half_of_the_way(recorded):
    at_half = 100 * (0.8 - 0.8 * np.exp(-HALF / 300)) + 0.5
    assert recorded["level"] == pytest.approx(at_half, abs=1e-3)
    cell = recorded["cells"]["batch_128"]
    assert cell["arrived"] == 2
    assert cell["updates"] == pytest.approx(HALF, abs=2 * EVERY)


@pytest.mark.parametrize("name", [BROKEN, SLOW])
def test_who_is_never_at_the_level_has_no_number_of_updates(recorded, name):
    assert recorded["cells"][name]["arrived"] == 0
    assert recorded["cells"][name]["updates"] is None


def test_costs_are_those_of_the_contender(recorded):
    for cell in recorded["cells"].values():
        assert cell["seconds"] == pytest.approx([1.6, 1.5, 1.7])
        assert cell["bytes"] == pytest.approx(12)


def test_a_reader_may_set_each_curve_and_each_measure(recorded):
    shown = Race()
    assert shown.controls["chosen"]["length"] == len(shown.chosen) == len(NAMES)
    for measure, _ in shown.controls["measure"]["options"]:
        shown.measure = measure


def test_what_a_page_carries_is_small(recorded):
    text = json.dumps(recorded).encode()
    assert len(gzip.compress(text)) < LIMIT
