"""Weights that decay: the page's numbers, Python's, and those of drawn gradients."""

import itertools
import math

import numpy as np
import pytest

from normlab.widgets.turns.settling import Settling

from .node import call

MODULE = "turns/settling"
NAMES = ("rate", "decay", "momentum", "length", "strength")
CASES = [
    dict(zip(NAMES, values, strict=True))
    for values in itertools.product(
        (0.03, 1.0), (0.0, 5e-4, 1e-2), (0.0, 0.9), (0.25, 4.0), (0.5,)
    )
]
DIGITS = 1e-9  # float64 both, and some hundred roundings


def test_the_page_follows_as_python_does():
    found = call(MODULE, [("follow", case, 300, 50) for case in CASES])
    for case, ours in zip(CASES, found, strict=True):
        lengths, angles = Settling(**case).follow(300, 50)
        assert ours["lengths"] == pytest.approx(lengths, rel=DIGITS)
        assert ours["angles"] == pytest.approx(angles, rel=DIGITS)
        assert len(lengths) == 6


def test_where_the_angle_settles():
    """Within what the formula leaves out, a share of about the rate times the decay."""
    case = {"rate": 0.1, "decay": 0.01, "momentum": 0.9, "length": 2, "strength": 0.3}
    about = Settling(**case)
    assert call(MODULE, [("settled", case)]) == [pytest.approx(about.angle)]
    assert about.angle == pytest.approx(math.sqrt(2 * 0.1 * 0.01 / 1.9))
    lengths, angles = about.follow(4000, 1000)
    assert angles[-1] == pytest.approx(about.angle, rel=0.02)
    assert lengths[-1] == pytest.approx(lengths[-2], rel=1e-3)


def test_how_long_it_takes():
    """The fourth power of the length comes e times nearer to where it settles."""
    case = {"rate": 0.1, "decay": 1e-3, "momentum": 0.9, "length": 2, "strength": 0.1}
    (wait,) = call(MODULE, [("updatesToSettle", case)])
    assert wait == pytest.approx(250)
    lengths, _ = Settling(**case).follow(12 * 250, 250)
    powers = np.array(lengths) ** 4
    left = (powers[1:6] - powers[-1]) / (powers[:5] - powers[-1])
    assert left == pytest.approx(np.exp(-1), rel=0.05)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_gradients_that_are_drawn_do_what_is_expected_of_them(momentum):
    """2,000 numbers: lengths scatter by far less than the 3 per cent allowed."""
    about = Settling(0.1, 0.02, momentum, 1.5, 1.0)
    chance, size = np.random.default_rng(0), 2000
    w = chance.normal(size=size)
    w *= about.length / np.linalg.norm(w)
    kept, lengths, angles = np.zeros(size), [], []
    for _ in range(200):
        g = chance.normal(size=size)
        g -= (g @ w) / (w @ w) * w
        g *= about.strength / np.linalg.norm(g) / np.linalg.norm(w)
        kept = momentum * kept + g + about.decay * w
        before, w = w, w - about.rate * kept
        lengths.append(np.linalg.norm(w))
        angles.append(math.acos(before @ w / np.linalg.norm(before) / lengths[-1]))
    expected = about.follow(200, 1)
    assert lengths == pytest.approx(expected[0], rel=0.03)
    assert angles[20:] == pytest.approx(expected[1][20:], rel=0.08)


def test_without_decay_weights_grow_and_nothing_settles():
    about = Settling(0.1, 0.0, 0.9, 1.0, 1.0)
    lengths, angles = about.follow(1000, 10)
    assert about.angle == 0
    assert (np.diff(lengths) > 0).all()
    assert (np.diff(angles[5:]) < 0).all()
