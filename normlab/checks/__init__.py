"""Self-checks of the exercises: call one with your function, read what it says.

Each returns a ``Verdict`` that a notebook shows. None raises, whatever the function
does, and each leaves the session as it was: random numbers, modes, default type.
"""

from normlab.checks.activations import dead_units, flat_edge, update_ratio
from normlab.checks.backward_by_hand import (
    batch_norm_gradient,
    projection_matrix,
    share_of_two,
)
from normlab.checks.batch_norm_by_hand import (
    batch_norm,
    cumulative_average,
    torch_momentum,
)
from normlab.checks.batch_size import (
    batch_mean_error,
    ghost_batch_norm,
)
from normlab.checks.gamma_and_beta import decay_groups, drop_constant, mirror_unit
from normlab.checks.gradient_noise import noise_scale
from normlab.checks.lenet import interval, parameter_count
from normlab.checks.playground import fading, steps_to_forget
from normlab.checks.torch_batch_norm import convert
from normlab.checks.train_and_eval import moving_layers, noise_factor, recompute
from normlab.checks.verdict import Verdict
from normlab.checks.which_axes import group_norm, mixes_images, shared_count
from normlab.checks.why_normalize import largest_stable_rate, standardize

__all__ = [
    "Verdict",
    "batch_mean_error",
    "batch_norm",
    "batch_norm_gradient",
    "convert",
    "cumulative_average",
    "dead_units",
    "decay_groups",
    "drop_constant",
    "fading",
    "flat_edge",
    "ghost_batch_norm",
    "group_norm",
    "interval",
    "largest_stable_rate",
    "mirror_unit",
    "mixes_images",
    "moving_layers",
    "noise_factor",
    "noise_scale",
    "parameter_count",
    "projection_matrix",
    "recompute",
    "share_of_two",
    "shared_count",
    "standardize",
    "steps_to_forget",
    "torch_momentum",
    "update_ratio",
]
