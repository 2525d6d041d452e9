"""What is said of weights that a normalizer makes free of their size.

The rate is fixed, so that nothing was chosen; seeds are from 10 on. The rules were
written before the runs.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from normlab.evidence.claim import Claim
from normlab.evidence.records import Arm, Reading, Records, arm, reading, told
from normlab.evidence.rules import TWENTIETH, All, Same
from normlab.runs.config import Run
from normlab.runs.scale import DECAY, HIGHER, RATE, STRONGER, UPDATES, decayed

FIFTH = math.log(1.2)  # by which an angle may be off
SETTLED = UPDATES * 2 // 3  # updates after which angles count
TOLD = ("lr", "transform")  # what tells runs apart, but for seeds
CALLED = {
    decayed(DECAY): f"decay {DECAY:g}, rate {RATE:g}",
    decayed(STRONGER): f"decay {STRONGER:g}, rate {RATE:g}",
    decayed(DECAY, HIGHER): f"decay {DECAY:g}, rate {HIGHER:g}",
}
DECAYS = dict(zip(CALLED, (DECAY, STRONGER, DECAY), strict=True))


def in_theory(run: Run) -> float:
    """Return the angle of an update once norms have settled, in radians.

    sqrt(2 rate decay / (1 + momentum)): Wan et al. 2021.
    """
    return math.sqrt(2 * run.lr * DECAYS[run] / (1 + run.momentum))


def settled(arrays: Mapping[str, np.ndarray]) -> float:
    """Return the mean angle of an update in the last third, over the layers."""
    late = arrays["turns/steps"] > SETTLED
    return float(arrays["turns/angles"][late].mean())


def measured(run: Run) -> Reading:
    """Return the arm of measured angles."""
    return reading("scale", settled, run, *TOLD)


@dataclass(frozen=True)
class Predicted:
    """The angle that theory gives, for each seed that was run."""

    run: Run

    def __call__(self, records: Records) -> pd.Series:
        """Return it by seed."""
        return measured(self.run)(records) * 0 + in_theory(self.run)


def turns_as_predicted(run: Run) -> Same:
    """The measured angle is that of the theory within a fifth."""
    what = f"angle of an update, {CALLED[run]}: measured / predicted"
    return Same(measured(run), Predicted(run), FIFTH, what, "times")


def late_loss(run: Run, where: str) -> Arm:
    """Return an arm: training loss over the last tenth of the updates."""
    return arm(where, "late_loss", split="train", **told(run, *TOLD))


def imposed_is_the_same(margin: float = TWENTIETH) -> Same:
    """Without decay, but with the norms that decay leaves, the loss is the same."""
    run = decayed(DECAY)
    sides = late_loss(run, "scale-imposed"), late_loss(run, "scale")
    return Same(*sides, margin, "training loss: norms imposed / decay", "times")


_tried = partial(
    Claim,
    ours="eight normalized convolutions on Fashion-MNIST at 14 by 14 pixels, "
    f"{UPDATES:,} updates of 128 images at a constant rate; momentum 0.9; decay on "
    "the convolutions’ weights alone; 5 seeds, a CPU",
    chapter="why-it-works",
)
CLAIMS = (
    _tried(
        id="wan2021-angle",
        source="wan2021spherical",
        place="abstract; the formula from memory",
        says="With normalization, momentum and weight decay, the angle by which an "
        "update turns the weights settles at the root of 2 rate × decay / (1 + "
        "momentum).",
        setting="ImageNet and COCO, networks of the usual size",
        experiment="scale",
        rule=All(tuple(turns_as_predicted(run) for run in CALLED)),
    ),
    _tried(
        id="laarhoven2017-scale",
        source="vanlaarhoven2017l2",
        place="abstract",
        says="With normalization weight decay acts through the size of the weights, "
        "which sets the effective learning rate.",
        setting="theory; a residual network on CIFAR-10",
        experiment="scale-imposed",
        rule=imposed_is_the_same(),
        variants={"within a fifth": imposed_is_the_same(FIFTH)},
    ),
)
