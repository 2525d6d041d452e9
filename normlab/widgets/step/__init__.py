"""The loss along a step of two recorded networks, with the layer and without."""

import numpy as np
import traitlets
from matplotlib.figure import Figure

from normlab.figures.why_it_works import losses_along
from normlab.runs import source
from normlab.runs.shift import LINE, RATE, STEPS
from normlab.widgets.base import Control, Widget, module
from normlab.widgets.step.packed import NAME, packed

MATCHES = {"loss": "the same training loss", "updates": "as many updates"}


class AlongAStep(Widget):
    """What a step along the gradient does to the loss, beside what the slope promised.

    Args:
        look: number of the look at the network without the layer.
        match: where the network with the layer is looked at, one of ``MATCHES``.
        factor: length of the step, in learning rates.

    Raises:
        ResultsError: nothing is recorded; the message says how to record it.
    """

    _esm = module("step/widget")
    paints = ("none", "batch", "theory")

    data = traitlets.Dict(help="the recorded looks").tag(sync=True)
    look = traitlets.Int(5).tag(sync=True)
    match = traitlets.Enum(list(MATCHES), "loss").tag(sync=True)
    factor = traitlets.Float(4.0).tag(sync=True)

    def __init__(self, **traits) -> None:
        looks = tuple((i, f"{updates:,} updates") for i, updates in enumerate(STEPS))
        super().__init__(
            controls={
                "look": Control("no layer after", options=looks),
                "match": Control("layer at", options=(*MATCHES.items(),)),
                "factor": Control("step", 0.25, LINE[-1], 0.25, unit="rates", digits=2),
            },
            name="step",
            room=[890, 698],
            data=packed(),
            alt="Training loss against the length of a step along the gradient, with "
            "the layer and without it; dashed, what the slope at the start of the step "
            "promises. Both lines leave their dashed line, and turn upwards.",
            source=f"1,024 training images; a rate is {RATE:g} · {source(NAME)}",
            **traits,
        )

    def beside(self) -> int:
        """Return the look at the network with the layer that goes with this one."""
        if self.match == "updates":
            return self.look
        losses = {
            name: np.array(found["losses"])[:, 0]
            for name, found in self.data["networks"].items()
        }
        apart = np.abs(np.log(losses["batch"] / losses["none"][self.look]))
        return int(apart.argmin())

    def picture(self) -> Figure:
        """Draw both losses along their steps, and the slopes."""
        at = {"none": self.look, "batch": self.beside()}
        return losses_along(
            np.array(self.data["factors"]),
            {
                name: (found["losses"][at[name]], found["slopes"][at[name]])
                for name, found in self.data["networks"].items()
            },
        )
