"""Schedules compared: recorded curves, with switches for the network and its rates."""

import numpy as np
import traitlets
from matplotlib.figure import Figure

from normlab.figures.schedules import Line, accuracy_curves
from normlab.figures.style import COLORS
from normlab.runs import source
from normlab.widgets.base import Control, Widget, module
from normlab.widgets.schedules.packed import NAMES, PRINTED, TUNED, packed

EARLY, LATE = "the first 1,000 updates", "all of them"
WITHOUT_OR_WITH = ((False, "without"), (True, "with"))
CONTROLS = {
    "norm": Control(
        "batch norm", options=(("none", "without"), ("torch_batch", "with"))
    ),
    "dropout": Control("dropout", options=WITHOUT_OR_WITH),
    "convolutions": Control("convolutions", options=((8, "8"), (7, "7"))),
    "rates": Control(
        "rates", options=((PRINTED, "as printed"), (TUNED, "tuned to 4,200 updates"))
    ),
    "span": Control("show", options=(("few", EARLY), ("whole", LATE))),
}


class Schedules(Widget):
    """One network on each schedule of the post on faces, beside the post's plain one.

    Raises:
        ResultsError: nothing is recorded; the message says how to record it.
    """

    _esm = module("schedules/widget")
    paints = ("none", "batch", "data", "theory")

    data = traitlets.Dict(help="the recorded runs").tag(sync=True)
    norm = traitlets.Unicode("torch_batch").tag(sync=True)
    dropout = traitlets.Bool(False).tag(sync=True)
    convolutions = traitlets.Int(7).tag(sync=True)
    rates = traitlets.Unicode(TUNED).tag(sync=True)
    span = traitlets.Unicode("whole").tag(sync=True)

    def __init__(self, **traits) -> None:
        super().__init__(
            controls=CONTROLS,
            name="schedules",
            room=[1310, 620],
            data=packed(),
            alt="Validation accuracy against updates, early and over all of the "
            "training. The network with batch normalization is ahead of the one "
            "without it from the first look on, with either schedule; of the latter "
            "one run stays at 10 per cent with tuned rates.",
            source=f"{source(NAMES[0])} · also {' and '.join(NAMES[1:])}",
            **traits,
        )

    def picture(self) -> Figure:
        """Draw the post's networks with these rates, early and over all updates."""
        shown = {
            "without the layer, original": (self.data["plain"][self.rates], "data"),
            "with it, original": (self._of_layer("original"), "batch"),
            "with it, multistep": (self._of_layer("multistep"), "batch"),
        }
        panels = {
            title: {
                name: self._line(key, look, color)
                for name, (key, color) in shown.items()
            }
            for look, title in (("few", EARLY), ("whole", LATE))
        }
        return accuracy_curves(panels)

    def _of_layer(self, schedule: str) -> str:
        return f"7/torch_batch/false/{self.rates}/{schedule}"

    def _line(self, key: str, look: str, color: str) -> Line:
        run, steps = self.data["runs"][key], np.array(self.data["steps"][look])
        kept = steps <= (1000 if look == "few" else steps[-1])
        band = np.array([run[look][kind] for kind in ("mean", "low", "high")]) / 100
        return steps[kept], band[:, kept], key.split("/")[-1], COLORS[color]
