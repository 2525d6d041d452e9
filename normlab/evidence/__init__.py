"""What the records say: values by seed, intervals, and claims with their verdicts.

``python -m normlab.evidence`` prints every verdict.
"""

from normlab.evidence.card import card
from normlab.evidence.decisions import decisions
from normlab.evidence.intervals import (
    Interval,
    correlation,
    further_run,
    mean,
    mean_correlation,
)
from normlab.evidence.records import paired, recorded, values

__all__ = [
    "Interval",
    "card",
    "correlation",
    "decisions",
    "further_run",
    "mean",
    "mean_correlation",
    "paired",
    "recorded",
    "values",
]
