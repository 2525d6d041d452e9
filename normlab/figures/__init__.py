"""Figures: each function takes data and returns the figure; none trains or loads."""

from normlab.figures.inputs import (
    cosine_histograms,
    depth_profile,
    loss_against_step,
    two_valleys,
)
from normlab.figures.layer import five_numbers, map_shapes, running_estimates
from normlab.figures.style import COLORS, use_style
from normlab.figures.training import (
    compare_rates,
    gap_against_step,
    seed_curves,
    throughput_bars,
)

__all__ = [
    "COLORS",
    "compare_rates",
    "cosine_histograms",
    "depth_profile",
    "five_numbers",
    "gap_against_step",
    "loss_against_step",
    "map_shapes",
    "running_estimates",
    "seed_curves",
    "throughput_bars",
    "two_valleys",
    "use_style",
]
