"""Figure of the page on half precision."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, WIDE, label, new_figure

FLOOR = 1e-9  # an error of exactly 0 has no place on a log scale


def precision_errors(
    spreads: Sequence[float], errors: Mapping[str, Sequence[float]]
) -> Figure:
    """Draw relative errors; where there is no finite one, a cross at the top.

    Args:
        spreads: of the values.
        errors: label -> relative errors (spreads,), inf or nan where it failed.
    """
    figure, ax = new_figure(WIDE)
    spreads = np.asarray(spreads)
    for (name, values), kind in zip(errors.items(), ("none", "batch"), strict=False):
        values, color = np.maximum(values, FLOOR), COLORS[kind]
        good = np.isfinite(values) & (values < 1)
        ax.plot(spreads[good], values[good], color=color)
        failed = spreads[~good]
        ax.plot(failed, np.ones(len(failed)), "x", color=color)
        first = np.flatnonzero(good)[0]
        place = {"ha": "left", "xytext": (0, 14)}
        label(ax, spreads[first], values[first], name, color, **place)
    ax.set(xscale="log", yscale="log", ylim=(FLOOR / 2, 5))
    ax.set(xlabel="spread of the values (log scale)")
    ax.set_ylabel("relative error of the\nstandard deviation (log scale)")
    return figure
