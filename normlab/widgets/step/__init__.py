"""The loss along a step of two recorded networks, with the layer and without."""

from typing import Any

import numpy as np
import traitlets
from matplotlib.figure import Figure

from normlab.figures.why_it_works import losses_along
from normlab.runs import recordings, source
from normlab.runs.shift import LINE, RATE, STEPS
from normlab.widgets.base import Control, Widget, module

NAME = "shift-line"
MATCHES = {"loss": "the same training loss", "updates": "as many updates"}


def packed() -> dict[str, Any]:
    """Return what the module reads: a network -> what each look found.

    Raises:
        ResultsError: nothing is recorded; the message says how to record it.
    """
    return {
        "rate": RATE,
        "factors": [0.0, *LINE],
        "updates": list(STEPS),
        "networks": {
            {"none": "none", "torch_batch": "batch"}[run.norm]: _looks(arrays)
            for run, arrays in recordings(NAME)
        },
    }


def _looks(arrays: dict[str, np.ndarray]) -> dict[str, list]:
    """Return losses along the step, the slope's promise, changes of the gradient."""
    found = {name: arrays[f"look/{name}"].astype(float) for name in ("loss", "length")}
    promised = found["length"][:, None] ** 2 * RATE * np.array(LINE)  # (looks, steps)
    losses = found["loss"][:, None] - arrays["look/decrease"] * promised
    along = np.concatenate([found["loss"][:, None], losses], axis=1)
    return {
        "losses": _short(along),
        "slopes": _short(found["length"] ** 2 * RATE),  # what one rate promises
        "changes": _short(np.pad(arrays["look/roughness"], ((0, 0), (1, 0)))),
    }


def _short(values: np.ndarray) -> list:
    """Four digits of each, as nested lists."""
    if values.ndim > 1:
        return [_short(row) for row in values]
    return [float(f"{value:.4g}") for value in values]


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
            room=[860, 640],
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
