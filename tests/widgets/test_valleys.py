"""The descents of the two valleys, in JavaScript, against numpy; and their pixels."""

from itertools import product

import numpy as np
import pytest
import torch

from normlab.data import fashion_mnist
from normlab.widgets import Valleys
from normlab.widgets.valleys import TARGET

from .node import call

MODULE = "valleys/descent"
SHAPES = list(product((1, 1.3, 5.2, 8), (0, 0.25, 0.95)))
RATES = (0.01, 0.5, 1.0, 1.9, 2.3)


def hessian(ratio, correlation):
    return np.array(
        [[1, correlation / ratio], [correlation / ratio, 1 / ratio**2]], dtype=float
    )


def path(matrix, minimum, rate, steps):
    points = [np.zeros(2)]
    for _ in range(steps):
        points.append(points[-1] - rate * matrix @ (points[-1] - minimum))
    return np.array(points)


def losses(matrix, minimum, points):
    away = points - minimum
    return ((away @ matrix) * away).sum(1)


@pytest.fixture(scope="module")
def valleys():
    return call(MODULE, [("valley", *shape) for shape in SHAPES])


def test_curvatures_and_rates_are_those_of_the_hessian(valleys):
    for shape, valley in zip(SHAPES, valleys, strict=True):
        low, high = np.linalg.eigvalsh(hessian(*shape))
        assert valley["hessian"] == pytest.approx(hessian(*shape))
        assert (valley["smallest"], valley["largest"]) == pytest.approx((low, high))
        assert valley["limit"] == pytest.approx(2 / high)
        assert valley["best"] == pytest.approx(2 / (low + high))
        steepest = np.array([np.cos(valley["angle"]), np.sin(valley["angle"])])
        assert hessian(*shape) @ steepest == pytest.approx(high * steepest)


def test_descents_are_numpy_s(valleys):
    asked = list(product(valleys, RATES))
    found = call(MODULE, [("descent", *pair) for pair in asked])
    for (valley, rate), points in zip(asked, found, strict=True):
        expected = path(np.array(valley["hessian"]), valley["minimum"], rate, 40)
        assert np.array(points) == pytest.approx(expected[: len(points)])
        far = np.hypot(*(np.array(points[-1]) - valley["minimum"])) > 1e3
        assert len(points) == 41 or far


def test_what_is_left_and_the_steps_are_those_of_the_descent(valleys):
    asked = list(product(valleys, RATES))
    left = call(MODULE, [("left", *pair) for pair in asked])
    steps = call(MODULE, [("stepsTo", *pair) for pair in asked])
    for (valley, rate), share, count in zip(asked, left, steps, strict=True):
        matrix, minimum = np.array(valley["hessian"]), valley["minimum"]
        if rate > valley["limit"]:
            assert count is None
            continue
        excess = losses(matrix, minimum, path(matrix, minimum, rate, 3000))
        assert share == pytest.approx(excess[40] / excess[0], rel=1e-6, abs=1e-15)
        if excess[-1] < 1e-3 * excess[0]:
            assert count == (excess <= 1e-3 * excess[0]).argmax()


def test_the_best_rate_keeps_least_and_the_limit_all(valleys):
    for valley in valleys:
        near = [valley["best"] + shift for shift in (-0.01, 0, 0.01)]
        kept = call(MODULE, [("kept", valley, r) for r in [*near, valley["limit"]]])
        assert min(kept) == kept[1]
        assert kept[3] == pytest.approx(1)


def test_it_opens_with_the_chapter_s_two_pixels():
    images, labels, *_ = fashion_mnist()
    pair = images.flatten(1)[:, [21 * 28 + 24, 24 * 28 + 27]].double()
    spread = pair.std(0)
    inputs = (pair - pair.mean(0)) / spread
    target = (labels == 9).double()
    moments = inputs.T @ (target - target.mean())
    weights = torch.linalg.solve(inputs.T @ inputs, moments).tolist()
    shown = Valleys()
    assert shown.ratio == pytest.approx((spread[0] / spread[1]).item(), abs=0.05)
    correlation = torch.corrcoef(inputs.T)[0, 1].item()
    assert shown.correlation == pytest.approx(correlation, abs=0.025)
    assert TARGET[1] / TARGET[0] == pytest.approx(weights[1] / weights[0], abs=0.005)


def test_the_picture_has_the_page_s_paths(valleys):
    shown = Valleys(ratio=5.2, correlation=0.25, centred=1.9)
    matrix, minimum, points = shown._descent(5.2, 1.9)
    valley = valleys[SHAPES.index((5.2, 0.25))]
    assert valley["hessian"] == pytest.approx(matrix)
    assert valley["minimum"] == pytest.approx(minimum)
    (found,) = call(MODULE, [("descent", valley, 1.9)])
    assert np.array(found) == pytest.approx(points)


def test_its_lands_are_the_page_s(valleys):
    lands = Valleys(ratio=5.2, correlation=0.25).lands()
    for name, ratio in (("centred", 5.2), ("standardized", 1)):
        valley = valleys[SHAPES.index((ratio, 0.25))]
        matrix, minimum = lands[name]
        assert valley["hessian"] == pytest.approx(matrix.numpy())
        assert valley["minimum"] == pytest.approx(minimum.numpy())
