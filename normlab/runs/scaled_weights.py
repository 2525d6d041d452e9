"""The deep network without a normalizer: scaled weights, clipped gradients, or both.

Network, updates and batches are those of the race, where batch normalization takes part
and the rates were chosen: of the plain network, and of both together.
"""

from dataclasses import replace

from normlab.runs.chosen_rates import FIRST
from normlab.runs.config import Experiment
from normlab.runs.contenders import BEST, entry
from normlab.runs.watch import follow

# The rate of both together that is second best in "race-rates-others"; a test
# recomputes it.
SECOND = 0.03
PLAIN, BOTH = (entry(name, BEST[name]) for name in ("none", "scaled"))
SCALED, CLIPPED = replace(BOTH, transform=""), replace(PLAIN, transform=BOTH.transform)
AT_SECOND = replace(BOTH, lr=SECOND)

SCALED_WEIGHTS = Experiment(
    name="scaled-weights",
    question="Do scaled weights and clipped gradients stand in for a normalizer?",
    variants=(PLAIN, SCALED, CLIPPED, BOTH, AT_SECOND),
    first_seed=FIRST,
    carry_out=follow,
)
