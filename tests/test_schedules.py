"""Rates by update, against sums done by hand."""

import pytest

from normlab.schedules import cooled, drops, powers


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
