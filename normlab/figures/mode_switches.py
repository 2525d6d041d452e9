"""Figure of the page on what decides the mode of a layer."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, WIDE, new_figure


def bars_by_image(groups: Mapping[str, np.ndarray]) -> Figure:
    """Draw a bar for each image, a panel a group.

    Args:
        groups: title -> sizes (images,).
    """
    figure, axes = new_figure(WIDE, columns=len(groups), sharey=True)
    for ax, (title, sizes) in zip(np.atleast_1d(axes), groups.items(), strict=True):
        place = np.arange(1, len(sizes) + 1)
        own, others = COLORS["batch"], COLORS["none"]
        ax.bar(place, sizes, color=[own, *[others] * (len(sizes) - 1)], width=0.6)
        ax.set_title(title, fontsize=11)
        ax.set(xticks=place, xlabel="image (place in the batch)")
        ax.grid(axis="x", visible=False)
    np.atleast_1d(axes)[0].set_ylabel(
        "norm of the gradient\nover an image’s pixels\n(score per unit of brightness)"
    )
    return figure
