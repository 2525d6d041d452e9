"""The claims on the race, on made-up records."""

import pytest

from normlab.evidence.claims import race as claims
from normlab.evidence.words import Word
from normlab.runs.contenders import BEST, SECOND, entered
from normlab.runs.race import LONGER
from tests.evidence.synthetic import around, records, rows

EQUAL = [0.85] * 5


def scores_of(name, values, rates=BEST, **options):
    """Rows of a contender's test accuracy, a seed each."""
    (run,) = entered(name, rates=rates, **options)
    told = {"model": run.model, "norm": run.norm, "lr": run.lr}
    at = {"measure": "accuracy", "split": "test", "statistics": "recomputed"}
    return rows(values, **told, **at)


def word(rule, **values):
    table = [scores_of(name, accuracies) for name, accuracies in values.items()]
    return rule.on(records(*table)).decide(0.05)


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (around(0.86), Word.REPRODUCED),
        (around(0.854, 0.0015), Word.IN_DIRECTION),
        (around(0.85), Word.NOT_REPRODUCED),
        (around(0.84), Word.NOT_REPRODUCED),
        (around(0.86, 0.02), Word.UNDECIDED),
    ],
)
def test_one_above_another(ours, expected):
    rule = claims.better("filter_response", "batch_128")
    assert word(rule, filter_response=ours, batch_128=EQUAL) is expected


@pytest.mark.parametrize(
    ("four", "two", "expected"),
    [
        (around(0.84), around(0.82), Word.REPRODUCED),
        (around(0.85), around(0.82), Word.NOT_REPRODUCED),
        (around(0.84), around(0.85), Word.NOT_REPRODUCED),
    ],
)
def test_few_images_cost_accuracy_only_if_four_and_two_do(four, two, expected):
    found = word(claims.loses(), batch_128=EQUAL, batch_4=four, batch_2=two)
    assert found is expected


@pytest.mark.parametrize(
    ("kalman", "two", "expected"),
    [
        (around(0.85), around(0.82), Word.REPRODUCED),
        (around(0.86), around(0.82), Word.REPRODUCED),
        (around(0.83), around(0.82), Word.NOT_REPRODUCED),
        (around(0.82), around(0.82), Word.NOT_REPRODUCED),
        (around(0.85), around(0.85), Word.UNDECIDED),  # no room
        (around(0.83), around(0.85), Word.UNDECIDED),
    ],
)
def test_comparable_to_many_images_where_few_lose(kalman, two, expected):
    values = {"batch_128": EQUAL, "kalman_2": kalman, "batch_2": two}
    assert word(claims.comparable(), **values) is expected


def test_numbers_say_how_much_room_there_is():
    table = [
        scores_of("batch_128", EQUAL),
        scores_of("kalman_2", around(0.85)),
        scores_of("batch_2", around(0.82)),
    ]
    trial = claims.comparable().on(records(*table))
    assert len(trial.numbers) == 3
    assert "+3.0 points" in trial.numbers[-1][1]


def test_with_the_same_activation_the_seeds_in_common_are_compared():
    table = [
        scores_of("filter_response", [*EQUAL, 0.9, 0.9]),
        scores_of(claims.SAME_ACTIVATION, EQUAL),
    ]
    found = claims.same_activation().differences(records(*table))
    assert list(found) == [0] * 5


def test_variants_read_the_second_best_rates_and_the_long_runs():
    second = [
        scores_of("filter_response", around(0.87), SECOND),
        scores_of("batch_128", EQUAL, SECOND),
    ]
    rule = claims.better(*claims.E4, where="race-second")
    assert rule.on(records(*second)).decide(0.05) is Word.REPRODUCED
    assert rule.higher.experiment == "race-second"
    long = claims.better(*claims.E4, where="race-long")
    assert {long.higher.experiment, long.lower.experiment} == {"race-long"}
    (run,) = entered("batch_128", rates=BEST, steps=LONGER)
    assert run.steps == 2800
