"""The figure of the page on what came after batch normalization."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from normlab.figures.style import new_figure, spread

LINE = 0.42  # years that a line of text takes in the timeline


def timeline(papers: pd.DataFrame, colors: dict[str, str]) -> Figure:
    """Draw papers by date, from top to bottom, a column for each kind of statistics.

    Narrow and tall, so that a phone need not shrink it.

    Args:
        papers: name, arXiv number (its first four digits are year and month) and
            kind, a key of ``colors``.
        colors: kind -> colour, from left to right.
    """
    figure, ax = new_figure((5.2, 6.4))
    number = papers["arXiv"].astype(str)
    years = 2000 + number.str[:2].astype(int) + (number.str[2:4].astype(int) - 1) / 12
    for column, (kind, color) in enumerate(colors.items()):
        part = papers[papers["kind"] == kind].assign(year=years).sort_values("year")
        heights = spread(part["year"].tolist(), LINE)
        ax.plot([column, column], [2014.6, 2026], color=color, linewidth=1, alpha=0.4)
        ax.plot(np.full(len(part), column), part["year"], "o", color=color)
        for name, year, height in zip(part["name"], part["year"], heights, strict=True):
            ax.plot([column, column + 0.06], [year, height], color=color, linewidth=0.8)
            place = {"va": "center", "fontsize": 10, "color": color}
            ax.text(column + 0.08, height, name, **place)
        ax.text(column, 2014.2, kind, color=color, fontweight="bold", va="bottom")
    ax.set(xlim=(-0.1, len(colors)), ylim=(2026, 2014.4))
    ax.set(
        ylabel="date (year)", xlabel="what statistics are taken of (one column each)"
    )
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.grid(axis="x", visible=False)
    return figure
