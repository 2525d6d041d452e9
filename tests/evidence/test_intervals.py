"""The interval of a mean, against a simulation and by hand."""

import numpy as np
import pytest
from scipy import stats

from normlab.evidence.intervals import (
    Interval,
    correlation,
    further_run,
    holm_levels,
    holm_p,
    mean,
    mean_correlation,
    p_value,
)


def test_three_values_by_hand():
    # mean 2, standard error 1/sqrt(3), t(0.975, 2) = 4.3027
    found = mean([1.0, 2.0, 3.0])
    assert found.estimate == pytest.approx(2)
    ends = 2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5
    assert (found.low, found.high) == pytest.approx(ends, 1e-4)


def test_covers_the_truth_as_often_as_it_says():
    samples = np.random.default_rng(0).normal(3.0, 2.0, (4000, 5))
    hits = [not mean(sample).excludes(3.0) for sample in samples]
    assert np.mean(hits) == pytest.approx(0.95, abs=0.012)


def test_a_further_run_falls_inside_as_often_as_it_says():
    samples = np.random.default_rng(0).normal(3.0, 2.0, (4000, 6))
    inside = [not further_run(five).excludes(one) for *five, one in samples]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.012)


def test_fishers_interval_covers_as_often_as_it_says():
    draw = np.random.default_rng(0)
    covariance = [[1, 0.6], [0.6, 1]]
    hits = [
        not correlation(*draw.multivariate_normal([0, 0], covariance, 12).T).excludes(
            0.6
        )
        for _ in range(2000)
    ]
    assert np.mean(hits) == pytest.approx(0.95, abs=0.02)


def test_a_mean_correlation_stays_below_one():
    found = mean_correlation([0.9, 0.99, 0.999])
    assert 0.9 < found.estimate < found.high < 1
    assert found.low < found.estimate
    # Fisher's scale by hand: the mean of z and of -z is 0
    assert mean_correlation([0.5, -0.5]).estimate == pytest.approx(0)
    assert str(found).endswith("3 seeds)")


@pytest.mark.parametrize("values", [[1.0], [1.0, float("nan")]])
def test_what_gives_no_interval_is_refused(values):
    with pytest.raises(ValueError, match=r"two or more|not all finite"):
        mean(values)


def test_three_pairs_give_no_correlation():
    with pytest.raises(ValueError, match="four pairs"):
        correlation([1, 2, 3], [1, 2, 4])


@pytest.mark.parametrize(
    ("interval", "excludes", "within"),
    [
        ((-0.1, 0.2), False, False),
        ((0.01, 0.2), True, False),
        ((-0.1, 0.1), False, True),
    ],
)
def test_an_interval_says_what_it_leaves_open(interval, excludes, within):
    found = Interval(sum(interval) / 2, *interval, n=5)
    assert found.excludes(0) == excludes
    assert found.within(0.15) == within


def test_prints_itself_with_real_signs_and_units():
    found = Interval(-0.034, -0.056, -0.012, n=5, unit="points")
    assert found.text() == "−3.4 points (−5.6 to −1.2)"
    assert str(found) == "−3.4 points (−5.6 to −1.2; 95% interval, 5 seeds)"
    assert found.short() == "−3.4\xa0(−5.6\xa0to\xa0−1.2)\xa0*"
    ratio = Interval(np.log(2), np.log(1.5), np.log(3), n=5, unit="times")
    assert ratio.text() == "2.00 times (1.50 to 3.00)"


def test_p_agrees_with_the_interval():
    draw = np.random.default_rng(1)
    for sample in draw.normal(0.9, 1.0, (200, 5)):
        assert (p_value(sample) < 0.05) == mean(sample).excludes(0)


def test_values_without_spread_have_a_p():
    assert p_value([0.0, 0.0, 0.0]) == 1
    assert p_value([0.1, 0.1, 0.1]) == 0


def test_holm_keeps_the_rate_of_a_false_discovery_among_several():
    draw = np.random.default_rng(0)
    wrong = 0
    for _ in range(4000):
        found = dict(enumerate(stats.ttest_1samp(draw.normal(size=(5, 6)), 0).pvalue))
        levels = holm_levels(found)
        wrong += any(found[name] < levels[name] for name in found)
    assert wrong / 4000 == pytest.approx(0.05, abs=0.012)


def test_holm_by_hand():
    # 0.01 < 0.05/3 holds, 0.03 < 0.05/2 does not, and then nothing can
    levels = holm_levels({"a": 0.03, "b": 0.01, "c": 0.04})
    assert levels == {"b": pytest.approx(0.05 / 3), "a": 0.0, "c": 0.0}


@pytest.mark.parametrize("seed", range(20))
def test_a_p_raised_by_holm_agrees_with_its_level(seed):
    drawn = np.random.default_rng(seed).uniform(0, 0.03, 6)
    p_values = {str(n): float(p) for n, p in enumerate(drawn)}
    levels, raised = holm_levels(p_values), holm_p(p_values)
    for name, p in p_values.items():
        assert (p < levels[name]) == (raised[name] < 0.05)


def test_holm_raises_p_by_the_tests_that_are_left():
    found = holm_p({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.9})
    assert found == pytest.approx({"a": 0.04, "c": 0.09, "b": 0.09, "d": 0.9})
