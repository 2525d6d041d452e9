"""What is said of three implementations for Caffe, and of what parts them.

Of the last 20 tests of a training, 100 updates apart, the level is the mean accuracy
and the jump the deviation of the differences from each test to the next. The source
gives three dates; the revisions of these dates are primary, later ones variants.
"""

from collections.abc import Mapping
from functools import partial
from math import log

import numpy as np

from normlab.evidence.claim import OURS as BOOK
from normlab.evidence.claim import Claim
from normlab.evidence.intervals import holm_levels
from normlab.evidence.records import Reading, Records
from normlab.evidence.rules import LEVEL, Effect, Holds, Size, size_of
from normlab.evidence.words import Word

FAST, SLOW = "implementations", "implementations-slow"  # rates of 0.1 and 0.01
LAST = 20  # tests
FIRST_TEN, LAST_FIVE = slice(10), slice(-5, None)
HALF_POINT = 0.005  # of accuracy: the smallest difference that counts on this network
HALF_AS_MUCH_AGAIN = log(1.5)  # the same of jumps, as ratios
# Caffe's own layer, caffe-windows, cuDNN in NVIDIA's Caffe: 1, 2 and 3.
DATED = ("caffe-2015-02", "windows-2015-03", "cudnn-2015-11")
LATER = ("caffe-2015-11", "windows-2015-06", "cudnn-2015-11")
LATEST = ("caffe-2015-11", "windows-2016-01", "cudnn-2015-11")
OURS = (
    "8 convolutions on Fashion-MNIST of 14x14 pixels, batch 100, rate 0.1, momentum "
    "0.9, 3,000 updates; one training tested by each rule every 100 updates, in test "
    "batches of 1,000; 10 seeds, a CPU"
)


def level(arrays: Mapping[str, np.ndarray], name: str) -> float:
    """Return the mean accuracy of the last tests by a convention."""
    return mean_of(arrays, name, slice(-LAST, None))


def mean_of(arrays: Mapping[str, np.ndarray], name: str, tests: slice) -> float:
    """Return the mean accuracy of these tests by a convention."""
    return float(arrays[f"accuracy/{name}"][tests].mean(dtype=np.float64))


def jump(arrays: Mapping[str, np.ndarray], name: str) -> float:
    """Return the deviation of their differences, each from the test before."""
    last = arrays[f"accuracy/{name}"][-LAST:].astype(np.float64)
    return float(np.diff(last).std(ddof=1))


def level_of(name: str, experiment: str = FAST) -> Reading:
    """Return the levels by seed."""
    return Reading(experiment, partial(level, name=name))


def jump_of(name: str, experiment: str = FAST) -> Reading:
    """Return the jumps by seed."""
    return Reading(experiment, partial(jump, name=name))


def comparisons(
    trio: tuple[str, str, str], experiment: str, in_points: bool
) -> tuple[Effect, ...]:
    """Return the four orders that the source sees, each as an effect."""
    jumps = [jump_of(name, experiment) for name in trio]
    levels = [level_of(name, experiment) for name in trio]
    unit, size, between = (
        ("points", HALF_POINT, "−")
        if in_points
        else ("times", HALF_AS_MUCH_AGAIN, "over")
    )
    return (
        Effect(jumps[0], jumps[1], size, f"jump: 1 {between} 2", unit),
        Effect(jumps[1], jumps[2], size, f"jump: 2 {between} 3", unit),
        Effect(levels[1], levels[0], HALF_POINT, "level: 1 − 2", shown_as=-1),
        Effect(levels[2], levels[0], HALF_POINT, "level: 1 − 3", shown_as=-1),
    )


def orders(
    records: Records,
    trio: tuple[str, str, str] = DATED,
    experiment: str = FAST,
    in_points: bool = False,
) -> tuple[Word, tuple[tuple[str, str], ...]]:
    """Try the four orders; Holm's method shares the level among them."""
    effects = comparisons(trio, experiment, in_points)
    trials = [effect.on(records) for effect in effects]
    shown = tuple(number for trial in trials for number in trial.numbers)
    if any(trial.p is None for trial in trials):
        return Word.UNDECIDED, shown
    levels = holm_levels({n: trial.p for n, trial in enumerate(trials)}, LEVEL)
    sizes = [
        size_of(effect.differences(records), effect.smallest, levels[n])
        for n, effect in enumerate(effects)
    ]
    return word_of(sizes), shown


def word_of(sizes: list[Size]) -> Word:
    """Return the word for four orders of these sizes."""
    if all(size is Size.BETTER for size in sizes):
        return Word.REPRODUCED
    if any(size in (Size.BETTER, Size.SMALL) for size in sizes):
        return Word.IN_DIRECTION
    return Word.UNDECIDED if Size.OPEN in sizes else Word.NOT_REPRODUCED


def slow_jumps(experiment: str = FAST) -> Effect:
    """A memory of many batches makes for jumpier accuracy than the last batch."""
    return Effect(
        jump_of("caffe-2015-11", experiment),
        jump_of("windows-2015-06", experiment),
        HALF_AS_MUCH_AGAIN,
        "jump: weight 0.001 of a new batch over weight 0.95",
        "times",
    )


def start_costs(tests: slice, experiment: str = FAST) -> Effect:
    """A start at zero that is not taken out makes for a lower accuracy."""
    arms = (
        Reading(experiment, partial(mean_of, name=name, tests=tests))
        for name in ("caffe-2015-11", "cudnn-2015-11")
    )
    return Effect(*arms, HALF_POINT, "test accuracy: debiased − not")


CLAIMS = (
    Claim(
        id="A15",
        source="habr2016batch",
        place="lines 116 to 127",
        says="Of three implementations for Caffe the oldest is less accurate than the "
        "other two; test accuracy jumps from iteration to iteration with the older "
        "two, most with the oldest.",
        setting="CIFAR-10, a GeForce 740M, a graph without numbers; which revisions "
        "were tried is told by three dates",
        ours=OURS,
        chapter="implementations",
        experiment=FAST,
        rule=Holds(
            "Four orders, with 1 for Caffe of February 2015, 2 for caffe-windows of "
            "March, 3 for cuDNN of November: the jump of 1 is at least 1.5 times that "
            "of 2, that of 2 at least 1.5 times that of 3; the level of 1 is at least "
            "0.5 points below that of 2 and below that of 3; each with p < 0.05, by "
            "Holm's method over the four. As claimed if all are right; in direction "
            "if some are, a smaller difference of the claimed sign included; not "
            "if none is and none is open; else undecided.",
            orders,
        ),
        variants={
            "later revisions": Holds(
                "The same of later ones.", partial(orders, trio=LATER)
            ),
            "the latest before the source": Holds(
                "The same of the last ones.", partial(orders, trio=LATEST)
            ),
            "a rate of 0.01, 5 seeds": Holds(
                "The same at that rate.", partial(orders, experiment=SLOW)
            ),
            "jumps in points, 0.5 at least": Holds(
                "The same with differences of jumps.", partial(orders, in_points=True)
            ),
        },
    ),
    Claim(
        id="slow-memory-jumps",
        source=BOOK,
        says="At a constant rate test accuracy jumps more with a memory that gives a "
        "new batch 0.001 than with one that gives it 0.95.",
        ours=OURS,
        chapter="implementations",
        experiment=FAST,
        rule=slow_jumps(),
        variants={"a rate of 0.01, 5 seeds": slow_jumps(SLOW)},
    ),
    Claim(
        id="start-at-zero",
        source=BOOK,
        says="A slow memory that starts at 0 and is not debiased tests worse over the "
        "first 1,000 updates than the same one debiased.",
        ours=OURS,
        chapter="implementations",
        experiment=FAST,
        rule=start_costs(FIRST_TEN),
        variants={
            "updates 2,600 to 3,000": start_costs(LAST_FIVE),
            "a rate of 0.01, 5 seeds": start_costs(FIRST_TEN, SLOW),
        },
    ),
)
