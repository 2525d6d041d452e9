"""Figure of the page on a last batch of one image."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, WIDE, new_figure


def last_batches(rest: Mapping[int, int]) -> Figure:
    """Draw how many images the last batch has, by batch size; one is marked.

    Args:
        rest: batch size -> images in the last batch.
    """
    figure, ax = new_figure(WIDE)
    size, left = np.array(list(rest.items())).T
    one = left == 1
    ax.plot(size[~one], left[~one], ".", color=COLORS["batch"], label="two or more")
    ax.plot(size[one], left[one], "X", color=COLORS["none"], label="one image")
    ax.set(xlabel="batch size (images)", ylabel="last batch (images)")
    ax.legend(loc="upper left")
    return figure
