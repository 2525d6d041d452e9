"""Figures of the page on binary networks."""

import numpy as np
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, WIDE, new_figure


def sign_and_surrogate(
    inputs: np.ndarray, sign: np.ndarray, surrogate: np.ndarray, slope: np.ndarray
) -> Figure:
    """Draw the sign and the function whose slope it is given, and that slope.

    Args:
        inputs: (T,), in order.
        sign: +1 or -1, (T,).
        surrogate: the function near it, (T,).
        slope: of the latter, (T,).
    """
    figure, (value, derivative) = new_figure(WIDE, columns=2)
    value.plot(inputs, sign, color=COLORS["data"], label="sign, forward")
    near = {"linestyle": "--", "label": "two parabolas, whose slope is taken"}
    value.plot(inputs, surrogate, color=COLORS["other"], **near)
    derivative.plot(inputs, slope, color=COLORS["other"])
    value.set(xlabel="input (dimensionless)", ylabel="output (dimensionless)")
    derivative.set(xlabel="input (dimensionless)", ylabel="slope (dimensionless)")
    derivative.set_ylim(0, None)
    figure.legend(loc="outside upper center", ncols=2)
    return figure
