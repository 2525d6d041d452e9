"""Weights that decay before a normalizer: their length, and the angle of an update."""

import numpy as np
import traitlets
from matplotlib.figure import Figure

from normlab.figures.style import COLORS
from normlab.figures.why_it_works import norms_and_angles
from normlab.runs import source
from normlab.runs.scale import DECAY, EVERY, RATE, UPDATES
from normlab.widgets.base import Control, Widget, module, numbered
from normlab.widgets.turns.packed import MOMENTUM, packed
from normlab.widgets.turns.settling import Settling


class EffectiveRate(Widget):
    """How rate, decay and momentum settle the angle by which updates turn weights.

    Args:
        rate: learning rate.
        decay: of the weights.
        momentum: of the updates.
        length: of the weights at first, over that of the recorded run's.

    Raises:
        ResultsError: nothing is recorded; the message says how to record it.
    """

    _esm = module("turns/widget")
    paints = ("batch", "data", "theory")

    data = traitlets.Dict(help="the recorded runs").tag(sync=True)
    rate = traitlets.Float(RATE).tag(sync=True)
    decay = traitlets.Float(DECAY).tag(sync=True)
    momentum = traitlets.Float(MOMENTUM).tag(sync=True)
    length = traitlets.Float(1.0).tag(sync=True)

    def __init__(self, **traits) -> None:
        super().__init__(
            controls={
                "rate": Control("rate", options=numbered(0.03, 0.1, 0.3, 1.0)),
                "decay": Control(
                    "decay", options=numbered(0.0, 1e-4, 5e-4, 2e-3, 1e-2)
                ),
                "momentum": Control("momentum", options=numbered(0.0, 0.5, 0.9, 0.95)),
                "length": Control(
                    "first length", options=numbered(0.25, 0.5, 1.0, 2.0, 4.0), unit="×"
                ),
            },
            name="turns",
            room=[1232, 660],
            data=packed(),
            alt="Two plots against updates on logarithmic axes, computed and recorded: "
            "the length of the weights goes to a level, and the angle of an update to "
            "another, which the formula marks with a dashed line.",
            source=f"Computed in the page, for gradients of one size, which is that of "
            f"the recorded run without decay in the median · {source('scale')}",
            **traits,
        )

    def picture(self) -> Figure:
        """Draw what is computed for these settings, and what is recorded of them."""
        about = Settling(
            self.rate, self.decay, self.momentum, self.length, self.data["strength"]
        )
        kinds = {"computed": (*about.follow(UPDATES, EVERY), about.angle, "batch")}
        key = f"{self.rate:g}/{self.decay:g}"
        if key in self.data["runs"] and (self.momentum, self.length) == (MOMENTUM, 1):
            run = self.data["runs"][key]
            kinds["recorded"] = run["lengths"], run["angles"], None, "data"
        steps = np.arange(1, UPDATES // EVERY + 1) * EVERY
        return norms_and_angles(
            {
                name: (np.array([lengths]), np.array([angles]), theory, COLORS[color])
                for name, (lengths, angles, theory, color) in kinds.items()
            },
            steps,
        )
