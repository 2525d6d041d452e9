"""The rules of their own among the claims on activations, for every word."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from normlab.evidence.claims.activations import (
    falls_at_once,
    flat_before_learning,
    steep_before_learning,
)
from normlab.evidence.single_units import MiddleUnit, first_steps
from normlab.evidence.words import Word
from normlab.recorders import PERCENTILES
from tests.evidence.synthetic import records

STEPS = np.array([0, 10, 20, 30])
LOSSES = {
    "loss/steps": np.arange(2.0, 30, 5),
    "loss/mean": np.array([2.3] * 4 + [1, 1]),
}


def recording(seed, waiting, later=0.0, reach=1.0):
    """Shares of flat values before step 22 and later, and how far percentiles reach."""
    early = STEPS <= 20
    ranks = (np.array(PERCENTILES, float) - 50) / 49
    arrays = {
        "Activations/steps": STEPS,
        "Activations/flat": np.where(early, waiting, later)[:, None],
        "Activations/post": np.tile(reach * ranks, (4, 1, 1)),
    }
    return SimpleNamespace(seed=seed, norm="none"), arrays | LOSSES


def word(check, runs):
    return check(records(recordings=runs))[0]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([0.0] * 5, Word.NOT_REPRODUCED),
        ([0.2] * 5, Word.IN_DIRECTION),
        ([0.2] * 4 + [0.0], Word.UNDECIDED),
        ([0.0] * 4, Word.UNDECIDED),  # too few seeds
    ],
)
def test_flat_before_learning(shares, expected):
    runs = [recording(seed, share) for seed, share in enumerate(shares)]
    assert word(flat_before_learning, runs) is expected


def loss_below_at(seed, norm, step):
    run = SimpleNamespace(seed=seed, norm=norm, weight_decay=0.0, init="xavier")
    at = np.arange(2.0, 1000, 5)
    return run, {"loss/steps": at, "loss/mean": np.where(at < step, 2.3, 1.0)}


@pytest.mark.parametrize(
    ("with_", "without", "seeds", "expected"),
    [
        (5, 300, 5, Word.REPRODUCED),
        (5, 100, 5, Word.IN_DIRECTION),  # later, but not by hundreds
        (50, 300, 5, Word.IN_DIRECTION),  # earlier, but not at once
        (5, 5, 5, Word.NOT_REPRODUCED),
        (300, 5, 5, Word.NOT_REPRODUCED),
        (5, 300, 4, Word.UNDECIDED),
    ],
)
def test_falls_at_once(with_, without, seeds, expected):
    arms = (("torch_batch", with_), ("none", without))
    runs = [loss_below_at(s, norm, step) for s in range(seeds) for norm, step in arms]
    assert word(falls_at_once, runs) is expected


def test_one_slow_seed_is_not_at_once():
    runs = [loss_below_at(s, "torch_batch", 5 + 100 * (s == 4)) for s in range(5)]
    runs += [loss_below_at(s, "none", 300) for s in range(5)]
    assert word(falls_at_once, runs) is Word.IN_DIRECTION


def test_what_gets_flat_later_does_not_count():
    runs = [recording(seed, 0.0, later=0.9) for seed in range(5)]
    assert word(flat_before_learning, runs) is Word.NOT_REPRODUCED


@pytest.mark.parametrize(
    ("reach", "expected"),
    [
        (1.0, Word.NOT_REPRODUCED),  # all percentiles within 3.64
        (9.0, Word.IN_DIRECTION),  # even the 15th lies beyond
        (3.8, Word.UNDECIDED),  # the 1st does, the 5th does not: 2% to 10%
    ],
)
def test_steep_before_learning(reach, expected):
    runs = [recording(seed, 0.0, reach=reach) for seed in range(5)]
    check = partial(steep_before_learning, slope=0.1)
    assert word(check, runs) is expected


def test_single_units_leave_the_random_numbers_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    first_steps.__wrapped__("none", 0.1, 0)
    assert torch.equal(torch.rand(2), expected)


def test_the_middle_units_way_is_that_of_its_median():
    percentiles = first_steps("none", 0.1, 0)  # (units, snapshots, 3)
    ways = [np.abs(np.diff(unit[:, 1])).sum() for unit in percentiles]
    assert MiddleUnit("none")._way(0) == pytest.approx(np.median(ways))
    assert MiddleUnit("none", in_widths=True)._way(0) > 2 * np.median(ways)
