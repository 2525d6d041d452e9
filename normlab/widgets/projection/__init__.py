"""What batch normalization takes out of the gradient, for three values of a channel."""

import numpy as np
import traitlets
from matplotlib.figure import Figure

from normlab.figures.backward_by_hand import gradient_projection
from normlab.widgets.base import Control, Widget, module

VALUES = (1.0, 2.0, 6.0)
GRADIENT = (1.0, -1.5, 2.0)


class Projection(Widget):
    """Three values and their incoming gradient to drag, and the gradient's three parts.

    Args:
        x: three values of one channel, from -4 to 8.
        g: the gradient of the loss with respect to the three outputs, from -2.5 to 2.5.
        gamma: from -3 to 3.
    """

    _esm = module("projection/widget")
    paints = ("mean", "variance", "batch", "theory", "data")

    x = traitlets.List(traitlets.Float(), list(VALUES), 3, 3).tag(sync=True)
    g = traitlets.List(traitlets.Float(), list(GRADIENT), 3, 3).tag(sync=True)
    gamma = traitlets.Float(1.0).tag(sync=True)

    def __init__(self, **traits) -> None:
        super().__init__(
            controls={
                "x": Control("x", -4, 8, 0.1, length=3),
                "g": Control("g", -2.5, 2.5, 0.1, length=3),
                "gamma": Control("gamma", -3, 3, 0.1),
            },
            name="projection",
            room=[965, 665],
            alt="A flat plane seen from above, spanned by two thin arrows, one for the "
            "vector of ones and one for x-hat. A dark arrow, the incoming gradient, "
            "points up and to the right. Two arrows lead from its tip back to a dashed "
            "upright line, one taking away the mean, one the part along x-hat. A thick "
            "blue arrow on that line is what is left.",
            source="Computed in the page, with ε = 0.00001.",
            **traits,
        )

    def picture(self) -> Figure:
        """Draw the gradient and its three parts, as the widget opens."""
        x, g = np.array(VALUES), np.array(GRADIENT)
        figure = gradient_projection((x - x.mean()) / x.std(), g)
        figure.suptitle("Still: the same arrows, seen from the side", size=10)
        return figure
