"""Rates by update, against sums done by hand."""

import pytest

from normlab.schedules import WARM_UP, cooled, drops, powers, warm_cooled


def test_cooled_is_constant_and_then_a_line_that_would_meet_zero():
    rate = cooled(2.0, 10, share=0.5)
    found = [rate(step) for step in range(10)]
    assert found == pytest.approx([2.0] * 6 + [1.6, 1.2, 0.8, 0.4])


def test_cooled_over_all_falls_from_the_start():
    assert [cooled(1.0, 4, share=1)(s) for s in range(4)] == [1.0, 0.75, 0.5, 0.25]


@pytest.mark.parametrize(
    ("steps", "share", "words"),
    [(0, 0.3, "steps is 0"), (5, 0.0, "share is 0"), (5, 1.5, "share is 1.5")],
)
def test_what_cannot_be_cooled_is_refused(steps, share, words):
    with pytest.raises(ValueError, match=words):
        cooled(1.0, steps, share)


def test_powers_multiply_every_so_many_updates():
    rate = powers(0.08, 0.5, every=3)
    assert [rate(s) for s in range(7)] == [0.08] * 3 + [0.04] * 3 + [0.02]


def test_drops_multiply_once_so_many_updates_are_done():
    rate = drops(1.0, 0.5, at=(4, 2, 4))
    assert [rate(s) for s in range(6)] == [1.0, 1.0, 0.5, 0.5, 0.125, 0.125]


def test_warm_up_is_a_line_to_the_height_from_which_it_cools():
    rate = warm_cooled(2.0, 20, warm_up=4)  # a tenth of 20 updates: 2
    assert [rate(s) for s in range(4)] == [1.0, 2.0, 2.0, 2.0]
    long = warm_cooled(2.0, 100, warm_up=4)
    assert [long(s) for s in range(5)] == [0.5, 1.0, 1.5, 2.0, 2.0]
    assert [long(s) for s in range(70, 100)] == [
        cooled(2.0, 100)(s) for s in range(70, 100)
    ]


def test_warm_up_takes_a_hundred_updates_or_a_tenth():
    long = warm_cooled(1.0, 5000)
    assert [long(WARM_UP - 2) < 1.0, long(WARM_UP - 1)] == [True, 1.0]
    assert warm_cooled(1.0, 1)(0) == 1.0
    short = warm_cooled(1.0, 140)
    assert [short(12) < 1.0, short(13)] == [True, 1.0]
