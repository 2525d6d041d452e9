"""Self-checks of the exercises: call one with your function, read what it says.

Each returns a ``Verdict`` that a notebook shows; none raises on a wrong answer.
"""

from normlab.checks.inputs import largest_stable_rate, standardize
from normlab.checks.layer import batch_norm, cumulative_average, torch_momentum
from normlab.checks.networks import convert, interval, parameter_count
from normlab.checks.verdict import Verdict

__all__ = [
    "Verdict",
    "batch_norm",
    "convert",
    "cumulative_average",
    "interval",
    "largest_stable_rate",
    "parameter_count",
    "standardize",
    "torch_momentum",
]
