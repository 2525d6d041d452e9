"""Two valleys of one problem, and a learning rate for each to drag."""

import numpy as np
import torch
import traitlets
from matplotlib.figure import Figure
from torch import Tensor

from normlab.figures.style import COLORS
from normlab.figures.why_normalize import two_valleys
from normlab.widgets.base import Control, Widget, module

STEPS = 40
TARGET = (1.0, 0.16)  # the minimum for standardized inputs, as of the chapter's pixels


class Valleys(Widget):
    """Gradient descent for two inputs, centred and standardized.

    Args:
        ratio: the scale of input A over that of input B, from 1 to 8.
        correlation: of the two inputs, from 0 to 0.95.
        centred: the learning rate for the centred inputs, from 0 to 2.4.
        standardized: the one for standardized inputs.
    """

    _esm = module("valleys/widget")
    paints = ("none", "batch", "theory")

    ratio = traitlets.Float(5.2).tag(sync=True)
    correlation = traitlets.Float(0.25).tag(sync=True)
    centred = traitlets.Float(1.93).tag(sync=True)
    standardized = traitlets.Float(1.0).tag(sync=True)

    def __init__(self, **traits) -> None:
        super().__init__(
            controls={
                "ratio": Control("scale of A / scale of B", 1, 8, 0.1),
                "correlation": Control("correlation", 0, 0.95, 0.05, digits=2),
                "centred": Control(
                    "learning rate, centred inputs", 0, 2.4, 0.01, digits=2
                ),
                "standardized": Control(
                    "learning rate, standardized inputs", 0, 2.4, 0.01, digits=2
                ),
            },
            name="valleys",
            room=[1120, 765],
            alt="Two contour maps. Left, a long narrow valley; the path zigzags across "
            "it and has not arrived after 40 steps. Right, nearly round contours; the "
            "path runs straight to the minimum.",
            source="Computed in the page; input A has the standard deviation 1.",
            **traits,
        )

    def picture(self) -> Figure:
        """Draw both valleys with 40 steps of each descent."""
        figure = two_valleys(
            {
                "centred inputs": (
                    *self._descent(self.ratio, self.centred),
                    COLORS["none"],
                ),
                "standardized": (*self._descent(1, self.standardized), COLORS["batch"]),
            },
            ("weight of A", "weight of B"),
        )
        figure.suptitle("Still: the landscapes, without the lower pictures", size=10)
        return figure

    def lands(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Return name -> Hessian (2, 2) and minimum (2,) of each landscape."""
        ratios = {"centred": self.ratio, "standardized": 1.0}
        return {
            name: tuple(map(torch.from_numpy, self._land(ratio)))
            for name, ratio in ratios.items()
        }

    def _descent(self, ratio: float, rate: float) -> tuple[np.ndarray, ...]:
        """Return the Hessian (2, 2), the minimum (2,) and the path (steps + 1, 2)."""
        hessian, minimum = self._land(ratio)
        path = [np.zeros(2)]
        for _ in range(STEPS):
            path.append(path[-1] - rate * hessian @ (path[-1] - minimum))
        return hessian, minimum, np.stack(path)

    def _land(self, ratio: float) -> tuple[np.ndarray, np.ndarray]:
        scales = np.array([1, 1 / ratio])
        mixed = np.array([[1, self.correlation], [self.correlation, 1]])
        return mixed * np.outer(scales, scales), np.array(TARGET) / scales
