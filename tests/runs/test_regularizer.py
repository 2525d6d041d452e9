"""What a network knows by heart: its losses on the way, and the arms."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from normlab.evaluation import loss_and_accuracy
from normlab.runs import EXPERIMENTS, build, early, regularizer
from normlab.runs.execute import trained_on
from normlab.runs.regularizer import ARMS, Gap, compare, dense

RUN = replace(dense("torch_batch", 0.01, 0.2), steps=6, epochs=1)


@pytest.fixture(autouse=True)
def few_points_of_few_images(monkeypatch, few_images_scored):
    monkeypatch.setattr(early, "POINTS", 3)  # blocks of at least one update


def test_losses_on_the_way_are_those_of_evaluation_mode(images):
    model = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(784, 10))
    gap = Gap({"train": images}, every=2)
    state = torch.random.get_rng_state()
    for step in (1, 2, 3, 4):
        gap(step, model)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert model.training
    found = gap.arrays()
    assert found["gap/steps"].tolist() == [2, 4]
    loss, _ = loss_and_accuracy(model, *images)
    assert found["gap/train"] == pytest.approx([loss, loss])


def test_training_images_and_others_are_scored_with_both_statistics():
    outcome = compare(RUN, "cpu", looks=3)
    scores = {
        (r["split"], r["statistics"]) for r in outcome.rows if r["measure"] == "loss"
    }
    splits = ("train", "validation", "test")
    assert scores == {(s, k) for s in splits for k in ("running", "recomputed")}
    assert outcome.arrays["gap/steps"].tolist() == [2, 4, 6]
    assert np.isfinite(outcome.arrays["gap/validation"]).all()


def test_the_last_look_is_the_score_at_the_end():
    outcome = compare(RUN, "cpu", looks=3)
    for split in ("train", "validation"):
        (loss,) = (
            r["value"]
            for r in outcome.rows
            if (r["split"], r["statistics"], r["measure"]) == (split, "running", "loss")
        )
        assert outcome.arrays[f"gap/{split}"][-1] == pytest.approx(loss)


def test_a_training_that_breaks_off_has_no_score_of_its_images():
    outcome = compare(replace(RUN, lr=1e9, norm="none"), "cpu")
    assert outcome.diverged
    rows = [r for r in outcome.rows if r["split"] == "train" and r["measure"] == "loss"]
    assert rows == []


def test_every_arm_has_the_dropout_of_its_name_behind_each_relu():
    for norm, p in ARMS:
        model = build(dense(norm, 0.01, p))
        dropped = [m.p for m in model.modules() if isinstance(m, nn.Dropout)]
        assert dropped == ([p, p] if p else [])


def test_all_learn_the_same_few_images():
    for name in ("regularizer-rates", "regularizer", "noise", "noise-dense"):
        for run in EXPERIMENTS[name].variants:
            assert len(trained_on(run)[1]) == regularizer.IMAGES
