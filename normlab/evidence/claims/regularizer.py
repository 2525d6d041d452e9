"""What is said of the layer as a regularizer, of its noise, and of dropout beside it.

Rates were chosen on validation images with seed 0; what decides has seeds from 10 on.
The rules were written before these runs.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from normlab.evidence.claim import Claim
from normlab.evidence.records import Arm, Records, arm, paired, reading, told
from normlab.evidence.rules import HALF_A_POINT, TWENTIETH, All, Effect, NoWorse
from normlab.runs.config import Run
from normlab.runs.regularizer import (
    BATCH,
    BEST,
    FEW,
    RATE,
    SECOND,
    convolutions,
    dense,
)

LEVEL, LEVELS = 0.2, (0.3, 0.1)  # training losses at which networks are compared
SMALLEST_GAP = 0.02  # nats, between two gaps
PRIMARY, AT_SECOND = "regularizer", "regularizer-second"
NOISE, NOISE_DENSE = "noise", "noise-dense"


def arm_of(norm: str, dropout: float = 0.0) -> Run:
    """Return an arm's run at its best rate."""
    return dense(norm, BEST[norm, dropout], dropout)


def held_out(level: float, arrays: Mapping[str, np.ndarray]) -> float:
    """Return the validation loss where the training loss passes this level.

    Both in evaluation mode; between two looks logarithms are taken to be straight.
    NaN where no look has a training loss as low.
    """
    known, others = arrays["gap/train"], arrays["gap/validation"]
    if not (known.min() <= level <= known.max()):
        return math.nan
    order = np.argsort(known)
    logs = np.log(known[order]), np.log(others[order])
    return float(np.exp(np.interp(math.log(level), *logs)))


def at_equal_training_loss(level: float = LEVEL, *, second: bool = False) -> Effect:
    """With the layer the loss of other images is lower, at the same training loss."""
    where, rates = (AT_SECOND, SECOND) if second else (PRIMARY, BEST)
    sides = (
        reading(where, partial(held_out, level), dense(norm, rates[norm, 0.0]))
        for norm in ("none", "torch_batch")
    )
    what = f"validation loss at a training loss of {level:g}: without the layer / with"
    return Effect(*sides, TWENTIETH, what, "times")


def score(run: Run, measure: str = "accuracy", where: str = PRIMARY, **at: str) -> Arm:
    """Return an arm: a score at the end, on test images if nothing else is said."""
    at = {"split": "test", "statistics": "recomputed"} | at
    return arm(where, measure, **at, **told(run))


def lower_at_the_end() -> Effect:
    """With the layer the loss at the end is lower."""
    sides = (score(arm_of(norm), "loss") for norm in ("none", "torch_batch"))
    what = "test loss at the end: without the layer / with"
    return Effect(*sides, TWENTIETH, what, "times")


def more_accurate() -> Effect:
    """With the layer accuracy at the end is higher."""
    sides = (score(arm_of(norm)) for norm in ("torch_batch", "none"))
    return Effect(*sides, HALF_A_POINT, "test accuracy: with the layer − without")


def dropout_is_unneeded(dropout: float = 0.2) -> All:
    """Dropout helps without the layer, and adds nothing with it."""
    plain, layer = (
        (score(arm_of(norm)), score(arm_of(norm, dropout)))
        for norm in ("none", "torch_batch")
    )
    what = f"test accuracy, dropout of {dropout:g}"
    return All(
        (
            Effect(*plain[::-1], HALF_A_POINT, f"{what}, no layer: with − without"),
            NoWorse(*layer, HALF_A_POINT, f"{what}, the layer: without − with"),
        )
    )


@dataclass(frozen=True)
class GapOf:
    """Test loss less training loss at the end of a run."""

    run: Run
    where: str

    def __call__(self, records: Records) -> pd.Series:
        """Return it by seed."""
        test, train = (
            score(self.run, "loss", self.where, split=split)(records)
            for split in ("test", "train")
        )
        return paired(test, train)


def gap(statistics: int) -> GapOf:
    """Return that of the convolutions with statistics of so many images."""
    return GapOf(convolutions(statistics, RATE), NOISE)


def dense_gap(statistics: int) -> GapOf:
    """Return that of the dense network with statistics of so many images."""
    if statistics == BATCH:
        return GapOf(arm_of("torch_batch"), PRIMARY)
    rate = BEST["torch_batch", 0.0]
    return GapOf(dense(f"ghost_{statistics}", rate), NOISE_DENSE)


def larger_with_less_noise(
    few: int = 8, gap_with: Callable[[int], GapOf] = gap, network: str = ""
) -> Effect:
    """The gap is larger where all images of a batch share statistics."""
    what = f"test loss − training loss{network}: {BATCH} images that share statistics"
    sides = gap_with(BATCH), gap_with(few)
    return Effect(*sides, SMALLEST_GAP, f"{what} − {few}", "nats more")


_dense = partial(
    Claim,
    ours="three dense layers of 1,000 units, 10,000 images of Fashion-MNIST, 3,900 "
    "updates of 128; momentum 0.9, each at its best rate, cooled at the end; 5 seeds, "
    "a CPU",
    chapter="noise-and-placement",
    experiment=PRIMARY,
)
CLAIMS = (
    _dense(
        id="C5",
        source="kilcher2019batch",
        place="line 14",
        says="It also acts as a regularizer.",
        rule=at_equal_training_loss(),
        variants={
            **{f"at {level:g}": at_equal_training_loss(level) for level in LEVELS},
            "second-best rates": at_equal_training_loss(second=True),
            "loss at the end": lower_at_the_end(),
            "accuracy at the end": more_accurate(),
        },
    ),
    _dense(
        id="C5-dropout",
        source="kilcher2019batch",
        place="line 14",
        says="In some cases it makes dropout unnecessary.",
        rule=dropout_is_unneeded(),
        variants={"dropout of 0.5": dropout_is_unneeded(0.5)},
    ),
    Claim(
        id="ioffe2015-noise",
        source="ioffe2015batch",
        place="section 3.4",
        says="An image is seen with others in its batch, so that the network no longer "
        "makes the same of it each time; that helps it to generalize.",
        setting="Inception on ImageNet",
        ours="eight convolutions on 10,000 images of Fashion-MNIST at 14 by 14 pixels, "
        "1,560 updates of 128, of which 2 to 128 share statistics; momentum 0.9, all "
        "at a rate of 0.1, cooled at the end; 5 seeds, a CPU; the dense network of the "
        "other rules beside, at one rate for all",
        chapter="noise-and-placement",
        experiment=NOISE,
        rule=larger_with_less_noise(),
        variants={
            "2 images": larger_with_less_noise(2),
            "32 images": larger_with_less_noise(32),
            **{
                f"dense network, {n} images": larger_with_less_noise(
                    n, dense_gap, ", dense network"
                )
                for n in FEW
            },
        },
    ),
)
