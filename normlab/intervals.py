"""What a few seeds allow us to say."""

from collections.abc import Sequence

import numpy as np
from scipy import stats


def prediction_interval(
    values: Sequence[float], confidence: float = 0.95
) -> tuple[float, float]:
    """Return (low, high): where one further run would fall, by Student's t.

    The interval to hold a single published run against; it is wider than that of
    the mean, because one run varies more than a mean.

    Raises:
        ValueError: fewer than two values.
    """
    mean, low, _ = mean_interval(values, confidence)
    reach = (mean - low) * np.sqrt(len(values) + 1)
    return float(mean - reach), float(mean + reach)


def mean_interval(
    values: Sequence[float], confidence: float = 0.95
) -> tuple[float, float, float]:
    """Return (mean, low, high) by Student's t, for independent values, one a seed.

    For a comparison give the differences of the pairs that share a seed.

    Raises:
        ValueError: fewer than two values.
    """
    if len(values) < 2:
        raise ValueError(f"{len(values)} value(s) give no interval; take two or more")
    mean, error = np.mean(values), stats.sem(values)
    reach = stats.t.ppf((1 + confidence) / 2, len(values) - 1) * error
    return float(mean), float(mean - reach), float(mean + reach)
