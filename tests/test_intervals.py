"""The interval of a mean, against a simulation and by hand."""

import numpy as np
import pytest

from normlab.intervals import mean_interval, prediction_interval


def test_three_values_by_hand():
    # mean 2, standard error 1/sqrt(3), t(0.975, 2) = 4.3027
    mean, low, high = mean_interval([1.0, 2.0, 3.0])
    assert mean == pytest.approx(2)
    assert (low, high) == pytest.approx(
        (2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), 1e-4
    )


def test_covers_the_truth_as_often_as_it_says():
    samples = np.random.default_rng(0).normal(3.0, 2.0, (4000, 5))
    hits = [low <= 3.0 <= high for _, low, high in map(mean_interval, samples)]
    assert np.mean(hits) == pytest.approx(0.95, abs=0.012)


def test_a_further_run_falls_inside_as_often_as_it_says():
    samples = np.random.default_rng(0).normal(3.0, 2.0, (4000, 6))
    inside = [
        low <= further <= high
        for *five, further in samples
        for low, high in [prediction_interval(five)]
    ]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.012)


def test_one_value_is_refused():
    with pytest.raises(ValueError, match="two or more"):
        mean_interval([1.0])
