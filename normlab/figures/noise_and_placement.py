"""Figures of the chapter on the layer as a regularizer, and on its place."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, SQUARE_PAIR, new_figure, plain_ticks

Looks = Sequence[tuple[np.ndarray, np.ndarray]]  # training losses, others; one a run


def by_statistics(panels: Mapping[str, Mapping[int, pd.Series]]) -> Figure:
    """Draw measures against how many images share statistics, a dot a run.

    Args:
        panels: what the vertical axis says -> number of images -> values by seed.
    """
    figure, axes = new_figure(SQUARE_PAIR, columns=len(panels))
    color = COLORS["batch"]
    for ax, (quantity, values) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        ax.plot(list(values), [found.mean() for found in values.values()], color=color)
        for images, found in values.items():
            at = np.full(len(found), images), found
            ax.plot(*at, "o", color=color, markersize=4, alpha=0.7)
        ax.set(xscale="log", xlabel="images that share statistics\n(log scale)")
        ax.set_ylabel(quantity)
        ax.set_xticks(list(values), [str(images) for images in values])
        ax.minorticks_off()
    return figure


def against_training_loss(
    arms: Mapping[str, tuple[Looks, str, bool]], level: float
) -> Figure:
    """Draw the loss of other images against that of training images, a dot a look.

    Args:
        arms: name -> looks of each run, colour, whether dots are filled.
        level: the training loss at which a rule compares.
    """
    figure, ax = new_figure((6.8, 3.8))
    for name, (runs, color, filled) in arms.items():
        known, others = (np.concatenate(losses) for losses in zip(*runs, strict=True))
        dots = {
            "color": color,
            "markerfacecolor": color if filled else "none",
            "markersize": 4,
            "markeredgewidth": 0.8,
            "alpha": 0.8,
        }
        ax.plot(known, others, "o", **dots, label=name)
    ax.axvline(level, color=COLORS["theory"], linestyle=":", linewidth=1.2)
    ax.set(xscale="log", xlabel="training loss in evaluation mode (nats, log scale)")
    ax.set_ylabel("validation loss (nats)")
    ax.invert_xaxis()
    plain_ticks(ax, "x")
    figure.legend(loc="outside upper center", ncols=2, fontsize=10)
    return figure
