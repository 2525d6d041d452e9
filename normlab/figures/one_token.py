"""The figure of the page on tokens."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from normlab.figures.style import COLORS, new_figure

MOVED = ListedColormap(["#EEEEEE", COLORS["changed"]])


def tokens_moved(
    moved: dict[str, np.ndarray], changed: tuple[int, int], columns: int = 2
) -> Figure:
    """Draw which tokens' outputs move when one token changes.

    Args:
        moved: name of the normalizer -> whether each token moved (N, T), bool.
        changed: sequence and position of the token that changed, framed.
        columns: panels beside each other.
    """
    rows = -(-len(moved) // columns)
    figure, axes = new_figure((6.8, 0.5 + 1.5 * rows), columns, rows, squeeze=False)
    for ax in axes.flat[len(moved) :]:
        ax.set_axis_off()
    for ax, (name, each) in zip(axes.flat, moved.items(), strict=False):
        sequences, positions = each.shape
        edges = np.arange(positions + 1) - 0.5, np.arange(sequences + 1) - 0.5
        ax.pcolormesh(
            *edges, each, cmap=MOVED, vmin=0, vmax=1, edgecolor="white", linewidth=1.5
        )
        n, t = changed
        frame = {"fill": False, "edgecolor": COLORS["data"], "linewidth": 2}
        ax.add_patch(Rectangle((t - 0.5, n - 0.5), 1, 1, **frame))
        ax.set_title(name, fontsize=11)
        ax.set(xlabel="position (token)", ylabel="sequence (row)")
        ax.set_xticks(range(positions), range(1, positions + 1), fontsize=8)
        ax.set_yticks(range(sequences), range(1, sequences + 1), fontsize=8)
        ax.invert_yaxis()
        ax.grid(False)
    return figure
