"""The experiment on eight implementations, on a few images."""

from dataclasses import replace

import numpy as np
import pytest

from normlab.evaluation.conventions import CONVENTIONS
from normlab.runs import execute, implementations
from normlab.runs.implementations import IMPLEMENTATIONS, compare
from normlab.runs.table import table_of

RUN = replace(
    IMPLEMENTATIONS.variants[0], batch_size=20, epochs=2, dtype="float64", lr=0.05
)
SIZE, EVERY = 100, 3  # images; updates between two tests


@pytest.fixture
def outcome(fashion, monkeypatch):
    train_x, train_y, test_x, test_y = fashion
    pairs = (train_x[:SIZE], train_y[:SIZE]), (test_x[:60], test_y[:60])
    for module in (execute, implementations):
        monkeypatch.setattr(module, "data", lambda evaluate_on: pairs)
    monkeypatch.setattr(implementations, "EVERY", EVERY)
    monkeypatch.setattr(implementations, "TEST_BATCH", 30)
    monkeypatch.setattr("normlab.runs.score.RECOMPUTED_OVER", SIZE)
    return compare(RUN, "cpu")


def test_the_test_images_are_scored_by_each_convention_at_its_times(outcome):
    assert outcome.arrays["updates"].tolist() == [3, 6, 9]
    for measure in ("loss", "accuracy"):
        for name in CONVENTIONS:
            values = outcome.arrays[f"{measure}/{name}"]
            assert values.shape == (3,)
            assert values.dtype == np.float32
            assert np.isfinite(values).all()
    assert len(outcome.arrays) == 1 + 2 * len(CONVENTIONS)


def test_conventions_part_and_those_without_memory_are_one(outcome):
    losses = {name: outcome.arrays[f"loss/{name}"] for name in CONVENTIONS}
    apart = {n: v for n, v in losses.items() if n != "windows-2015-03"}
    assert len({tuple(v) for v in apart.values()}) == len(CONVENTIONS) - 1
    np.testing.assert_allclose(
        losses["caffe-2015-02"], losses["windows-2015-03"], rtol=1e-5
    )


def test_the_end_is_scored_with_statistics_recomputed_too(outcome):
    table = table_of({"key": RUN.key} | row for row in outcome.rows)
    end = table[(table["split"] == "test") & (table["measure"] == "accuracy")]
    assert sorted(end["statistics"]) == ["recomputed", "running"]
    assert end["step"].unique() == [2 * SIZE // RUN.batch_size]
    steps = table[table["measure"] == "step_loss"]
    assert len(steps) == 2 * SIZE // RUN.batch_size
