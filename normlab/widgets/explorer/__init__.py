"""Batch sizes compared: the recorded runs, and in a kernel new ones beside them."""

from typing import Any

import numpy as np
import pandas as pd
import traitlets
from matplotlib.figure import Figure

from normlab.figures.batch_size import by_batch_size
from normlab.figures.style import COLORS
from normlab.runs import Run, load, source
from normlab.runs.batch_size import IMAGES, SIZES
from normlab.widgets.base import Control, Widget, module
from normlab.widgets.explorer.batch_sizes import (
    BUDGETS,
    CONFIG,
    LINES,
    NAME,
    key_name,
    packed,
    runs_behind,
    scores,
)
from normlab.widgets.live import LiveTraining

NAMES = {
    view: {line: name for line, (name, _) in lines.items()}
    for view, lines in LINES.items()
}
SHOWN = (
    ("accuracy", "accuracy"),
    ("own", "with batch statistics"),
    ("gap", "gap"),
    ("loss", "loss"),
    ("noise", "gradient noise"),
)
CONTROLS = {
    "view": Control(
        "compare",
        options=(("normalizers", "normalizers"), ("ghost", "two batch sizes")),
    ),
    "rule": Control(
        "learning rate",
        options=(("scaled", "grows with batch"), ("fixed", "1.0")),
    ),
    "budget": Control("after", options=tuple(BUDGETS.items())),
    "measure": Control("show", options=SHOWN),
    "norm": Control("in front", options=tuple(NAMES["normalizers"].items())),
    "ghost": Control("what varies", options=tuple(NAMES["ghost"].items())),
    "size": Control(
        "batch size", unit="images", options=tuple((s, str(s)) for s in SIZES)
    ),
    "live_steps": Control(
        "train for",
        options=(
            (100, "100 updates"),
            (300, "300 updates"),
            (1200, "1,200 updates"),
            (0, "one epoch"),
        ),
    ),
    "live_rate": Control(
        "learning rate, times the rule’s",
        options=tuple((r, f"{r:g}") for r in (0.25, 0.5, 1.0, 2.0, 4.0)),
    ),
}


class BatchSizeExplorer(Widget):
    """Recorded runs by batch size: what they reached, and how their loss fell.

    In a kernel a button trains the chosen point anew and draws it beside them.

    Raises:
        ResultsError: nothing is recorded; the message says how to record it.
    """

    _esm = module("explorer/widget")
    paints = ("none", "batch", "group", "changed", "other", "theory", "data")

    data = traitlets.Dict(help="the recorded runs").tag(sync=True)
    painted = traitlets.Dict(help="line -> name of its colour").tag(sync=True)
    view = traitlets.Unicode("normalizers").tag(sync=True)
    rule = traitlets.Unicode("scaled").tag(sync=True)
    budget = traitlets.Unicode("epochs").tag(sync=True)
    measure = traitlets.Unicode("accuracy").tag(sync=True)
    norm = traitlets.Unicode("torch_batch").tag(sync=True)
    ghost = traitlets.Unicode("statistics").tag(sync=True)
    size = traitlets.Int(16).tag(sync=True)
    live_steps = traitlets.Int(1200).tag(sync=True)
    live_rate = traitlets.Float(1.0).tag(sync=True)
    live = traitlets.List(help="what was trained in this kernel").tag(sync=True)

    def __init__(self, **traits) -> None:
        super().__init__(
            controls=CONTROLS,
            name=NAME,
            room=[1300, 672],
            data=packed(load(NAME)),
            painted={
                line: color
                for lines in LINES.values()
                for line, (_, color) in lines.items()
            },
            alt="Test accuracy against batch sizes from 2 to 1024 for LeNet without "
            "normalizer, with batch normalization and with group normalization, after "
            "five epochs and after 1,200 updates. After five epochs batch "
            "normalization falls from about 88 to 46 per cent at 2 images, and the "
            "other two fall at 1,024; after 1,200 updates nearly all lines rise.",
            source=source(NAME),
            **traits,
        )
        self.training = LiveTraining(self._report)
        self.on_msg(self._hear)

    def picture(self) -> Figure:
        """Draw the accuracies by batch size, after both budgets."""
        rows = scores(load(NAME))["accuracy"].dropna()
        panels = {
            f"after {title}": {
                name: ({s: _at(rows, norm, s, budget) for s in SIZES}, COLORS[color])
                for norm, (name, color) in LINES["normalizers"].items()
            }
            for budget, title in BUDGETS.items()
        }
        return by_batch_size(panels, "test accuracy (%)")

    def chosen(self) -> Run | None:
        """Return what Train trains: the chosen point, with a seed of its own.

        None where the line has no runs at this batch size.
        """
        line = self.ghost if self.view == "ghost" else self.norm
        found = runs_behind(self.view, self.rule, line, self.size)
        if found is None:
            return None
        norm, batch_size, rate = found
        epochs = -(-self._steps(batch_size) // _updates(batch_size))
        seed = len(self.data["seeds"]) + len(self.live)
        return Run("lenet", norm, rate * self.live_rate, batch_size, epochs, seed)

    def _steps(self, batch_size: int) -> int:
        return self.live_steps or _updates(batch_size)

    def _hear(self, _: Widget, message: dict, __: list) -> None:
        """Answer the panel; without a kernel nobody does, and it shows no button."""
        match message.get("do"):
            case "hello":
                self.send({"kernel": True})
            case "train":
                self._train()
            case "stop":
                self.training.stop()

    def _train(self) -> None:
        run = self.chosen()
        if run is None or self.training.running:
            return
        about = {
            "key": key_name((run.norm, run.batch_size, run.lr / self.live_rate)),
            "rate": run.lr,
            "seed": run.seed,
        }
        self.live = [*self.live, about]
        self.training.start(run, self._steps(run.batch_size))

    def _report(self, news: dict[str, Any]) -> None:
        *before, newest = self.live
        self.live = [*before, newest | news]


def _updates(batch_size: int) -> int:
    return -(-IMAGES // batch_size)  # in an epoch


def _at(rows: pd.Series, norm: str, size: int, budget: str) -> np.ndarray:
    """Return the values of all seeds at a rate in proportion to the batch."""
    key = runs_behind("normalizers", "scaled", norm, size)
    at = rows.reset_index()
    same = (at[CONFIG] == list(key)).all(axis=1) & (at["budget"] == budget)
    return at.loc[same, "accuracy"].to_numpy()
