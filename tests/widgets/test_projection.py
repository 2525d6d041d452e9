"""The gradient's three parts, in JavaScript, against autograd; and their plane."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from .node import call

MODULE = "projection/parts"
CONTROL = {"low": -2.5, "high": 2.5, "step": 0.1}
EQUAL = ([3.1, 3.1, 3.1], [1.0, -1.5, 2.0], -1.3)


def cases(count):
    """(x, g, gamma) on the grid of the controls; also x that are near or equal."""
    generator = np.random.default_rng(0)
    drawn = [
        (
            (generator.integers(-width, width + 1, 3) / 10).tolist(),
            (generator.integers(-25, 26, 3) / 10).tolist(),
            float(generator.integers(-30, 31) / 10),
        )
        for width in (1, 5, 40)
        for _ in range(count)
    ]
    return [*drawn, EQUAL, ([1.0, 2.0, 6.0], [0.0, 0.0, 0.0], 1.0)]


@pytest.fixture(scope="module")
def computed():
    asked = cases(40)
    return list(
        zip(asked, call(MODULE, [("backward", *case) for case in asked]), strict=True)
    )


def test_gradient_is_autograd_s(computed):
    for (x, g, gamma), result in computed:
        values = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        weight = torch.tensor([gamma], dtype=torch.float64)
        out = F.batch_norm(values[:, None], None, None, weight, training=True)
        out.backward(torch.tensor(g, dtype=torch.float64)[:, None])
        assert result["gradient"] == pytest.approx(values.grad.tolist(), abs=1e-9)


def test_parts_are_what_they_are_called(computed):
    for (x, g, _), result in computed:
        means, along, left, x_hat = (
            np.array(result[name]) for name in ("means", "along", "left", "xHat")
        )
        assert means + along + left == pytest.approx(np.array(g))
        assert means == pytest.approx(np.full(3, np.mean(g)))
        assert np.cross(along, x_hat) == pytest.approx(np.zeros(3), abs=1e-12)
        assert left.sum() == pytest.approx(0, abs=1e-9)
        slip = 1e-5 / (np.var(x) + 1e-5)  # of the part along x_hat
        assert left @ x_hat == pytest.approx(slip * np.dot(g, x_hat), abs=1e-9)
        line = means + result["slope"] * (np.array(x) - np.mean(x))
        assert line == pytest.approx(means + along, abs=1e-9)


def test_the_plane_keeps_lengths_and_angles():
    vectors = np.random.default_rng(1).normal(size=(10, 3))
    found = call(MODULE, [("inPlane", v.tolist()) for v in vectors])
    centred = vectors - vectors.mean(1, keepdims=True)
    assert np.array(found) @ np.array(found).T == pytest.approx(centred @ centred.T)


def exact_kind(x, g):
    """The case, in whole tenths."""
    x, g = ([round(10 * v) for v in values] for values in (x, g))
    across = sum(a * b for a, b in zip(g, np.cross([1, 1, 1], x).tolist(), strict=True))
    along = sum(a * (3 * b - sum(x)) for a, b in zip(g, x, strict=True))
    if len(set(x)) == 1:
        return "equal"
    if not any(g):
        return "zero"
    if len(set(g)) == 1:
        return "mean"
    if across == 0:
        return "removed"
    return "both" if sum(g) or along else "kept"


def test_cases_are_told_apart_exactly():
    few = list(product((-0.3, 0.1, 0.2), (0.1, 0.7), (-0.2, 0.1, 0.5)))
    asked = [(x, g) for x in few for g in [*few, (-0.4, 0.5, -0.1), (0, 0, 0)]]
    asked += [(x, g) for x, g, _ in cases(40)]
    asked += [((1, 2, 6), (0.8, -1, 0.2)), ((1, 2, 6), (-0.8, -0.4, 1.2))]
    kinds = call(MODULE, [("kind", *case) for case in asked])
    assert kinds == [exact_kind(*case) for case in asked]
    assert set(kinds) == {"equal", "zero", "mean", "removed", "both", "kept"}


def on_grid(values):
    tenths = 10 * np.array(values)
    return np.allclose(tenths, tenths.round()) and np.abs(values).max() <= 2.5


def test_a_part_put_in_the_plane_keeps_the_mean():
    generator = np.random.default_rng(2)
    starts = (generator.integers(-25, 26, (60, 3)) / 10).tolist()
    parts = generator.uniform(-2, 2, (60, 2)).tolist()
    asked = list(zip(starts, parts, strict=True))
    moved = call(MODULE, [("withPart", g, part, CONTROL) for g, part in asked])
    flat = call(MODULE, [("inPlane", g) for g in moved])
    near = 0
    for (g, part), after, place in zip(asked, moved, flat, strict=True):
        assert on_grid(after)
        assert np.mean(after) == pytest.approx(np.mean(g))
        inside = np.abs(after).max() < 2.4  # the edge did not hold it back
        near += inside
        assert not inside or np.hypot(*np.subtract(place, part)) < 0.1
    assert near > 20


@pytest.mark.parametrize("part", [[0, 40], [30, 0], [-20, -35]])
def test_a_part_beyond_the_range_keeps_its_direction(part):
    (after,) = call(MODULE, [("withPart", [0.5, -0.2, 0.3], part, CONTROL)])
    (place,) = call(MODULE, [("inPlane", after)])
    assert on_grid(after)
    assert np.abs(after).max() == 2.5
    cosine = np.dot(place, part) / np.hypot(*place) / np.hypot(*part)
    assert cosine > 0.999


@pytest.mark.parametrize("way", [(1, 0), (0, 1), (0, -10), (10, 0)])
def test_steps_in_the_plane_keep_the_mean_and_lead_back(way):
    start = [0.4, -0.3, 0.5]
    (there,) = call(MODULE, [("stepped", start, *way, CONTROL)])
    (back,) = call(MODULE, [("stepped", there, -way[0], -way[1], CONTROL)])
    (before, after) = call(MODULE, [("inPlane", start), ("inPlane", there)])
    moved = np.subtract(after, before)
    assert np.sign(moved.round(9)).tolist() == np.sign(way).tolist()
    assert sum(there) == pytest.approx(sum(start))
    assert back == pytest.approx(start)


def test_steps_end_at_the_edge():
    (after,) = call(MODULE, [("stepped", [2.2, 0, 0], 0, 10, CONTROL)])
    assert after == pytest.approx([2.4, -0.1, -0.1])
    (held,) = call(MODULE, [("stepped", [2.4, -0.1, -0.1], 0, 1, CONTROL)])
    assert held == pytest.approx([2.4, -0.1, -0.1])


def test_a_gradient_between_the_grid_s_points_can_move():
    (after,) = call(MODULE, [("stepped", [1 / 3, 0.11, -0.4], 1, 0, CONTROL)])
    assert after == pytest.approx([0.3, 0.0, -0.3])
