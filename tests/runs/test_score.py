"""The score: recomputed statistics, beside the running ones, and no trace."""

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from normlab.evaluation import loss_and_accuracy, tracking_layers
from normlab.runs import Run, build, score
from normlab.runs.score import scored

RUN = Run("lenet", "torch_batch", 0.5, 64, epochs=1, seed=0)
AT = {"split": "test", "epoch": 1, "step": 0}


@pytest.fixture
def pairs(fashion):
    train_x, train_y, test_x, test_y = fashion
    return (train_x[:640], train_y[:640]), (test_x[:200], test_y[:200])


def by_name(rows):
    return {(row["statistics"], row["measure"]): row["value"] for row in rows}


def test_recomputed_are_the_averages_over_the_training_images(pairs, monkeypatch):
    """Each layer's averages, one layer at a time, are those of whole batches."""
    monkeypatch.setattr(score, "RECOMPUTED_OVER", 320)
    model = build(RUN).double()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    found = by_name(scored(model, RUN, *pairs, **AT))
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    for layer in tracking_layers(model).values():
        layer.momentum = None
        layer.reset_running_stats()
    with torch.no_grad():
        for batch in pairs[0][0][:320].split(64):
            model.train()(batch.double() / 255)
    loss, accuracy = loss_and_accuracy(model, *pairs[1])
    assert_close(found["recomputed", "loss"], loss, rtol=1e-9, atol=0)
    assert found["recomputed", "accuracy"] == accuracy
    assert found["running", "loss"] != found["recomputed", "loss"]


def test_without_memory_both_are_one_number(pairs):
    run = replace(RUN, norm="torch_group")
    found = by_name(scored(build(run), run, *pairs, **AT))
    for measure in ("loss", "accuracy"):
        assert found["recomputed", measure] == found["running", measure]
