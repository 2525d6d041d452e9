"""Which part of the gap between the modes costs what."""

from dataclasses import dataclass
from itertools import combinations
from math import log

import pandas as pd

from normlab.evaluation import PARTS, over_orders
from normlab.evidence.claim import OURS, Claim
from normlab.evidence.claims.train_and_eval import (
    EVALUATION,
    GAP,
    POINT,
    RECOMPUTED,
    SETTING,
    TRAINING,
    state,
)
from normlab.evidence.records import Arm, Change, Records, arm
from normlab.evidence.rules import All, Effect, Same
from normlab.runs.modes import SIZES, state_name

FIVE_PERCENT = log(1.05)


@dataclass(frozen=True)
class Share:
    """A part's Shapley value in the gap, by seed, as a share of the images.

    Args:
        part: one of ``PARTS``.
        size: images a batch.
    """

    part: str
    size: int

    def __call__(self, records: Records) -> pd.Series:
        """Return the values by seed."""
        sets = [
            frozenset(chosen)
            for count in range(len(PARTS) + 1)
            for chosen in combinations(PARTS, count)
        ]
        values = {s: state(state_name(s), self.size)(records) for s in sets}
        changes = over_orders(values)[self.part]
        return sum(changes) / len(changes)


@dataclass(frozen=True)
class Nothing:
    """Zero for every seed of another column, to compare a share with nothing."""

    like: Share

    def __call__(self, records: Records) -> pd.Series:
        """Return the zeros."""
        return 0.0 * self.like(records)


def gap(size: int) -> Change:
    """Return evaluation less training mode."""
    return Change(state(EVALUATION, size), state(TRAINING, size))


def lag_cost(last: bool, **changed) -> Change:
    """Return what the lag costs at batch 256, swapped last or first."""
    before, after = (RECOMPUTED, EVALUATION) if last else (TRAINING, "lag")
    arms = (state(name, 256).but(**changed) for name in (before, after))
    return Change(*arms)


def error(size: int, momentum: float, layer: int = 2) -> Arm:
    """Return the error of running means in a layer, 2 for the first dense one."""
    at = {"batch_size": size, "running_momentum": momentum, "layer": layer}
    return arm(GAP, "error_mean", split="train", **at)


def slower(layer: int) -> All:
    """Return the rule of "gap-momentum" for a layer."""
    few, many = ([error(s, m, layer) for m in (1.0, 0.01)] for s in (4, 256))
    what = "error with momentum 0.01 over that with 1.0, batch {}"
    return All(
        (
            Effect(*few, FIVE_PERCENT, what.format(4), "times", shown_as=-1),
            Effect(*many[::-1], FIVE_PERCENT, what.format(256), "times"),
        )
    )


LAST_FIRST = "test accuracy, what the lag costs: swapped last − swapped first"
CLAIMS = (
    Claim(
        id="gap-noise",
        source=OURS,
        says=(
            "At batch 4 it is the noise of the batch that makes training mode worse; "
            "lag and factor count for less."
        ),
        ours=SETTING,
        chapter="evaluation-gap",
        experiment=GAP,
        rule=Effect(
            Share("noise", 4),
            Change(gap(4), Share("noise", 4)),
            POINT,
            "test accuracy, share of the noise in the gap − that of lag and factor",
        ),
    ),
    Claim(
        id="gap-order",
        source=OURS,
        says=(
            "At batch 256 lag costs more once no layer uses its batch any more than "
            "while all of them do."
        ),
        ours=SETTING,
        chapter="evaluation-gap",
        experiment=GAP,
        rule=Effect(lag_cost(True), lag_cost(False), POINT, LAST_FIRST),
        variants={
            "last epoch alone": Effect(
                lag_cost(True, epoch=5),
                lag_cost(False, epoch=5),
                POINT,
                LAST_FIRST,
            )
        },
    ),
    Claim(
        id="gap-factor",
        source=OURS,
        says=(
            "That the unbiased variance is remembered changes the test accuracy by "
            "less than a point, at any of four batch sizes."
        ),
        ours=SETTING,
        chapter="evaluation-gap",
        experiment=GAP,
        rule=All(
            tuple(
                Same(
                    Share("factor", size),
                    Nothing(Share("factor", size)),
                    POINT,
                    f"test accuracy, share of the factor in the gap, batch {size}",
                )
                for size in SIZES
            )
        ),
    ),
    Claim(
        id="gap-momentum",
        source=OURS,
        says=(
            "In LeNet's first dense layer an average over about 199 batches is nearer "
            "to the truth than the last batch at batch 4, and further off at 256."
        ),
        ours=f"{SETTING}; running averages kept beside the layers' own",
        chapter="evaluation-gap",
        experiment=GAP,
        rule=slower(layer=2),
        variants={"the second dense layer": slower(layer=3)},
    ),
)
