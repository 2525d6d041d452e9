"""Figures of the chapter on LeNet."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from normlab.figures.style import (
    COLORS,
    SQUARE_PAIR,
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


def bands_of_page(bands: Mapping[str, dict]) -> Figure:
    """Draw the ranges of recorded trainings: loss by update, accuracy by epoch.

    Args:
        bands: "none" and "batch" -> steps, losses, epochs, accuracies; of the middle
            two "low" and "high".
    """
    figure, axes = new_figure(SQUARE_PAIR, columns=2)
    names = {"none": "no layer", "batch": "with it"}
    for side, band in bands.items():
        for ax, at, what in (
            (axes[0], "steps", "losses"),
            (axes[1], "epochs", "accuracies"),
        ):
            low, high = band[what]["low"], band[what]["high"]
            color = COLORS[side]
            ax.fill_between(band[at], low, high, color=color, alpha=0.3)
            middle = (np.array(low) + np.array(high)) / 2
            ax.plot(band[at], middle, color=color, label=names[side])
    axes[0].set(xlabel="updates", ylabel="training loss (nats)", ylim=(0, None))
    axes[1].set(xlabel="epoch", ylabel="test accuracy (%)", ylim=(0, 100))
    axes[0].legend()
    return figure
