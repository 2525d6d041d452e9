"""Self-check of the page on batch Kalman normalization."""

from collections.abc import Callable
from functools import partial

from normlab.checks.verdict import Verdict, check, number, undisturbed


@undisturbed()
def prior_weight(function: Callable[[float, float], float]) -> Verdict:
    """Check ``(of_prior, of_observed)`` -> the share of the prior in the best blend.

    Both are mean squared errors of estimates that err independently of each other. The
    best blend has the smallest mean squared error, which is looked for by trial here.
    """

    def best(of_prior: float, of_observed: float) -> bool:
        shares = [k / 1000 for k in range(1001)]
        errors = [p**2 * of_prior + (1 - p) ** 2 * of_observed for p in shares]
        found = shares[errors.index(min(errors))]
        return abs(number(function(of_prior, of_observed)) - found) < 1e-3

    return check(
        {
            "errors alike": partial(best, 0.04, 0.04),
            "a prior of half the squared error": partial(best, 0.02, 0.04),
            "a prior that is far off": partial(best, 1.0, 0.04),
            "a prior that is never wrong": partial(best, 0.0, 0.3),
        }
    )
