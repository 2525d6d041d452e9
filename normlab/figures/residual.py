"""Figures of the chapter on residual networks."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, label, new_figure, spread_both_ways

GREY = COLORS["theory"]
CHANCE = 10  # per cent, of ten classes


def size_by_block(
    networks: Mapping[str, tuple[np.ndarray, str, str]], quantity: str
) -> Figure:
    """Draw a size by block on a logarithmic axis, a line a network.

    Args:
        networks: name -> (sizes by block, colour, line style).
        quantity: what the vertical axis says.
    """
    figure, ax = new_figure((6.8, 3.7))
    ends = []
    for name, (sizes, color, style) in networks.items():
        blocks = np.arange(1, len(sizes) + 1)
        ax.plot(blocks, sizes, color=color, linestyle=style)
        ends.append((np.log10(sizes[-1]), blocks[-1], name, color))
    ends.sort()
    ax.set(yscale="log", xlabel="block", ylabel=quantity)
    low, high = np.log10(ax.get_ylim())
    gap = (high - low) / 13
    heights = spread_both_ways([end for end, *_ in ends], gap)
    ax.set_ylim(10 ** min(low, min(heights) - gap))  # a name is not to touch the axis
    for (_, at, name, color), height in zip(ends, heights, strict=True):
        label(ax, at, 10**height, name, color, fontsize=10)
    ax.set_xlim(1, 1.7 * max(len(sizes) for sizes, *_ in networks.values()))
    ax.set_xticks([1, 18, 36, 54])
    ax.minorticks_off()
    return figure


def accuracies(rows: Mapping[str, tuple[pd.Series, str]]) -> Figure:
    """Draw test accuracy, a row a network, a dot a run.

    Args:
        rows: name -> (accuracies in per cent, one a seed; colour).
    """
    figure, ax = new_figure((6.8, 0.6 + 0.45 * len(rows)))
    heights = range(len(rows))[::-1]
    for height, (found, color) in zip(heights, rows.values(), strict=True):
        ax.plot(found, np.full(len(found), height), "o", color=color, markersize=6)
    ax.axvline(CHANCE, color=GREY, linestyle="--", linewidth=1.2)
    label(ax, CHANCE, len(rows) - 0.45, "guessing", GREY, fontsize=10)
    ax.set_yticks(heights, list(rows))
    ax.set(xlim=(0, 100), ylim=(-0.6, len(rows) - 0.1), xlabel="test accuracy (%)")
    return figure
