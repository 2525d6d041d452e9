"""What the post on faces says of rates that fall, and of what they come to.

The primary measure is test accuracy with recomputed statistics, each network where its
own schedule ends, with the rates that suit it at a hundredth of the post's updates.
Variants take the rates as printed, and the same 4,200 updates for all. Lines are those
of the English text.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from normlab.evidence.claim import Claim
from normlab.evidence.records import Arm, Records, arm
from normlab.evidence.rules import HALF_A_POINT, Effect, Rule
from normlab.runs.schedules import (
    ARMS,
    EARLY,
    ENDS,
    PLAIN,
    UPDATES,
    WITH_LAYER,
    trained,
    tuned,
)

FASTER = math.log(1.2)  # of updates
PRINTED, LONG = "rates as printed", "4,200 updates for both"
SETTING = "3 million faces, 8 convolutions of 3 by 3, Caffe, one run each"
OURS = (
    "The same layers, 8 to 64 channels wide, on Fashion-MNIST at 14 by 14 pixels; "
    "batches of 128, momentum 0.9, weight decay 0.0005; a hundredth of the updates; "
    "rates times what suits each network best; a CPU"
)


def settings(run) -> dict:
    """Return what tells the run from others of its experiments, but for the seed."""
    names = ("model", "norm", "schedule", "lr")
    return {name: getattr(run, name) for name in names}


@dataclass(frozen=True)
class Of:
    """A column for those seeds alone that another column has too."""

    column: Callable[[Records], pd.Series]
    other: Callable[[Records], pd.Series]

    def __call__(self, records: Records) -> pd.Series:
        """Return its values by seed."""
        values = self.column(records)
        return values[values.index.isin(self.other(records).index)]


@dataclass(frozen=True)
class Reached:
    """The updates after which a network is as accurate as another one is early on.

    Args:
        network: (column, content) pairs that tell its runs.
        level: the same of the runs whose mean curve gives the accuracy.
    """

    network: tuple[tuple[str, object], ...]
    level: tuple[tuple[str, object], ...]

    def __call__(self, records: Records) -> pd.Series:
        """Return them by seed."""
        level = early_accuracy(_curves(records, self.level))
        curves = _curves(records, self.network)
        return pd.Series({s: reached(*c, level) for s, c in curves.items()})


def _curves(records: Records, runs: tuple) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    names = "few/steps", "few/accuracy"
    found = records.arrays("schedules", *names, **dict(runs))
    return {seed: tuple(a[name] for name in names) for seed, a in found.items()}


def early_accuracy(curves: dict[int, tuple[np.ndarray, np.ndarray]]) -> float:
    """Return what the mean of these curves is after ``EARLY`` updates."""
    return np.mean([accuracy[steps == EARLY] for steps, accuracy in curves.values()])


def reached(steps: np.ndarray, accuracy: np.ndarray, level: float) -> float:
    """Return the first of three looks in a row at or above the level.

    The last look where there is none.
    """
    above = accuracy >= level
    lasting = above[:-2] & above[1:-1] & above[2:]
    return float(steps[np.argmax(lasting)] if lasting.any() else steps[-1])


def score(network: tuple[str, str, str], make=tuned, step: int = 0) -> Arm:
    """Return an arm: test accuracy where the schedule ends, or after these updates."""
    experiment = "schedules" if network in (PLAIN, WITH_LAYER) else "schedules-others"
    return arm(
        experiment,
        "accuracy",
        split="test",
        statistics="recomputed",
        step=step or ENDS[network[-1]],
        **settings(make(*network)),
    )


def called(network: tuple[str, str, str]) -> str:
    """Return a network's name in a rule: "multistep schedule with the layer"."""
    _, norm, schedule = network
    which = "without" if norm == "none" else "with"
    return f"{schedule.replace('_', ' ')} schedule {which} the layer"


def better(higher: tuple, lower: tuple, **how) -> Rule:
    """Return a rule: the one network ends above the other."""
    arms = score(higher, **how), score(lower, **how)
    if arms[0].experiment != arms[1].experiment:  # that have not all seeds in common
        arms = Of(arms[0], arms[1]), Of(arms[1], arms[0])
    what = f"test accuracy, recomputed statistics: {called(lower)} − {called(higher)}"
    return Effect(*arms, HALF_A_POINT, what, shown_as=-1)


def other_ways(higher: tuple, lower: tuple) -> dict[str, Rule]:
    """Return the rule with the rates as printed, and with as many updates."""
    return {
        PRINTED: better(higher, lower, make=trained),
        LONG: better(higher, lower, step=UPDATES),
    }


def sooner(make=tuned) -> Rule:
    """Return a rule: what the plain network reaches early, the other reaches sooner."""
    runs = [tuple(settings(make(*network)).items()) for network in (PLAIN, WITH_LAYER)]
    what = (
        f"updates to the accuracy that the {called(PLAIN)} has after {EARLY}: with "
        f"that / with the {called(WITH_LAYER)}"
    )
    columns = [Reached(network, level=runs[0]) for network in runs]
    return Effect(*columns, FASTER, what, "times", number=math.log(64 / 45))


PLAIN_MULTISTEP, LAYER_ORIGINAL, LAYER_SHORT = ARMS[1], ARMS[2], ARMS[4]
_habr = partial(Claim, source="habr2016batch", setting=SETTING, chapter="schedules")
_tried = partial(_habr, ours=f"{OURS}; 5 seeds", experiment="schedules-others")
_primary = partial(_habr, ours=f"{OURS}; 10 seeds", experiment="schedules")

CLAIMS = (
    _tried(
        id="A9",
        place="lines 85 and 98",
        says="Without the layer, the rate 0.01, a tenth of it from 150,000 iterations "
        "on and a hundredth from 300,000 on: 80% after 64,000 iterations, converged "
        "after 420,000, at best 94.5%; the author's trials found this schedule best.",
        rule=better(PLAIN, PLAIN_MULTISTEP),
        variants=other_ways(PLAIN, PLAIN_MULTISTEP),
    ),
    _tried(
        id="A10",
        place="lines 86 and 101",
        says="With the layer, the rate 0.055, times 0.7 every 11,000 iterations: 80% "
        "after 45,000 iterations, converged after 180,000, at best 86.7%; worse than "
        "with jumps.",
        rule=better(WITH_LAYER, LAYER_SHORT),
        variants=other_ways(WITH_LAYER, LAYER_SHORT),
    ),
    _tried(
        id="A11",
        place="lines 87 and 101",
        says="With the layer and without dropout, the rate 0.055, times 0.7 at steps "
        "set by hand: 80% after 45,000 iterations, converged after 230,000, at best "
        "91.3%; better than without jumps.",
        rule=better(WITH_LAYER, LAYER_SHORT),
        variants=other_ways(WITH_LAYER, LAYER_SHORT),
    ),
    _tried(
        id="A12",
        place="line 101",
        says="With the layer, the schedule of the network without it gives poor "
        "results.",
        rule=better(WITH_LAYER, LAYER_ORIGINAL),
        variants=other_ways(WITH_LAYER, LAYER_ORIGINAL),
    ),
    _primary(
        id="A13",
        place="lines 104 and 130",
        says="80% comes in 1.4 times less time with the layer, 45,000 iterations "
        "against 64,000.",
        rule=sooner(),
        variants={PRINTED: sooner(trained)},
    ),
    _primary(
        id="A14",
        place="line 104",
        says="Learning can be accelerated, but in the end accuracy is a little worse "
        "with the layer than without.",
        rule=better(PLAIN, WITH_LAYER),
        variants=other_ways(PLAIN, WITH_LAYER),
    ),
)
