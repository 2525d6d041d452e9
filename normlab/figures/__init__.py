"""Figures: each function takes data and returns the figure; none trains or loads."""

from normlab.figures.activations import (
    histogram_images,
    layer_lines,
    percentile_lines,
    percentile_rivers,
)
from normlab.figures.backward_by_hand import (
    computational_graph,
    gradient_projection,
    three_paths,
)
from normlab.figures.batch_norm_by_hand import (
    five_numbers,
    map_shapes,
    running_estimates,
)
from normlab.figures.batch_of_two import output_and_slope
from normlab.figures.batch_size import batch_mean_scatter, by_batch_size
from normlab.figures.gamma_and_beta import (
    beside_identity,
    first_layer_trajectories,
    layer_trajectories,
    losses_against,
    mean_sizes,
    pruned_accuracy,
    source_beside_seeds,
)
from normlab.figures.lenet import compare_rates
from normlab.figures.statistics_as_constants import bias_growth, loss_against_rate
from normlab.figures.style import COLORS, seed_curves, use_style
from normlab.figures.torch_batch_norm import gap_against_step, throughput_bars
from normlab.figures.train_and_eval import (
    accuracy_by_size,
    batch_jitter,
    company,
    forest,
    parts_by_size,
    running_errors,
    where_to_look,
)
from normlab.figures.which_axes import shared_means, timeline
from normlab.figures.why_normalize import (
    cosine_histograms,
    depth_profile,
    loss_against_step,
    two_valleys,
)

__all__ = [
    "COLORS",
    "accuracy_by_size",
    "batch_jitter",
    "batch_mean_scatter",
    "beside_identity",
    "bias_growth",
    "by_batch_size",
    "company",
    "compare_rates",
    "computational_graph",
    "cosine_histograms",
    "depth_profile",
    "first_layer_trajectories",
    "five_numbers",
    "forest",
    "gap_against_step",
    "gradient_projection",
    "histogram_images",
    "layer_lines",
    "layer_trajectories",
    "loss_against_rate",
    "loss_against_step",
    "losses_against",
    "map_shapes",
    "mean_sizes",
    "output_and_slope",
    "parts_by_size",
    "percentile_lines",
    "percentile_rivers",
    "pruned_accuracy",
    "running_errors",
    "running_estimates",
    "seed_curves",
    "shared_means",
    "source_beside_seeds",
    "three_paths",
    "throughput_bars",
    "timeline",
    "two_valleys",
    "use_style",
    "where_to_look",
]
