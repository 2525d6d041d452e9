"""Figures of the chapter on which values share a mean."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, new_figure, spread

LIT, FRAME = COLORS["mean"], "#555555"
LINE = 0.42  # years that a line of text takes in the timeline
# What one step along N, C and places moves on paper: right, up.
STEP = np.array([[1.1, 0.8], [0.95, 0.0], [0.0, -0.115]])
Box = Sequence[tuple[int, int]]  # from, to (not included), along N, C and places


def shared_means(shape: Sequence[int], groups: int = 2) -> Figure:
    """Draw a block (N, C, H, W) for each normalizer, lit where one mean is shared.

    Args:
        shape: N, C, H, W.
        groups: of channels, for group normalization.
    """
    n, c, places = shape[0], shape[1], shape[2] * shape[3]
    whole, one = (0, places), (places // 3, places // 3 + 1)
    lit = {
        "batch": ((0, n), (2, 3), whole),
        "layer": ((1, 2), (0, c), whole),
        "layer over C": ((1, 2), (0, c), one),
        "group": ((1, 2), (0, c // groups), whole),
        "instance": ((1, 2), (2, 3), whole),
    }
    figure, axes = new_figure((6.8, 4.4), columns=3, rows=2)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, (name, box) in zip(axes.flat, lit.items(), strict=False):
        _draw_block(ax, ((0, n), (0, c), whole), box)
        ax.set_title(name, fontsize=11)
    return figure


def _draw_block(ax: Axes, whole: Box, lit: Box) -> None:
    (_, n), (_, c), (_, places) = whole
    for corner in ((0, 0, places), (n, 0, 0), (n, c, places)):
        line = np.array([(n, 0, places), corner]) @ STEP
        ax.plot(*line.T, color=FRAME, linewidth=0.7, linestyle=":")
    for face, light in zip(_faces(lit), (0.55, 0.4, 0.7), strict=True):
        ax.fill(*face.T, facecolor=LIT, alpha=light, edgecolor=LIT, linewidth=1)
    for face in _faces(whole):
        ax.fill(*face.T, fill=False, edgecolor=FRAME, linewidth=0.8)
    ax.set_aspect("equal")
    middles = {
        "channels": ((0, c / 2, places), {"va": "top", "ha": "center"}, (0, -4), 0),
        "places": ((0, 0, places / 2), {"va": "center", "ha": "right"}, (-4, 0), 90),
        "images": ((n / 2, c, places), {"va": "top", "ha": "left"}, (3, -2), 0),
    }
    for text, (at, align, offset, rotation) in middles.items():
        x, y = np.array(at) @ STEP
        placed = {"xytext": offset, "textcoords": "offset points"} | align
        ax.annotate(text, (x, y), rotation=rotation, fontsize=9, **placed)


def _faces(box: Box) -> list[np.ndarray]:
    """Return front, top and right side of a box as corners on paper (4, 2)."""
    (n0, n1), (c0, c1), (p0, p1) = box
    corners = (
        ((n0, c0, p0), (n0, c1, p0), (n0, c1, p1), (n0, c0, p1)),
        ((n0, c0, p0), (n1, c0, p0), (n1, c1, p0), (n0, c1, p0)),
        ((n0, c1, p0), (n1, c1, p0), (n1, c1, p1), (n0, c1, p1)),
    )
    return [np.array(face) @ STEP for face in corners]


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
