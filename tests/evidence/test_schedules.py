"""The claims on schedules, on made-up records."""

from dataclasses import replace

import numpy as np
import pytest

from normlab.evidence.claims import schedules as claims
from normlab.evidence.words import Word
from normlab.runs.schedules import ARMS, ENDS, PLAIN, UPDATES, WITH_LAYER, trained
from tests.evidence.synthetic import around, records, rows

PLAIN_MULTISTEP, LAYER_ORIGINAL, LAYER_SHORT = ARMS[1], ARMS[2], ARMS[4]
STEPS = np.arange(40, 1241, 40)  # 640 is among them
TEN = [0.85 + 0.0004 * k for k in range(10)]


def scores_of(network, values, factor=1, late=None):
    """Rows of a network's scores where its schedule ends, and after all updates."""
    about = claims.settings(trained(*network, factor))
    about |= {"measure": "accuracy", "split": "test", "statistics": "recomputed"}
    end = ENDS[network[-1]]
    table = rows(values, **about, step=end)
    if end != UPDATES:
        table += rows(late or values, **about, step=UPDATES)
    return table


def word(rule, *groups):
    return rule.on(records(*groups)).decide(0.05)


def tuned_factor(network):
    return round(claims.tuned(*network).lr / trained(*network).lr, 6)


@pytest.mark.parametrize(
    ("higher", "lower"),
    [
        (PLAIN, PLAIN_MULTISTEP),
        (WITH_LAYER, LAYER_SHORT),
        (WITH_LAYER, LAYER_ORIGINAL),
        (PLAIN, WITH_LAYER),
    ],
)
@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (around(0.84), Word.REPRODUCED),
        (around(0.846, 0.0015), Word.IN_DIRECTION),
        (around(0.85), Word.NOT_REPRODUCED),
        (around(0.86), Word.NOT_REPRODUCED),
        (around(0.84, 0.02), Word.UNDECIDED),
    ],
)
def test_an_end_below_another(higher, lower, ours, expected):
    made = [
        scores_of(higher, [0.85] * 5, tuned_factor(higher)),
        scores_of(lower, ours, tuned_factor(lower)),
    ]
    assert word(claims.better(higher, lower), *made) is expected


def test_as_printed_reads_the_printed_rates_and_long_all_updates():
    ways = claims.other_ways(PLAIN, WITH_LAYER)
    assert tuned_factor(PLAIN) != 1 != tuned_factor(WITH_LAYER)
    table = [
        scores_of(PLAIN, [0.85] * 5),
        scores_of(WITH_LAYER, around(0.80)),
        scores_of(PLAIN, [0.85] * 5, tuned_factor(PLAIN)),
        scores_of(WITH_LAYER, around(0.80), tuned_factor(WITH_LAYER), around(0.9)),
    ]
    assert word(ways[claims.PRINTED], *table) is Word.REPRODUCED
    assert word(ways[claims.LONG], *table) is Word.NOT_REPRODUCED
    assert word(claims.better(PLAIN, WITH_LAYER), *table) is Word.REPRODUCED


def test_of_two_experiments_the_seeds_in_common_are_compared():
    table = [
        scores_of(WITH_LAYER, TEN, tuned_factor(WITH_LAYER)),
        scores_of(LAYER_SHORT, TEN[:5], tuned_factor(LAYER_SHORT)),
    ]
    rule = claims.better(WITH_LAYER, LAYER_SHORT)
    assert list(rule.differences(records(*table))) == [0] * 5


def climbing(run, updates, seed, at=0.8):
    """A recording of a curve that is at 0.8 after so many updates, and climbs on."""
    accuracy = np.float32(at) + np.float32(1e-4) * (STEPS - updates)
    recording = {"few/steps": STEPS, "few/accuracy": accuracy.astype(np.float32)}
    return replace(run, seed=seed), recording


def curves(plain, layer):
    """Recordings of both networks that are at 0.8 after these updates, by seed."""
    pairs = ((PLAIN, plain), (WITH_LAYER, layer))
    return records(
        recordings=[
            climbing(claims.tuned(*network), updates, seed)
            for network, reached in pairs
            for seed, updates in enumerate(reached)
        ]
    )


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ([440, 480, 440, 440, 480], Word.REPRODUCED),  # the claimed 1.42 is about there
        ([120, 160, 120, 160, 120], Word.IN_DIRECTION),  # far more than claimed
        ([520, 560, 600, 560, 520], Word.IN_DIRECTION),  # less than counts
        ([640] * 5, Word.NOT_REPRODUCED),
        ([1000, 1040, 960, 1000, 1040], Word.NOT_REPRODUCED),
        ([200, 1160, 240, 1120, 640], Word.UNDECIDED),
    ],
)
def test_how_much_sooner_the_level_is_reached(layer, expected):
    found = claims.sooner().on(curves([640, 640, 640, 640, 640], layer))
    assert found.decide(0.05) is expected


def test_the_level_is_that_of_the_mean_curve():
    steps = np.array([600, claims.EARLY, 700])
    pair = {
        s: (steps, np.array([0.1, value, 0.9])) for s, value in enumerate((0.6, 0.8))
    }
    assert claims.early_accuracy(pair) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("accuracy", "expected"),
    [
        ([0.9, 0.9, 0.9, 0.1, 0.1], 10),
        ([0.9, 0.9, 0.1, 0.9, 0.9], 50),  # never three in a row: the last look
        ([0.9, 0.1, 0.8, 0.8, 0.8], 30),  # at the level is enough
    ],
)
def test_a_level_is_reached_where_three_looks_in_a_row_are_there(accuracy, expected):
    steps = np.array([10, 20, 30, 40, 50])
    assert claims.reached(steps, np.array(accuracy), 0.8) == expected
