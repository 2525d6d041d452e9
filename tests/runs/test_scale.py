"""The experiment on weights that decay: its arms, and the norms that are imposed."""

from dataclasses import replace

import numpy as np
import pytest

from normlab.models import scale_invariant_weights
from normlab.runs import EXPERIMENTS, build, early, scale
from normlab.runs.scale import DECAY, EVERY, UPDATES, decayed, impose, turn

pytestmark = pytest.mark.usefixtures("few_images_scored")
RUN = replace(decayed(DECAY, lr=0.3), steps=2 * EVERY, epochs=1)


def test_each_arm_makes_as_many_updates_and_decays_in_one_way():
    for name in ("scale", "scale-imposed"):
        for run in EXPERIMENTS[name].variants:
            assert (run.steps, run.weight_decay) == (UPDATES, 0)
            assert run.transform in ("", "decay_0.0005", "decay_0.002")


def test_angles_and_norms_of_every_convolution_are_kept():
    outcome = turn(RUN, "cpu")
    layers = len(scale_invariant_weights(build(RUN)))
    assert outcome.arrays["turns/steps"].tolist() == [EVERY, 2 * EVERY]
    for name in ("norms", "angles"):
        values = outcome.arrays[f"turns/{name}"]
        assert values.shape == (2, layers)
        assert (values > 0).all()


def test_the_loss_at_the_end_is_the_mean_of_the_last_updates(monkeypatch):
    monkeypatch.setattr(scale, "LATE", 20)
    monkeypatch.setattr(early, "POINTS", 5)  # blocks of as many updates
    outcome = turn(RUN, "cpu")
    (late,) = (r["value"] for r in outcome.rows if r["measure"] == "late_loss")
    assert late == pytest.approx(outcome.arrays["loss/mean"][-1])


def test_the_twin_has_the_norms_of_the_run_and_turns_by_nearly_as_much():
    run, twin = turn(RUN, "cpu").arrays, impose(RUN, "cpu").arrays
    # Each of 100 updates leaves a norm off by some units in the last place.
    close = {"rtol": 1e-5}
    np.testing.assert_allclose(twin["turns/norms"], run["turns/norms"], **close)
    free = turn(replace(RUN, transform=""), "cpu").arrays
    assert not np.allclose(free["turns/norms"], run["turns/norms"], **close)


def test_a_run_that_breaks_off_has_no_loss_at_its_end():
    outcome = impose(replace(RUN, lr=1e9), "cpu")
    assert outcome.diverged
    assert not [r for r in outcome.rows if r["measure"] == "late_loss"]
