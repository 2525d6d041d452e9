"""Figures of the chapter on which values share a mean."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, new_figure

LIT, FRAME = COLORS["mean"], "#555555"
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
