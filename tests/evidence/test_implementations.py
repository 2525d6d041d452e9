"""The rules on eight implementations, on made-up curves of test accuracy."""

import numpy as np
import pytest

from normlab import runs
from normlab.evaluation.conventions import CONVENTIONS
from normlab.evidence.claims.implementations import (
    CLAIMS,
    DATED,
    LATER,
    LATEST,
    jump,
    level,
    orders,
    word_of,
)
from normlab.evidence.records import Records
from normlab.evidence.rules import Size
from normlab.evidence.words import Word

SEEDS = 5
RUN = runs.EXPERIMENTS["implementations"].variants[0]
# What the source's graph shows: (level, jump) of 1, 2 and 3.
AS_SEEN = ((0.70, 0.04), (0.80, 0.02), (0.80, 0.01))
ALIKE = ((0.80, 0.02),) * 3
UPSIDE_DOWN = ((0.90, 0.01), (0.80, 0.02), (0.80, 0.04))


def curve(middle, step, seed, early):
    """30 tests: ten others, then 20 up and down; ``step`` is their jump."""
    zigzag = np.tile([-0.5, 0.5], 10)
    zigzag *= step / np.diff(zigzag).std(ddof=1)
    return np.concatenate([np.full(10, early), middle + 0.001 * seed + zigzag])


def made_up(values, trio=DATED, seeds=SEEDS, wobble=5e-4, early=None):
    """Records in which three conventions have these levels and jumps, the rest none."""
    kept = []
    for seed in range(seeds):
        arrays = {f"accuracy/{name}": np.zeros(30) for name in CONVENTIONS}
        for n, (name, (middle, step)) in enumerate(zip(trio, values, strict=True)):
            draw = np.random.default_rng(10 * seed + n).uniform(-1, 1, 2)
            middle, step = (
                middle + wobble * draw[0],
                step * np.exp(10 * wobble * draw[1]),
            )
            arrays[f"accuracy/{name}"] = curve(
                middle, step, seed, (early or {}).get(name, 0.1)
            )
        kept.append((runs.Run(**vars(RUN) | {"seed": seed}), arrays))
    return Records(lambda *_: None, lambda *_: kept)


def test_level_and_jump_are_those_of_the_last_twenty_tests():
    accuracy = np.concatenate([np.full(10, 0.1), np.tile([0.7, 0.9], 10)])
    arrays = {"accuracy/torch": accuracy.astype(np.float32)}
    assert level(arrays, "torch") == pytest.approx(0.8, rel=1e-6)
    up_and_down = [0.2, -0.2] * 9 + [0.2]
    assert jump(arrays, "torch") == pytest.approx(np.std(up_and_down, ddof=1), rel=1e-5)


@pytest.mark.parametrize("in_points", [False, True])
@pytest.mark.parametrize(
    ("values", "word"),
    [
        (AS_SEEN, Word.REPRODUCED),
        (((0.70, 0.04), (0.80, 0.04), (0.80, 0.01)), Word.IN_DIRECTION),
        (((0.80, 0.01), (0.80, 0.01), (0.90, 0.02)), Word.IN_DIRECTION),
        (ALIKE, Word.NOT_REPRODUCED),
        (UPSIDE_DOWN, Word.NOT_REPRODUCED),
    ],
)
def test_the_word_follows_from_how_many_orders_are_right(values, word, in_points):
    found, numbers = orders(made_up(values), in_points=in_points)
    assert found is word
    assert len(numbers) == 4


def test_orders_that_seeds_do_not_settle_are_undecided():
    assert orders(made_up(ALIKE, wobble=0.2))[0] is Word.UNDECIDED


@pytest.mark.parametrize(
    ("sizes", "word"),
    [
        ((Size.BETTER, Size.BETTER, Size.BETTER, Size.SMALL), Word.IN_DIRECTION),
        ((Size.OPPOSITE, Size.OPPOSITE, Size.SAME, Size.SMALL), Word.IN_DIRECTION),
        ((Size.OPPOSITE, Size.OPPOSITE, Size.OPEN, Size.SAME), Word.UNDECIDED),
        ((Size.SMALL_OPPOSITE,) * 4, Word.NOT_REPRODUCED),
    ],
)
def test_a_smaller_difference_of_the_claimed_sign_is_a_direction(sizes, word):
    assert word_of(sizes) is word


def test_fewer_than_five_seeds_say_nothing():
    assert orders(made_up(AS_SEEN, seeds=4))[0] is Word.UNDECIDED


def test_a_training_that_ended_in_nothing_says_nothing():
    records = made_up(((np.nan, 0.04), *AS_SEEN[1:]))
    assert orders(records)[0] is Word.UNDECIDED


def claim(name):
    return next(c for c in CLAIMS if c.id == name)


@pytest.mark.parametrize(
    ("caffe", "windows", "word"),
    [
        ((0.8, 0.02), (0.8, 0.01), Word.REPRODUCED),
        ((0.8, 0.02), (0.8, 0.02), Word.NOT_REPRODUCED),
        ((0.8, 0.01), (0.8, 0.02), Word.NOT_REPRODUCED),
    ],
)
def test_slow_memories_are_compared_by_their_jumps(caffe, windows, word):
    records = made_up((caffe, windows, (0.8, 0.01)), LATER)
    assert claim("slow-memory-jumps").rule.on(records).decide(0.05) is word


def test_the_start_is_judged_by_early_tests_and_the_end_by_late_ones():
    """Made-up curves begin at one accuracy, whatever comes later, or differ there."""
    later = made_up(((0.8, 0.01), (0.8, 0.01), (0.7, 0.01)), LATER)
    early = made_up(((0.8, 0.01),) * 3, LATER, early={"cudnn-2015-11": 0.05})
    first = claim("start-at-zero")
    last = first.variants["updates 2,600 to 3,000"]
    words = [
        rule.on(r).decide(0.05) for r in (early, later) for rule in (first.rule, last)
    ]
    yes, no = Word.REPRODUCED, Word.NOT_REPRODUCED
    assert words == [yes, no, no, yes]


@pytest.mark.parametrize(
    ("variant", "trio"),
    [("later revisions", LATER), ("the latest before the source", LATEST)],
)
def test_a_variant_asks_of_its_own_revisions(variant, trio):
    rule = claim("A15").variants[variant]
    assert rule.on(made_up(AS_SEEN, trio)).decide(0.05) is Word.REPRODUCED
    assert orders(made_up(UPSIDE_DOWN, trio), trio=trio)[0] is Word.NOT_REPRODUCED
