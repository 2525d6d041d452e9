"""Figures of the page on a batch of two."""

import numpy as np
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, new_figure


def output_and_slope(
    difference: np.ndarray, output: np.ndarray, slope: np.ndarray
) -> Figure:
    """Draw what two values become against their difference, and its slope: (n,)."""
    figure, axes = new_figure((6.8, 3.8), rows=2, sharex=True)
    for ax, values in zip(axes, (output, slope), strict=True):
        ax.plot(difference, values, color=COLORS["batch"])
        ax.set_xlim(difference[0], difference[-1])
    axes[0].set_ylabel("output of one\n(dimensionless)")
    axes[1].set_ylabel("its slope\n(dimensionless)")
    axes[1].set_xlabel("how much it is above the other (dimensionless)")
    return figure
