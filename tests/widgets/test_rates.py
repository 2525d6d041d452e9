"""What the maps of rates reckon in the page."""

import math

import pytest

from .node import call

DATA = {
    "rates": [0.01, 0.03, 0.1, 0.3, 1],
    "gains": [0.1, 1, 10],
    "arms": {"a/none": {"accuracy": [[[100, 200]] * 5, [[500, 700]] * 5]}},
}


def test_a_place_is_interpolated_by_logarithms():
    rates = DATA["rates"]
    values = [*rates, math.sqrt(0.1 * 0.3), 0.01**2 / 0.03, 1 / 0.3]
    found = call("rates/cells", [("place", rates, value) for value in values])
    assert found == pytest.approx([0, 1, 2, 3, 4, 2.5, -1, 5], abs=1e-9)


def test_near_is_what_the_best_of_the_map_allows():
    values = [[80, 85], [82.9, 83]]
    (found,) = call("rates/cells", [("near", values, 2)])
    assert found == [[False, True], [False, True]]


def test_the_rate_grows_as_the_square_from_the_best_at_one():
    values = [[0, 0, 0, 0, 90], [1, 2, 9, 3, 4], [0, 0, 0, 0, 0]]
    (found,) = call("rates/cells", [("squares", DATA, values)])
    flat = [number for point in found for number in point]
    assert flat == pytest.approx([0.001, 0.1, 0.1, 1, 10, 10])


def test_seeds_are_read_in_per_cent():
    (found,) = call("rates/cells", [("seedsAt", DATA, "a", "none", 1, 4)])
    assert found == [50, 70]
