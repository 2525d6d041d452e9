"""One recorded training, tested by eight implementations' rules."""

from typing import Any

import numpy as np
import traitlets
from matplotlib.figure import Figure

from normlab.evaluation.conventions import CONVENTIONS, Average
from normlab.figures.implementations import (
    CURVES,
    DATED,
    LAST,
    accuracy_by_convention,
)
from normlab.runs import recordings, source
from normlab.runs.implementations import IMPLEMENTATIONS, IMPLEMENTATIONS_SLOW
from normlab.widgets.base import Control, Widget, module

EXPERIMENTS = {
    experiment.variants[0].lr: experiment.name
    for experiment in (IMPLEMENTATIONS, IMPLEMENTATIONS_SLOW)
}
TRAITS = {name: name.replace("-", "_") for name in CURVES}
PRESETS = (
    ("source’s dates", DATED),
    ("first two, later", ("caffe-2015-11", "windows-2015-06", "cudnn-2015-11")),
    ("all", tuple(CURVES)),
)
OPENS_WITH = ("caffe-2015-02", "caffe-2015-11", "cudnn-2015-11", "torch")
SEED = IMPLEMENTATIONS.first_seed


def packed() -> dict[str, Any]:
    """Return the recorded accuracies of the seeds that both rates have.

    Rate -> seed -> a list of tests for each convention, in ten-thousandths: they are
    counts of 10,000 images.
    """
    found: dict[float, dict[int, dict]] = {}
    for rate, name in EXPERIMENTS.items():
        found[rate] = {run.seed: arrays for run, arrays in recordings(name)}
    seeds = sorted(set.intersection(*(set(runs) for runs in found.values())))
    some = found[next(iter(EXPERIMENTS))][seeds[0]]
    return {
        "updates": some["updates"].tolist(),
        "last": LAST,
        "seeds": seeds,
        "accuracy": {
            f"{rate:g}": {str(s): _counts(runs[s]) for s in seeds}
            for rate, runs in found.items()
        },
    }


def _counts(arrays: dict[str, np.ndarray]) -> dict[str, list[int]]:
    return {
        trait: np.round(1e4 * arrays[f"accuracy/{name}"]).astype(int).tolist()
        for name, trait in TRAITS.items()
    }


def _weight(name: str) -> str:
    """Return what a new batch counts, where anything is remembered."""
    rule = CONVENTIONS[name]
    if not isinstance(rule, Average):
        return "none"
    return f"{1 - rule.keep if rule.debiased else rule.new:g}"


class Implementations(Widget):
    """Test accuracy while one network trains, by each rule that is switched on.

    Raises:
        ResultsError: nothing is recorded; the message says how to record it.
    """

    _esm = module("implementations/widget")
    paints = ("caffe", "windows", "cudnn", "torch_batch", "data")

    data = traitlets.Dict(help="the recorded tests").tag(sync=True)
    lines = traitlets.List(help="of each rule: trait, colour, dashes, weight").tag(
        sync=True
    )
    presets = traitlets.List(help="of buttons: words, what is on").tag(sync=True)
    rate = traitlets.Float(0.1).tag(sync=True)
    seed = traitlets.Int(SEED).tag(sync=True)
    span = traitlets.Unicode("all").tag(sync=True)
    caffe_2015_02 = traitlets.Bool(False).tag(sync=True)
    caffe_2015_10 = traitlets.Bool(False).tag(sync=True)
    caffe_2015_11 = traitlets.Bool(False).tag(sync=True)
    windows_2015_03 = traitlets.Bool(False).tag(sync=True)
    windows_2015_06 = traitlets.Bool(False).tag(sync=True)
    windows_2016_01 = traitlets.Bool(False).tag(sync=True)
    cudnn_2015_11 = traitlets.Bool(False).tag(sync=True)
    torch = traitlets.Bool(False).tag(sync=True)

    def __init__(self, **traits) -> None:
        data = packed()
        switched = {TRAITS[name]: True for name in OPENS_WITH}
        super().__init__(
            controls=_controls(data),
            name="implementations",
            room=[1150, 595],
            data=data,
            lines=[
                {
                    "trait": TRAITS[name],
                    "color": color,
                    "dashes": list(dashes),
                    "weight": _weight(name),
                }
                for name, (_, color, dashes) in CURVES.items()
            ],
            presets=[[said, [TRAITS[n] for n in names]] for said, names in PRESETS],
            alt="Test accuracy against updates for one network. Tested with the test "
            "batch’s own statistics and with PyTorch’s memory it is highest; with a "
            "memory of a thousand batches it is lower and goes up and down; where "
            "that memory starts at zero it begins far below.",
            source="; ".join(source(name) for name in EXPERIMENTS.values()),
            **switched | traits,
        )

    def picture(self) -> Figure:
        """Draw the curves that it opens with."""
        runs = recordings(EXPERIMENTS[0.1])
        arrays = next(arrays for run, arrays in runs if run.seed == SEED)
        curves = {name: arrays[f"accuracy/{name}"] for name in OPENS_WITH}
        return accuracy_by_convention(arrays["updates"], curves)


def _controls(data: dict[str, Any]) -> dict[str, Control]:
    switches = ((True, "on"), (False, "off"))
    return {
        "rate": Control(
            "learning rate", options=tuple((r, f"{r:g}") for r in EXPERIMENTS)
        ),
        "span": Control("tests", options=(("all", "all"), ("last", f"last {LAST}"))),
        "seed": Control("seed", options=tuple((s, str(s)) for s in data["seeds"])),
        **{
            TRAITS[name]: Control(title, options=switches)
            for name, (title, _, _) in CURVES.items()
        },
    }
