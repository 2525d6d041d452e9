"""Self-checks of the exercises: call one with your function, read what it says.

Each returns a ``Verdict`` that a notebook shows; none raises on a wrong answer.
"""

from normlab.checks.activations import dead_units, flat_edge, update_ratio
from normlab.checks.gradient import (
    batch_norm_gradient,
    projection_matrix,
    share_of_two,
)
from normlab.checks.inputs import largest_stable_rate, standardize
from normlab.checks.layer import batch_norm, cumulative_average, torch_momentum
from normlab.checks.learned import decay_groups, drop_constant, mirror_unit
from normlab.checks.modes import moving_layers, noise_factor, recompute
from normlab.checks.networks import convert, interval, parameter_count
from normlab.checks.verdict import Verdict

__all__ = [
    "Verdict",
    "batch_norm",
    "batch_norm_gradient",
    "convert",
    "cumulative_average",
    "dead_units",
    "decay_groups",
    "drop_constant",
    "flat_edge",
    "interval",
    "largest_stable_rate",
    "mirror_unit",
    "moving_layers",
    "noise_factor",
    "parameter_count",
    "projection_matrix",
    "recompute",
    "share_of_two",
    "standardize",
    "torch_momentum",
    "update_ratio",
]
