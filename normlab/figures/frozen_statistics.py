"""Figure of the page on frozen statistics."""

import numpy as np
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, new_figure

EVALUATION = COLORS["evaluation"]
Interval = tuple[float, float, float]  # mean, low, high


def forest(
    groups: dict[str, dict[str, Interval]], quantity: str, color: str = EVALUATION
) -> Figure:
    """Draw differences with their intervals, a row each, a panel a group.

    Args:
        groups: title -> row's name -> (mean, low, high).
        quantity: what the horizontal axis says, unit included.
        color: of all the intervals.
    """
    rows = max(len(group) for group in groups.values())
    figure, axes = new_figure((6.8, 1.1 + 0.42 * rows), len(groups), sharey=True)
    for ax, (title, group) in zip(np.atleast_1d(axes), groups.items(), strict=True):
        for row, (mean, low, high) in enumerate(group.values()):
            ax.plot([low, high], [-row, -row], color=color)
            ax.plot(mean, -row, "o", color=color, markersize=6)
        ax.axvline(0, color="#777777", linewidth=0.9)
        ax.set_yticks(-np.arange(len(group)), list(group))
        ax.set_title(title, fontsize=11)
        ax.set(ylim=(0.5 - rows, 0.5), xlabel=quantity)
        ax.grid(axis="y", visible=False)
    return figure
