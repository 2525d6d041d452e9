"""Figures of the chapter on small batches."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from normlab.figures.style import COLORS, label, new_figure

BELOW = 4  # percentage points under the best mean; what ended lower stands at the edge


def accuracy_by_sharing(race: Mapping[str, Any]) -> Figure:
    """Draw each contender's test accuracy: a dot for the mean, a bar for its seeds.

    "of 4" is short for statistics of four images. Bars go from the lowest to the
    highest seed. Where a mean is far below the best, a triangle points to it from the
    edge, with its value.

    Args:
        race: what ``normlab.widgets.race.packed`` returns.
    """
    cells = race["cells"]
    drawn = [
        (f"{row['label']} of {n}" if n else row["label"], row["color"], cells[key])
        for row in race["rows"]
        for n, key in row["contenders"]
        if key in cells
    ]
    best = max(cell["accuracy"][0] for *_, cell in drawn)
    edge = best - BELOW
    figure, ax = new_figure((6.8, 0.8 + 0.25 * len(drawn)))
    for y, (_, name, cell) in enumerate(drawn):
        color = COLORS[name]
        mean, low, high = cell["accuracy"]
        ax.plot([max(low, edge), max(high, edge)], [y, y], color=color, linewidth=1.2)
        if mean >= edge:
            ax.plot([mean], [y], "o", color=color, markersize=5)
            continue
        ax.plot([edge], [y], "<", color=color, markersize=6, clip_on=False)
        above = {"xytext": (8, 3), "va": "baseline", "fontsize": 9}
        label(ax, edge, y, f"{mean:.1f}", color, **above)
    ax.set(xlim=(edge, best + 0.6), ylim=(len(drawn) - 0.5, -0.5))
    ax.set_yticks(range(len(drawn)), [row for row, *_ in drawn], fontsize=9)
    ax.set_xlabel("test accuracy (%)")
    return figure
