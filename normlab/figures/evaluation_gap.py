"""Figure of the page on the parts of the gap between the modes."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, label, new_figure, seed_band

EVALUATION, GREY = COLORS["evaluation"], COLORS["theory"]


def running_errors(
    panels: dict[str, tuple[np.ndarray, float]], momenta: Sequence[float]
) -> Figure:
    """Draw the error of running averages against their momentum, scatter beside it.

    Args:
        panels: title -> (errors, in standard deviations (seeds, momenta), scatter of
            one batch's value in the same unit).
        momenta: weights of the newest batch, PyTorch's way.
    """
    figure, axes = new_figure((6.8, 3.1), columns=len(panels), sharey=True)
    axes, m = np.atleast_1d(axes), np.asarray(momenta)
    for ax, (title, (errors, scatter)) in zip(axes, panels.items(), strict=True):
        seed_band(ax, m, errors, EVALUATION)
        ax.plot(m, scatter * np.sqrt(m / (2 - m)), color=GREY, linestyle="--")
        ax.set(xscale="log", yscale="log", xlabel="momentum\n(log scale)")
        ax.set_title(title, fontsize=11)
        ax.set_xticks([0.001, 0.03, 1], ["0.001", "0.03", "1"])
        ax.minorticks_off()
    theory = scatter * np.sqrt(m / (2 - m))  # the last panel's
    middle = len(m) // 2
    label(
        axes[-1], m[middle], errors.mean(0)[middle], "error", EVALUATION, xytext=(0, 16)
    )
    label(axes[-1], m[middle], theory[middle], "scatter\nalone", GREY, xytext=(2, -12))
    axes[0].set_ylabel("error of the running mean\n(standard deviations, log scale)")
    return figure
