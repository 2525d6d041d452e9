"""Figures of the chapter on doing without batch normalization."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, label, new_figure, seed_band, spread_both_ways

GREY = COLORS["theory"]
LEAST = 1e-3  # deviation; what is below is gone
HEIGHT = 0.3  # of a label, in decades


def deviation_by_layer(
    networks: Mapping[str, tuple[Sequence[float], str, str]],
) -> Figure:
    """Draw how far apart values lie by layer, a line a network.

    Args:
        networks: name -> (deviations by layer, colour, line style).
    """
    figure, ax = new_figure((6.8, 3.4))
    ends = []
    for name, (values, color, style) in networks.items():
        layers = np.arange(1, len(values) + 1)
        ax.plot(layers, values, color=color, linestyle=style)
        seen = np.flatnonzero(np.asarray(values) >= LEAST)[-1]
        ends.append((np.log10(values[seen]), layers[seen], name, color))
    ends.sort()
    heights = spread_both_ways([height for height, *_ in ends], HEIGHT)
    for (_, at, name, color), height in zip(ends, heights, strict=True):
        label(ax, at, 10**height, name, color)
    ax.set(yscale="log", ylim=(LEAST, 3), xlabel="layer")
    ax.set_xlim(1, 1.45 * max(len(values) for values, *_ in networks.values()))
    ax.set_xticks([1, 5, 10, 15, 20])
    ax.set_ylabel("deviation over images\nand places (log scale)")
    return figure


def gradient_shares(panels: Mapping[str, Sequence[np.ndarray]], limit: float) -> Figure:
    """Draw a dot a unit: the length of its gradient over that of its weights.

    Args:
        panels: title -> these ratios, (units,) a layer.
        limit: what adaptive clipping leaves at most.
    """
    figure, axes = new_figure((6.8, 3.2), columns=len(panels), sharey=True)
    for ax, (title, layers) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        for number, ratios in enumerate(layers, start=1):
            aside = number + np.linspace(-0.25, 0.25, len(ratios))
            for cut, color in ((False, "scaled"), (True, "none")):
                part = (ratios > limit) == cut
                ax.scatter(aside[part], ratios[part], s=9, color=COLORS[color])
        ax.axhline(limit, color=GREY, linestyle="--", linewidth=1.2)
        ax.set(yscale="log", xlabel="layer")
        ax.set_xticks(np.arange(1, len(layers) + 1))
        ax.set_title(title, fontsize=11)
    np.atleast_1d(axes)[0].set_ylabel("gradient over weights,\nlengths (log scale)")
    return figure


def variance_by_copies(
    kinds: Mapping[str, tuple[Mapping[int, float], str]],
) -> Figure:
    """Draw the variance of a batch's gradient, as a share of the first, and 1/M.

    Args:
        kinds: name -> (how many times the images -> variance, colour).
    """
    figure, ax = new_figure((6.8, 3.2))
    for name, (variances, color) in kinds.items():
        times = np.array(list(variances))
        shares = np.array(list(variances.values()))
        shares = shares / shares[0]
        ax.plot(times, shares, "o-", color=color)
        label(ax, times[-1], shares[-1], name, color, xytext=(9, 0))
    ax.plot(times, 1 / times, "--", color=GREY)
    label(ax, times[0], 0.8, "1/M", GREY, xytext=(0, -16))
    ax.set(xscale="log", yscale="log", xlim=(0.9 * times[0], 2.6 * times[-1]))
    ax.set(xlabel="M, times as many (log scale)")
    ax.set_ylabel("variance of the gradient\n(share of one copy’s, log)")
    ax.set_xticks(times, [f"{m}" for m in times])
    ticks = (0.1, 0.2, 0.5, 1)
    ax.set_yticks(ticks, [f"{share:g}" for share in ticks])
    ax.minorticks_off()
    return figure


def copies_by_update(lines: Mapping[str, tuple[pd.DataFrame, str, str]]) -> Figure:
    """Draw validation accuracy against updates: a band a line.

    Args:
        lines: name -> (accuracy 0 to 1, a row a seed, a column a number of updates;
            colour; line style).
    """
    figure, ax = new_figure((6.8, 3.6))
    for name, (table, color, style) in lines.items():
        seed_band(ax, table.columns, 100 * table, color, linestyle=style, label=name)
    lowest = min(
        table.mean().iloc[len(table.columns) // 4] for table, *_ in lines.values()
    )
    highest = max(table.max().max() for table, *_ in lines.values())
    ax.set(xlabel="updates", ylim=(100 * lowest - 4, 100 * highest + 1))
    ax.set_ylabel("validation accuracy (%)")
    ax.legend(loc="lower right", fontsize=10)
    return figure
