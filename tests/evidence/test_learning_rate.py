"""What the claims on rates, first weights and steps are made of, on made-up records."""

import math

import pandas as pd
import pytest

from normlab.evidence.claims import CLAIMS
from normlab.evidence.claims.learning_rate import (
    bears_more,
    better_at_the_end,
    sigmoids_learn,
    sooner,
    wider,
)
from normlab.evidence.grids import LargestRate, OnGrid, Width, crossing, steps_to
from normlab.evidence.records import RECORDS
from normlab.evidence.words import Word
from normlab.runs.chosen_rates import (
    RATE_OF_GAIN,
    RATE_WITHOUT,
    SECOND_RATE_WITHOUT,
)
from normlab.runs.rate_map import GAINS
from normlab.runs.rate_steps import evaluated_at, times
from tests.evidence.synthetic import around, records, rows

SCORE = {"measure": "accuracy", "statistics": "recomputed"}
RATES = (0.1, 0.18, 0.3, 0.55, 1.0, 1.8, 3.0, 5.5, 10.0)


def word(rule, data):
    return rule.on(data).decide(0.05)


def line(norm, falls_after, drop=0.5, spread=0.002):
    """Good up to a rate, and lower by ``drop`` at all larger ones."""
    return [
        row
        for lr in RATES
        for row in rows(
            around(0.85 - drop * (lr > falls_after), spread),
            **SCORE,
            split="validation",
            norm=norm,
            lr=lr,
        )
    ]


def test_the_crossing_lies_between_the_points_on_a_logarithmic_line():
    assert crossing(0.9, 0.7, (1.0, 100.0), 0.8) == pytest.approx(10.0)
    assert crossing(0.8, 0.7, (1.0, 100.0), 0.8) == pytest.approx(1.0)


def test_the_largest_rate_by_hand():
    arm = LargestRate("x", "none", 0.02)
    data = records(line("none", 1.0, drop=0.04, spread=0.0))
    expected = math.exp((math.log(1.0) + math.log(1.8)) / 2)
    assert arm(data).tolist() == pytest.approx([expected] * 5)
    assert arm.at_edge(data) == 0
    assert arm.at_edge(records(line("none", 10.0))) == 5


def test_a_seed_that_is_nowhere_within_has_its_own_best_rate():
    table = line("none", 10.0, spread=0.0)
    for row in table:
        if row["seed"] == 4:
            row["value"] = 0.5 + 0.1 * (row["lr"] == 0.3)
    assert LargestRate("x", "none", 0.02)(records(table))[4] == 0.3


@pytest.mark.parametrize(
    ("with_", "without", "expected"),
    [
        (3.0, 0.55, Word.REPRODUCED),
        (0.3, 3.0, Word.NOT_REPRODUCED),  # the opposite
        (1.0, 1.0, Word.NOT_REPRODUCED),  # the same
        (1.0, 0.55, Word.IN_DIRECTION),  # apart by a step of the grid, below twice
    ],
)
def test_the_largest_rates_are_compared_as_ratios(with_, without, expected):
    data = records(line("torch_batch", with_), line("none", without))
    assert word(bears_more("x"), data) is expected


def test_seeds_that_disagree_about_the_rate_are_undecided():
    table = line("none", 0.55) + line("torch_batch", 0.55)
    for row in table:
        if row["norm"] == "torch_batch" and row["seed"] % 2 and row["lr"] <= 5.5:
            row["value"] = 0.85
    assert word(bears_more("x"), records(table)) is Word.UNDECIDED


def test_an_interval_is_no_narrower_than_a_step_of_the_grid():
    data = records(line("torch_batch", 3.0), line("none", 0.55))
    (interval,) = bears_more("x").on(data).intervals
    assert interval.high - interval.low >= 0.99 * math.log(10) / 4


def test_how_often_the_edge_counts_stands_beside():
    data = records(line("torch_batch", 10.0), line("none", 0.55))
    assert bears_more("x").on(data).numbers[1][1] == "5 and 0 of 5 seeds"


def gains(norm, good, spread=0.002, one_rate=False):
    """Good at some k, bad at the others, each k at the rate that is chosen for it."""
    chosen = RATE_OF_GAIN["lenet_relu", norm]
    return [
        row
        for k in GAINS
        for row in rows(
            around(0.85 if k in good else 0.3, spread),
            **SCORE,
            split="test",
            norm=norm,
            gain=k,
            lr=chosen[1.0] if one_rate else chosen[k],
        )
    ]


@pytest.mark.parametrize(
    ("with_", "without", "expected"),
    [
        (GAINS, (0.3, 1.0, 3.0), Word.REPRODUCED),
        ((0.3, 1.0, 3.0), GAINS, Word.NOT_REPRODUCED),
        ((0.3, 1.0, 3.0), (0.3, 1.0, 3.0), Word.NOT_REPRODUCED),
    ],
)
@pytest.mark.parametrize("one_rate", [False, True])
def test_widths_are_compared_in_decades(with_, without, expected, one_rate):
    data = records(
        gains("torch_batch", with_, one_rate=one_rate),
        gains("none", without, one_rate=one_rate),
    )
    assert word(wider(one_rate=one_rate), data) is expected


def test_widths_that_scatter_are_undecided():
    table = gains("torch_batch", (0.3, 1.0, 3.0)) + gains("none", (0.3, 1.0, 3.0))
    for row in table:
        if row["norm"] == "torch_batch" and row["seed"] == 0:
            row["value"] = 0.85
    assert word(wider(), records(table)) is Word.UNDECIDED


def test_the_width_is_that_of_the_range_around_the_best_k():
    of_gain = tuple(RATE_OF_GAIN["lenet_relu", "none"].items())
    arm = Width("x", "none", of_gain, 0.02)
    data = records(gains("none", (0.03, 1.0, 3.0), spread=0.0))
    beyond = (0.02 / 0.55) * (math.log10(1 / 0.3) + math.log10(10 / 3))
    table = [
        row | {"value": row["value"] + 0.001 * (row["gain"] == 1.0)}
        for row in gains("none", (0.03, 1.0, 3.0), spread=0.0)
    ]
    found = arm(records(table))
    assert found.tolist() == pytest.approx([math.log10(3) + beyond] * 5, abs=0.01)
    assert arm.at_edge(records(table)) == 0
    assert arm.at_edge(data) == 5  # the first of equals is at the edge


STEPS = evaluated_at(1950)


def run(norm, lr, first, top=0.85):
    """At ``top`` from a step on; on the way up before."""
    return [
        row
        for step in STEPS
        for row in rows(
            around(top if step >= first else 0.5, 0.0005),
            **SCORE,
            split="validation",
            norm=norm,
            lr=lr,
        )
        for row in [row | {"step": step}]
    ]


def training(first_with, first_without=1280, factor=5, without=RATE_WITHOUT):
    return records(
        run("torch_batch", times(factor), first_with),
        run("none", without, first_without),
    )


@pytest.mark.parametrize(
    ("first_with", "expected"),
    [
        (100, Word.IN_DIRECTION),  # 12.8 times; of five alike seeds no run gives 14
        (361, Word.IN_DIRECTION),
        (1280, Word.NOT_REPRODUCED),
        (1113, Word.NOT_REPRODUCED),  # the same within half as many again
    ],
)
def test_steps_are_compared_as_ratios(first_with, expected):
    assert word(sooner(14), training(first_with)) is expected


def test_a_number_that_further_runs_may_give_is_as_claimed():
    table = run("none", RATE_WITHOUT, 1280)
    firsts = (100, 115, 100, 100, 115)
    for seed, first in enumerate(firsts):
        of_seed = run("torch_batch", times(5), first)
        table += [row for row in of_seed if row["seed"] == seed]
    assert word(sooner(12), records(table)) is Word.REPRODUCED
    assert word(sooner(40), records(table)) is Word.IN_DIRECTION


def test_never_there_counts_as_the_last_update_and_is_counted():
    data = training(1e9)
    trial = sooner(14).on(data)
    assert trial.numbers[1][1] == "0 and 5 of 5 seeds"
    assert trial.decide(0.05) is Word.NOT_REPRODUCED


def test_reached_is_the_first_of_three_in_a_row():
    values = pd.Series([0.5, 0.9, 0.5, 0.9, 0.9, 0.9], index=[1, 2, 3, 4, 5, 6])
    assert steps_to(values, 0.8) == (4.0, False)
    assert steps_to(values.iloc[:5], 0.8) == (5.0, True)


def ends(with_, without):
    def of(norm, lr, values):
        return rows(values, **SCORE, split="test", norm=norm, lr=lr)

    return records(
        of("torch_batch", times(5), with_), of("none", RATE_WITHOUT, without)
    )


@pytest.mark.parametrize(
    ("with_", "expected"),
    [
        (around(0.87), Word.REPRODUCED),
        (around(0.8545, 0.001), Word.IN_DIRECTION),
        (around(0.85, 0.0005), Word.NOT_REPRODUCED),
        (around(0.83), Word.NOT_REPRODUCED),
        (around(0.86, 0.05), Word.UNDECIDED),
    ],
)
def test_the_end_is_compared_in_points(with_, expected):
    assert word(better_at_the_end(), ends(with_, [0.85] * 5)) is expected


def sigmoids(with_, without, best=1.0, seeds=5):
    """Accuracy with the layer at its best rate, and without at each rate."""
    table = []
    for split in ("validation", "test"):
        for lr in (0.1, 1.0, 10.0):
            own = with_ if lr == best else [0.2] * len(with_)
            arms = {"torch_batch": own, "none": without.get(lr, [0.1] * len(with_))}
            for norm, values in arms.items():
                about = {"split": split, "norm": norm, "lr": lr}
                table += rows(values[:seeds], **SCORE, **about)
    return records(table)


GOOD = around(0.84)


@pytest.mark.parametrize(
    ("with_", "without", "expected"),
    [
        (GOOD, {}, Word.REPRODUCED),
        (GOOD, {10.0: [0.1, 0.1, 0.1, 0.1, 0.3]}, Word.IN_DIRECTION),
        (GOOD, {10.0: [0.9, 0.9, 0.9, 0.9, 0.3]}, Word.IN_DIRECTION),
        (GOOD, {10.0: GOOD}, Word.NOT_REPRODUCED),
        ([0.84, 0.84, 0.84, 0.84, 0.79], {}, Word.UNDECIDED),
        ([0.7] * 5, {1.0: [0.75] * 5}, Word.NOT_REPRODUCED),
    ],
)
def test_eight_layers_of_sigmoids(with_, without, expected):
    assert sigmoids_learn(sigmoids(with_, without))[0] is expected


def test_few_seeds_of_sigmoids_are_undecided():
    assert sigmoids_learn(sigmoids(GOOD, {}, seeds=4))[0] is Word.UNDECIDED


def test_the_rate_of_the_sigmoids_is_chosen_on_validation_images():
    data = sigmoids(GOOD, {}).table("", "")
    best_on_test = (data["split"] == "test") & (data["norm"] == "torch_batch")
    data.loc[best_on_test & (data["lr"] == 10.0), "value"] = 0.99
    data.loc[best_on_test & (data["lr"] == 1.0), "value"] = 0.5
    assert sigmoids_learn(records(data.to_dict("records")))[0] is Word.UNDECIDED


def test_the_second_rate_is_another():
    assert SECOND_RATE_WITHOUT != RATE_WITHOUT


@pytest.mark.parametrize(
    "rule", [c.rule for c in CLAIMS.values() if isinstance(c.rule, OnGrid)]
)
def test_the_smaller_side_does_not_end_with_its_grid(rule):
    """A rule cannot tell a range that ends from a grid that does.

    Where the larger side's grid ends, the difference is larger still, and the word
    stands; on the other side it would be smaller.
    """
    assert rule.lower.at_edge(RECORDS) == 0
