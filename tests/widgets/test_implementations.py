"""One training under eight rules: what is packed, and what the module makes of it."""

import gzip
import json

import numpy as np
import pytest

from normlab.evidence.claims.implementations import jump, level
from normlab.figures.implementations import CURVES
from normlab.runs import ResultsError, store
from normlab.runs.config import Outcome
from normlab.runs.implementations import IMPLEMENTATIONS, IMPLEMENTATIONS_SLOW
from normlab.runs.rows import row
from normlab.widgets import Implementations
from normlab.widgets.implementations import OPENS_WITH, TRAITS, packed

from . import node

HERE = {"commit": "abc", "torch": "2", "device": "CPU", "finished": "2026-01-01"}
LIMIT = 30_000  # compressed bytes
RNG = np.random.default_rng(0)


def arrays():
    """Accuracies of 30 tests on 10,000 images, by each rule."""
    counts = RNG.integers(3000, 9000, size=(len(CURVES), 30))
    found = {"updates": 100 * np.arange(1, 31)}
    for name, of_rule in zip(CURVES, counts, strict=True):
        found[f"accuracy/{name}"] = (of_rule / 10_000).astype(np.float32)
    return found


@pytest.fixture
def recorded(results):
    """(rate, seed) -> arrays, as they were recorded: one rate has more seeds."""
    kept = {}
    for experiment, seeds in ((IMPLEMENTATIONS, 7), (IMPLEMENTATIONS_SLOW, 5)):
        for run in experiment.runs(seeds):
            kept[run.lr, run.seed] = arrays()
            rows = [row("step_loss", 2.3, split="train", epoch=1, step=0)]
            outcome = Outcome(rows, None, kept[run.lr, run.seed])
            store.save(experiment.name, run, outcome, HERE)
        store.merge(experiment.name)
    return kept


def test_the_seeds_are_those_that_both_rates_have(recorded):
    assert packed()["seeds"] == [10, 11, 12, 13, 14]
    seed = Implementations().controls["seed"]
    assert [value for value, _ in seed["options"]] == packed()["seeds"]


def test_accuracies_are_packed_as_counts_of_images(recorded):
    data = packed()
    for (rate, seed), found in recorded.items():
        if seed in data["seeds"]:
            for name, trait in TRAITS.items():
                counts = data["accuracy"][f"{rate:g}"][str(seed)][trait]
                np.testing.assert_allclose(
                    np.array(counts) / 10_000, found[f"accuracy/{name}"], atol=1e-7
                )


def test_level_and_jump_are_those_that_the_claims_judge(recorded):
    data = json.loads(json.dumps(packed()))
    found = recorded[0.1, 12]
    calls = [
        ("accuracies", data, {"rate": 0.1, "seed": 12}, trait)
        for trait in TRAITS.values()
    ]
    shown = node.call("implementations/tests", calls)
    numbers = node.call(
        "implementations/tests",
        [("levelAndJump", values, data["last"]) for values in shown],
    )
    for name, number in zip(TRAITS, numbers, strict=True):
        assert number["level"] == pytest.approx(100 * level(found, name), rel=1e-6)
        assert number["jump"] == pytest.approx(100 * jump(found, name), rel=1e-5)


@pytest.mark.parametrize(("span", "first"), [("all", 0), ("last", 10)])
def test_the_axis_holds_every_training_of_a_rate(recorded, span, first):
    data = json.loads(json.dumps(packed()))
    (found,) = node.call("implementations/tests", [("range", data, 0.01, span)])
    of_rate = [
        values[first:]
        for (rate, _), kept in recorded.items()
        for name, values in kept.items()
        if rate == 0.01 and name.startswith("accuracy/")
    ]
    expected = [100 * np.min(of_rate), 100 * np.max(of_rate)]
    assert found == pytest.approx(expected, rel=1e-6)


def test_every_rule_has_a_switch_and_some_are_on(recorded):
    widget = Implementations()
    assert set(TRAITS.values()) <= set(widget.controls)
    on = {name for name, trait in TRAITS.items() if getattr(widget, trait)}
    assert on == set(OPENS_WITH)
    assert [line["trait"] for line in widget.lines] == list(TRAITS.values())
    assert {line["color"] for line in widget.lines} <= set(widget.paints)
    said = {line["trait"]: line["weight"] for line in widget.lines}
    assert said["torch"] == "0.1"
    assert said["caffe_2015_11"] == said["cudnn_2015_11"] == "0.001"
    assert said["windows_2015_06"] == "0.95"
    assert said["caffe_2015_02"] == said["windows_2015_03"] == "none"


def test_a_picture_has_the_curves_that_it_opens_with(recorded):
    left, right = Implementations().picture().axes
    titles = [CURVES[name][0] for name in OPENS_WITH]
    assert [line.get_label() for line in left.lines] == titles
    assert [len(line.get_ydata()) for line in right.lines] == [20] * len(titles)


def test_the_state_is_small(recorded):
    packed_text = json.dumps(packed()).encode()
    assert len(gzip.compress(packed_text)) < LIMIT


def test_without_records_it_says_how_to_make_them(results):
    with pytest.raises(ResultsError, match="run implementations"):
        Implementations()
