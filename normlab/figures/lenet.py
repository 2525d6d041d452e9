"""Figures of the chapter on LeNet."""

import pandas as pd
from matplotlib.figure import Figure

from normlab.figures.style import WIDE, dots_over_rates, new_figure


def compare_rates(rows: pd.DataFrame, names: dict[str, tuple[str, str]]) -> Figure:
    """Draw validation accuracy after the last epoch against the learning rate.

    Args:
        rows: columns norm, lr, seed, value (accuracy, 0 to 1).
        names: norm -> (label, colour).
    """
    figure, ax = new_figure(WIDE)
    rates = dots_over_rates(ax, rows.assign(value=100 * rows["value"]), "norm", names)
    ax.set(ylabel="validation accuracy after\n10 epochs (%)")
    ax.set_xlim(0.9 * rates[0], 3 * rates[-1])
    return figure
