"""Figures of the chapter on LeNet."""

import pandas as pd
from matplotlib.figure import Figure

from normlab.figures.style import (
    COLORS,
    WIDE,
    dots_over_rates,
    new_figure,
    seed_curves,
)

LATE = 6  # the first of the epochs that are averaged


def loss_with_and_without(runs: pd.DataFrame) -> Figure:
    """Draw the training loss of "lenet" at the rate 1.0, with the layer and without.

    Args:
        runs: the table of the experiment "lenet".
    """
    loss = runs.query("measure == 'loss' and split == 'train' and lr == 1.0")
    names = {"batch": "with batch norm", "none": "without"}
    curves = {name: loss[loss["norm"] == norm] for norm, name in names.items()}
    colors = {name: COLORS[norm] for norm, name in names.items()}
    return seed_curves(curves, colors, "training loss (nats)")


def accuracy_by_statistics(runs: pd.DataFrame) -> Figure:
    """Draw the test accuracy with the layer, by the statistics that it was given.

    Args:
        runs: the table of the experiment "lenet".
    """
    tested = runs.query("measure == 'accuracy' and split == 'test' and lr == 1.0")
    tested = tested[tested["norm"] == "batch"]
    kinds = {"batch": COLORS["training"], "running": COLORS["evaluation"]}
    curves = {
        f"{kind} statistics": tested[tested["statistics"] == kind] for kind in kinds
    }
    colors = {f"{kind} statistics": color for kind, color in kinds.items()}
    return seed_curves(curves, colors, "test accuracy (%)")


def compare_rates(runs: pd.DataFrame) -> Figure:
    """Draw validation accuracy in late epochs against the learning rate.

    Args:
        runs: the table of the experiment "lenet-rates".
    """
    rows = runs.query("measure == 'accuracy' and split == 'validation'")
    # Without normalizers the two kinds of statistics are one, called running.
    own = (rows["norm"] == "none") | (rows["statistics"] == "batch")
    late = rows[own & (rows["epoch"] >= LATE)]
    means = 100 * late.groupby(["norm", "lr", "seed"])["value"].mean()
    names = {
        "torch_batch": ("with batch norm", COLORS["batch"]),
        "none": ("without", COLORS["none"]),
    }
    figure, ax = new_figure(WIDE)
    rates = dots_over_rates(ax, means.reset_index(), "norm", names)
    ax.set(ylabel="validation accuracy (%),\nmean of epochs 6 to 10")
    ax.set_xlim(0.9 * rates[0], 3 * rates[-1])
    return figure
