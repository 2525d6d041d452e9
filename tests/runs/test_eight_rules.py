"""The experiment on eight implementations, on a few images."""

from dataclasses import replace

import numpy as np
import pytest

from normlab.evaluation.conventions import CONVENTIONS, Average
from normlab.evaluation.memories import remembered
from normlab.runs import build, execute, implementations
from normlab.runs.implementations import IMPLEMENTATIONS, compare, misses
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


def test_how_far_memories_miss_is_kept_of_each_layer(outcome):
    kept = [name for name, rule in CONVENTIONS.items() if isinstance(rule, Average)]
    assert len(outcome.arrays) == 1 + 2 * len(CONVENTIONS) + 2 * len(kept)
    for name in kept:
        for what in ("mean_off", "log_var"):
            assert outcome.arrays[f"{what}/{name}"].shape == (3, 8)
    # Of 3, 6 and 9 batches cuDNN's memory holds so much less than Caffe's.
    cudnn, caffe = (
        outcome.arrays[f"log_var/{name}"] for name in ("cudnn-2015-11", "caffe-2015-11")
    )
    held = np.log(1 - 0.999 ** np.array([3, 6, 9]))[:, None]
    np.testing.assert_allclose(cudnn - caffe, np.tile(held, 8), rtol=1e-4)


def test_a_memory_of_the_images_themselves_misses_nothing(fashion):
    x = fashion[0][:40]
    model = build(RUN)
    with remembered(model) as memories:
        model.train()(x.double() / 255)
    found = misses(model, memories, x)
    np.testing.assert_allclose(found["mean_off/caffe-2015-11"], 0, atol=1e-9)
    unbiased = [np.log(n / (n - 1)) for n in 40 * np.array([196, 49, 16, 4]).repeat(2)]
    np.testing.assert_allclose(found["log_var/caffe-2015-11"], unbiased, rtol=1e-6)


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
