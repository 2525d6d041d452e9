"""Learning rate against the scale of the first weights: recorded runs behind cells."""

import traitlets
from matplotlib.figure import Figure

from normlab.figures.learning_rate import rate_maps
from normlab.runs import source
from normlab.runs.rate_map import GAINS, NORMS, RATES
from normlab.widgets.base import Control, Widget, module
from normlab.widgets.rates.maps import NETWORKS, accuracy, packed

CONTROLS = {
    "rate": Control("learning rate", options=tuple((r, f"{r:g}") for r in RATES)),
    "gain": Control("k", options=tuple((k, f"{k:g}") for k in GAINS)),
    "within": Control(
        "frame what is within", options=((2, "2 points"), (5, "5 points"))
    ),
}


class RateMaps(Widget):
    """Four linked maps: LeNet with ReLU or sigmoids, without and with the layer.

    Raises:
        ResultsError: nothing is recorded; the message says how to record it.
    """

    _esm = module("rates/widget")
    paints = ("none", "batch", "theory", "data")

    data = traitlets.Dict(help="the recorded runs").tag(sync=True)
    networks = traitlets.List(help="(network, its name) pairs").tag(sync=True)
    rate = traitlets.Float(1.0).tag(sync=True)
    gain = traitlets.Float(1.0).tag(sync=True)
    within = traitlets.Int(2).tag(sync=True)

    def __init__(self, **traits) -> None:
        super().__init__(
            controls=CONTROLS,
            name="rates",
            room=[1484, 1070],
            data=packed(),
            networks=[[network, name] for network, (name, _) in NETWORKS.items()],
            alt="Four maps of accuracy after 1,000 updates over learning rates from "
            "0.01 to 30 and first weights from 0.03 to 10 times the usual: LeNet with "
            "ReLU and with sigmoids, without and with batch normalization.",
            source=" · ".join(source(name) for _, name in NETWORKS.values()),
            **traits,
        )

    def picture(self) -> Figure:
        """Draw the four maps."""
        return rate_maps(
            {
                name: {
                    norm: accuracy(network).loc[norm].mean(axis=1).unstack()
                    for norm in NORMS
                }
                for network, (name, _) in NETWORKS.items()
            }
        )
