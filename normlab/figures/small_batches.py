"""Figures of the chapter on small batches."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from normlab.figures.style import COLORS, label, new_figure, spread

# Black for what looks at one image alone; the widget has the same.
DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (7, 2, 1, 2)), (0, (2, 4)))


def accuracy_by_sharing(race: Mapping[str, Any]) -> Figure:
    """Draw test accuracy against the number of images that share statistics.

    Bars go from the lowest to the highest seed. What looks at one image alone is a line
    across.

    Args:
        race: what ``normlab.widgets.race.packed`` returns.
    """
    figure, ax = new_figure((6.8, 4.4))
    sizes, cells = race["sizes"], race["cells"]
    across, ends = iter(DASHES), []
    for row in race["rows"]:
        found = [(n, cells[name]) for n, name in row["contenders"] if name in cells]
        if not found:
            continue
        color = COLORS[row["color"]]
        mean, low, high = np.transpose([cell["accuracy"] for _, cell in found])
        at = [n for n, _ in found]
        if at == [0]:
            style = {"linestyle": next(across, "-"), "linewidth": 1.2}
            ax.plot(sizes, np.full(len(sizes), mean[0]), color=color, **style)
        else:
            bars = {"yerr": (mean - low, high - mean), "capsize": 3}
            ax.errorbar(at, mean, color=color, marker="o", markersize=4, **bars)
        ends.append((mean[-1], row["label"], color))
    low, high = ax.get_ylim()
    ends.sort()
    heights = spread([height for height, _, _ in ends], (high - low) / 16)
    for (_, name, color), height in zip(ends, heights, strict=True):
        label(ax, sizes[-1], height, name, color)
    ax.set(xscale="log", xlabel="images that share statistics (log scale)")
    ax.set(ylabel="test accuracy (%)", xlim=(sizes[0] / 1.1, 30 * sizes[-1]))
    ax.set_xticks(sizes, list(map(str, sizes)))
    ax.xaxis.set_minor_locator(NullLocator())
    return figure
