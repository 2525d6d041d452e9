"""The widget on schedules: what Python packs of the recorded runs."""

import gzip
import json
from dataclasses import replace

import numpy as np
import pytest

from normlab.runs import EXPERIMENTS, ResultsError, store
from normlab.runs.config import Outcome
from normlab.runs.rows import row, score_rows
from normlab.runs.schedules import EARLY, ENDS, PLAIN, curve_steps, trained, tuned
from normlab.widgets import Schedules
from normlab.widgets.schedules.packed import NAMES, key_of, packed, planned

HERE = {"commit": "abc", "torch": "2", "device": "CPU", "finished": "2026-01-01"}
LIMIT = 30_000  # compressed bytes
FEW = np.array(curve_steps(4200), dtype=np.int32)
WHOLE = FEW[FEW % 100 == 0]


def accuracy_after(steps, run):
    """Made up: it rises to 0.9, and each seed is a hundredth above the one before."""
    return (0.8 - 0.8 * np.exp(-steps / 600) + 0.01 * run.seed).astype(np.float32)


def made_up(run):
    """The run, and what it left; its test accuracy is 0.5, or 0.7 with seed 1."""
    about = {"split": "test", "statistics": "recomputed"}
    at = {"epoch": 1, "step": ENDS[run.schedule]}
    rows = score_rows((1.0, 0.5 + 0.2 * run.seed), **about, **at)
    rows += [row("step_loss", 2.3, split="train", epoch=1, step=0)]
    arrays = {}
    for look, steps in (("few", FEW), ("whole", WHOLE)):
        arrays[f"{look}/steps"] = steps
        arrays[f"{look}/accuracy"] = accuracy_after(steps, run)
    return run, Outcome(rows, None, arrays)


@pytest.fixture
def recorded(results):
    """Two seeds of every run, packed."""
    for name in NAMES:
        for variant in EXPERIMENTS[name].variants:
            for seed in (0, 1):
                store.save(name, *made_up(replace(variant, seed=seed)), HERE)
        store.merge(name)
    return packed()


def test_without_recorded_runs_the_remedy_is_named(results):
    with pytest.raises(ResultsError, match=r"normlab\.runs run schedules"):
        Schedules()


def test_every_recorded_run_is_there_under_its_switches():
    runs = {
        replace(variant, seed=0) for n in NAMES for variant in EXPERIMENTS[n].variants
    }
    assert set(planned().values()) == runs
    assert key_of(trained(*PLAIN), "printed") == "8/none/true/printed/original"
    seven = "7/torch_batch/false/tuned/multistep"
    assert planned()[seven] == tuned("faces_7", "torch_batch", "multistep")


def test_curves_are_means_and_ends_over_seeds_in_per_cent(recorded):
    run = recorded["runs"]["7/torch_batch/false/tuned/multistep"]
    for look, steps in (("few", FEW), ("whole", WHOLE)):
        assert recorded["steps"][look] == steps.tolist()
        lower = 100 * accuracy_after(steps, trained(*PLAIN))
        assert run[look]["low"] == pytest.approx(lower, abs=1e-3)
        assert run[look]["high"] == pytest.approx(lower + 1, abs=1e-3)
        assert run[look]["mean"] == pytest.approx(lower + 0.5, abs=1e-3)


def test_numbers_of_the_table(recorded):
    for run in recorded["runs"].values():
        assert run["test"] == pytest.approx(60)
        assert run["range"] == pytest.approx([50, 70])
        assert run["seeds"] == 2


def test_the_level_is_the_plain_networks_mean_and_reached_about_there(recorded):
    at = 100 * (0.8 - 0.8 * np.exp(-EARLY / 600)) + 0.5
    assert recorded["levels"] == pytest.approx({"printed": at, "tuned": at}, abs=1e-3)
    lower, higher = 660, 620  # the looks next to 640 at which a seed is above the mean
    plain = recorded["runs"][recorded["plain"]["tuned"]]
    assert plain["reached"] == pytest.approx((lower + higher) / 2, abs=20)


def test_rates_are_a_list_of_falls(recorded):
    falls = recorded["falls"]
    assert falls["original"] == [(0, 1.0), (1500, 0.1), (3000, 0.01)]
    assert [step for step, _ in falls["multistep"]][:5] == [0, 140, 280, 420, 1200]
    assert falls["multistep"][4][1] == pytest.approx(0.7**7, rel=1e-5)
    assert len(falls["short_step"]) == 1 + (4200 - 1) // 110


def test_what_a_page_carries_is_small(recorded):
    text = json.dumps(recorded).encode()
    assert len(gzip.compress(text)) < LIMIT
