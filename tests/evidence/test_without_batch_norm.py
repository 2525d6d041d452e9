"""The claims on recorded runs, on made-up records; that on dropout, on wrong layers.

What a rule reads is told apart by what stands in the runs, as in the records.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from normlab.evidence.claims import without_batch_norm as claims
from normlab.evidence.words import Word
from normlab.layers import BatchNorm
from normlab.runs.batch_augmentation import (
    BEST,
    FEWER,
    LONGER,
    SECOND,
    SHORTER,
    UPDATES,
    chosen,
)
from normlab.runs.contenders import BEST as RACE_BEST
from normlab.runs.contenders import entry
from normlab.runs.scaled_weights import BOTH, CLIPPED, PLAIN, SCALED
from normlab.schedules import warm_cooled
from tests.evidence.synthetic import around, records, rows

EQUAL = [0.85] * 5


def ends(name, values, steps=UPDATES, rates=BEST):
    """Rows of an arm's test accuracy, a seed each."""
    return ends_of(chosen(name, rates, steps), values)


def ends_of(run, values):
    at = {"measure": "accuracy", "split": "test", "statistics": "recomputed"}
    return rows(values, **claims.told(run), **at, step=run.steps)


def word(rule, *tables):
    return rule.on(records(*tables)).decide(0.05)


@pytest.mark.parametrize(
    ("ours", "words"),
    [
        (around(0.851), (Word.REPRODUCED, Word.REPRODUCED)),
        (around(0.843), (Word.REPRODUCED, Word.NOT_REPRODUCED)),
        (around(0.83), (Word.NOT_REPRODUCED, Word.NOT_REPRODUCED)),
        (around(0.85, 0.02), (Word.UNDECIDED, Word.UNDECIDED)),
    ],
)
def test_what_does_without_matches_within_a_point_or_a_half(ours, words):
    normalized = entry("batch_128", RACE_BEST["batch_128"])
    others = [ends_of(run, around(0.5)) for run in (SCALED, CLIPPED, PLAIN)]
    table = ends_of(BOTH, ours), ends_of(normalized, [*EQUAL, 0.9]), *others
    rules = claims.matches(), claims.matches(claims.HALF_A_POINT)
    assert tuple(word(rule, *table) for rule in rules) == words


AN_EFFECT = pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (around(0.86), Word.REPRODUCED),
        (around(0.854, 0.0015), Word.IN_DIRECTION),
        (around(0.85), Word.NOT_REPRODUCED),
        (around(0.84), Word.NOT_REPRODUCED),
        (around(0.86, 0.02), Word.UNDECIDED),
    ],
)


@AN_EFFECT
@pytest.mark.parametrize("second", [False, True])
def test_four_copies_end_above_one(ours, expected, second):
    rates = SECOND if second else BEST
    table = ends("four", ours, rates=rates), ends("one", EQUAL, rates=rates)
    assert word(claims.better(second=second), *table) is expected


@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (around(0.855), Word.REPRODUCED),
        (around(0.85, 0.0005), Word.REPRODUCED),
        (around(0.84), Word.NOT_REPRODUCED),  # what fewer updates cost one copy, say
        (around(0.85, 0.02), Word.UNDECIDED),
    ],
)
def test_four_copies_come_as_far_in_fewer_updates(ours, expected, second):
    rates = SECOND if second else BEST
    table = [
        ends("four", ours, FEWER, rates),
        ends("four", around(0.9), rates=rates),
        ends("one", EQUAL, rates=rates),
    ]
    assert word(claims.fewer(second=second), *table) is expected


@AN_EFFECT
def test_more_updates_are_better_than_copies(ours, expected):
    table = ends("one", ours, LONGER), ends("one", around(0.8)), ends("four", EQUAL)
    assert word(claims.longer_is_better(), *table) is expected


@AN_EFFECT
def test_a_quarter_of_the_passes(ours, expected):
    table = ends("one", ours), ends("four", around(0.9)), ends("four", EQUAL, SHORTER)
    assert word(claims.at_a_quarter(), *table) is expected


@AN_EFFECT
def test_different_images_are_better_than_copies(ours, expected):
    table = ends("distinct", ours), ends("four", EQUAL), ends("one", around(0.9))
    assert word(claims.distinct_is_better(), *table) is expected


def test_of_two_experiments_the_seeds_in_common_are_compared():
    table = ends("distinct", EQUAL), ends("four", [*EQUAL, 0.9, 0.9, 0.9])
    assert list(claims.distinct_is_better().differences(records(*table))) == [0] * 5


# On the way

STEPS = np.arange(50, UPDATES + 1, 50)


def curve(name, start, seed):
    """A recording that climbs by a point each 50 updates from such a start."""
    accuracy = (start + 0.01 * np.arange(len(STEPS))).astype(np.float32)
    run = replace(chosen(name), seed=seed)
    return run, {"few/steps": STEPS, "few/accuracy": accuracy}


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (6, Word.REPRODUCED),  # 900 / 600
        (3, Word.NOT_REPRODUCED),  # 900 / 750, and no scatter
        (-4, Word.NOT_REPRODUCED),
    ],
)
def test_updates_to_where_one_copy_is_before_the_rate_falls(ahead, expected):
    recordings = [
        curve(name, start, seed)
        for seed in range(5)
        for name, start in (("one", 0.4), ("four", 0.4 + 0.01 * ahead))
    ]
    trial = claims.sooner().on(records(recordings=recordings))
    assert trial.decide(0.05) is expected
    assert f"{900 / (900 - 50 * ahead):.2f} times" in trial.numbers[0][1]


def test_the_rate_is_whole_where_the_level_is_taken():
    rate = warm_cooled(1.0, UPDATES)
    assert {rate(step) for step in claims.BEFORE_THE_FALL} == {1.0}
    assert rate(claims.BEFORE_THE_FALL[-1] + 100) < 1


# Dropout behind the layer


def test_what_the_layer_leaves_is_as_predicted():
    word, numbers = claims.less_dependent(None)
    assert word is Word.REPRODUCED
    assert len(numbers) == 2 * len(claims.DROPPED)


def test_random_numbers_stay_as_they_were():
    before = torch.get_rng_state()
    claims.less_dependent(None)
    assert torch.equal(torch.get_rng_state(), before)


class DropsNothing(nn.Sequential):
    def __init__(self, c, p):
        super().__init__(BatchNorm(c))


class DropsBoth(nn.Sequential):
    def __init__(self, c, p):
        super().__init__(BatchNorm(c), RowsDropped(p))


class RowsDropped(nn.Dropout):
    def forward(self, x):
        return x * super().forward(torch.ones_like(x[:, :1]))


class DropsTheRest(nn.Sequential):
    def __init__(self, c, p):
        super().__init__(BatchNorm(c), nn.Dropout(1 - p))


@pytest.mark.parametrize("wrong", [DropsNothing, DropsBoth, DropsTheRest])
def test_a_wrong_layer_is_found(wrong, monkeypatch):
    monkeypatch.setattr(claims, "IndependentComponent", wrong)
    assert claims.less_dependent(None)[0] is Word.NOT_REPRODUCED


def test_information_of_pairs_by_the_formula():
    """Of two fair coins that agree with probability q: ln 2 less the entropy of q."""
    exact = math.log(2) + 0.9 * math.log(0.9) + 0.1 * math.log(0.1)
    x = claims.pairs()
    assert claims.information(x) == pytest.approx(exact, rel=0.01)
    assert claims.information(x[:, :1].repeat(1, 2)) == pytest.approx(math.log(2), 1e-4)
    assert claims.information(claims.pairs(0.5)) < 1e-4
    assert claims.correlation(x) == pytest.approx(0.8, abs=0.005)
