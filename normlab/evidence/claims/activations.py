"""What is said of the activations while a network learns, and of what drives them."""

import math
from collections.abc import Sequence
from functools import partial

from normlab.evidence import snapshots as read
from normlab.evidence.claim import OURS as BOOK
from normlab.evidence.claim import Claim
from normlab.evidence.records import Reading, Records
from normlab.evidence.rules import (
    FEW,
    FEWEST,
    All,
    Column,
    Effect,
    Holds,
    Rule,
    Same,
)
from normlab.evidence.single_units import MiddleUnit
from normlab.evidence.words import Word

LENET = "LeNet with sigmoids, batch 256, rate 1.0, 10 epochs, 5 seeds, a CPU"
PAPERS = (
    "the paper's network on Fashion-MNIST at the rate 0.1, 50,000 steps, 5 seeds; all "
    "100 units of the last hidden layer together"
)
AT_ONCE, LONG = 10, 200  # steps; losses are kept as means of 5 steps, no finer
FACTOR = math.log(1.5)  # the smallest that counts, as for numbers of steps
MANY = 0.05  # a share of flat values that we call many
WITHOUT = (("norm", "none"),)
WITH = (("norm", "torch_batch"), ("weight_decay", 0.0))
WITH_LENET = (*WITH, ("init", "xavier"))


def _without(reading, experiment: str = "inside", **how) -> Reading:
    return Reading(experiment, partial(reading, **how) if how else reading, WITHOUT)


def _with(reading, experiment: str = "inside", **how) -> Reading:
    settings = WITH_LENET if experiment == "inside" else WITH
    return Reading(experiment, partial(reading, **how) if how else reading, settings)


def _times(more: Column, less: Column, what: str, least: float = FACTOR) -> Effect:
    return Effect(more, less, least, what, "times")


def _fluctuates(experiment: str = "inside-toy", **how) -> Rule:
    """Without, the median moves more than with at first, and more than later."""
    early = _without(read.early_move, experiment, **how)
    return All(
        (
            _times(
                early,
                _with(read.early_move, experiment, **how),
                "movement between snapshots, first half of the training, without over "
                "with",
            ),
            _times(
                early,
                _without(read.late_move, experiment, **how),
                "movement between snapshots, without, first half over second",
            ),
        )
    )


def flat_before_learning(records: Records):
    """Whether many values are flat while the loss without the layer stands still."""
    shares = [
        read.flat_while_waiting(a)
        for a in records.arrays("inside", **dict(WITHOUT)).values()
    ]
    shown = ("largest share of flat values before", f"{100 * max(shares):.1f}%")
    return _many(shares, shares), (shown, ("seeds", str(len(shares))))


def steep_before_learning(records: Records, slope: float):
    """The same where flat means less than this share of the greatest slope."""
    edge = 2 * math.acosh(slope**-0.5)
    shares = [
        read.share_beyond(a, edge)
        for a in records.arrays("inside", **dict(WITHOUT)).values()
    ]
    at_least, at_most = zip(*shares, strict=True)
    between = f"{max(at_least):.0%} to {max(at_most):.0%}"
    shown = (f"share beyond ±{edge:.2f} before, by the percentiles", between)
    return _many(at_least, at_most), (shown,)


def _many(at_least: Sequence[float], at_most: Sequence[float]) -> Word:
    if len(at_least) < FEWEST:
        return Word.UNDECIDED
    if min(at_least) >= MANY:
        return Word.IN_DIRECTION
    return Word.NOT_REPRODUCED if max(at_most) < MANY else Word.UNDECIDED


def falls_at_once(records: Records):
    """Whether the loss falls in the first steps with the layer, and late without."""
    with_, without = (
        column(records) for column in (_with(read.learns_at), _without(read.learns_at))
    )
    shown = tuple(
        (f"steps until the loss is below {read.LEARNS:g} nats, {name}", _range(steps))
        for name, steps in (("with", with_), ("without", without))
    )
    if min(len(with_), len(without)) < FEWEST:
        return Word.UNDECIDED, shown
    if with_.max() <= AT_ONCE and without.min() >= LONG:
        return Word.REPRODUCED, shown
    later = without.min() > with_.max()
    return (Word.IN_DIRECTION if later else Word.NOT_REPRODUCED), shown


def _range(steps) -> str:
    return f"{steps.min():.0f} to {steps.max():.0f}"


_AT_ONCE = (
    f"In every seed at most {AT_ONCE} steps with the layer and at least {LONG} "
    "without; in direction if every seed without it takes more steps than any with it. "
    f"With {FEW} undecided."
)
_DELAY = (
    f"Of LeNet without the layer, before its loss is below {read.LEARNS:g} nats: not "
    f"so if in every seed fewer than {MANY:.0%} of the values are flat, in any layer "
    f"and snapshot; in direction if in every seed at least {MANY:.0%} are, since what "
    f"is seen together need not be cause and effect, and no more than that can come "
    f"out; else, and with {FEW}, undecided."
)

CLAIMS = (
    Claim(
        id="C8",
        source="kilcher2019batch",
        place="on the results, near the end",
        says=(
            "Without the layer the activations fluctuate much, especially at the "
            "beginning of the training; with it there is no such thing."
        ),
        setting=(
            "the paper's figure: 15th, 50th and 85th percentile of one typical sigmoid "
            "of the last hidden layer, MNIST, 50,000 steps"
        ),
        ours=f"{PAPERS}; only sizes are compared, not whether anything moves at all",
        chapter="activations",
        experiment="inside-toy",
        rule=_fluctuates(),
        variants={
            "the layer's width as the unit": _fluctuates(in_widths=True),
            "all three percentiles": _fluctuates(which=(15, 50, 85)),
            "the first hidden layer": _fluctuates(layer=0),
            "the first 200 steps alone": _times(
                _without(read.first_way, "inside-toy", until=200),
                _with(read.first_way, "inside-toy", until=200),
                "the median's way in 200 steps, without over with",
            ),
            "single units in the first 120 steps": _times(
                MiddleUnit("none"),
                MiddleUnit("torch_batch"),
                "way of the median of the unit in the middle, without over with",
            ),
            "LeNet": _fluctuates("inside"),
            "LeNet's first layer": _fluctuates("inside", layer=0),
        },
    ),
    Claim(
        id="no-wait",
        source=BOOK,
        says=(
            f"With the layer the loss of LeNet is below {read.LEARNS:g} nats within "
            f"the first {AT_ONCE} steps; without it it takes hundreds."
        ),
        ours=LENET,
        chapter="activations",
        experiment="inside",
        rule=Holds(_AT_ONCE, falls_at_once),
    ),
    Claim(
        id="river-opens",
        source=BOOK,
        says=(
            "Without the layer what enters the sigmoids spreads at about the step at "
            "which the loss begins to fall."
        ),
        ours=LENET,
        chapter="activations",
        experiment="inside",
        rule=Same(
            _without(read.opens_at, layer=1),
            _without(read.learns_at),
            FACTOR,
            "step at which the second layer's width has doubled, over that at which "
            f"the loss is below {read.LEARNS:g} nats",
            "times",
        ),
        variants={
            f"layer {layer + 1}": Same(
                _without(read.opens_at, layer=layer),
                _without(read.learns_at),
                FACTOR,
                "the same step of another layer, over that of the loss",
                "times",
            )
            for layer in (0, 2, 3)
        },
    ),
    Claim(
        id="calm-before",
        source=BOOK,
        says=(
            "What enters the last of the normalizers moves less for its width than "
            "what enters the last sigmoids of a network without the layer."
        ),
        ours=LENET,
        chapter="before-the-layer",
        experiment="inside",
        rule=_times(
            _without(read.early_move, in_widths=True),
            _with(read.early_move, in_widths=True, where="pre"),
            "movement in the first half, last layer, without over before the layer",
        ),
        variants={
            f"layer {layer + 1}": _times(
                _without(read.early_move, in_widths=True, layer=layer),
                _with(read.early_move, in_widths=True, layer=layer, where="pre"),
                "the same of another layer",
            )
            for layer in (0, 1, 2)
        },
    ),
    Claim(
        id="drift",
        source=BOOK,
        says=(
            "What moves without the layer drifts in one direction; from one snapshot "
            "to the next, two thousand steps later, it does not go up and down."
        ),
        ours=PAPERS,
        chapter="papers-figure",
        experiment="inside-toy",
        rule=Same(
            _without(read.way, "inside-toy"),
            _without(read.distance, "inside-toy"),
            FACTOR,
            "the median's way over the distance from its start to its end",
            "times",
        ),
        variants={
            "LeNet": Same(
                _without(read.way),
                _without(read.distance),
                FACTOR,
                "the median's way over its distance, LeNet",
                "times",
            )
        },
    ),
    Claim(
        id="widens",
        source=BOOK,
        says=(
            "With the layer not everything settles: what enters the last sigmoids "
            "spreads further in the second half of the training."
        ),
        ours=PAPERS,
        chapter="papers-figure",
        experiment="inside-toy",
        rule=_times(
            _with(read.width_at, "inside-toy", part=1.0),
            _with(read.width_at, "inside-toy", part=0.5),
            "pooled width with the layer, end over middle of the training",
            math.log(1.05),
        ),
        variants={
            "LeNet": _times(
                _with(read.width_at, part=1.0),
                _with(read.width_at, part=0.5),
                "the same of LeNet",
                math.log(1.05),
            )
        },
    ),
    Claim(
        id="C14-flat",
        source="ioffe2015batch",
        place="section 1",
        says=(
            "Changes of the weights are likely to move many values into the saturated "
            "regime; where the inputs are kept stable fewer should be stuck there."
        ),
        setting="an argument about sigmoids; no numbers",
        ours=LENET,
        chapter="saturation",
        experiment="inside",
        rule=Effect(
            _without(read.flat_at_end, layers=(0, 1, 2, 3)),
            _with(read.flat_at_end, layers=(0, 1, 2, 3)),
            MANY,
            "share of flat values at the end, mean of the four layers: without − with",
        ),
        variants={
            "layers 1 and 2": Effect(
                _without(read.flat_at_end, layers=(0, 1)),
                _with(read.flat_at_end, layers=(0, 1)),
                MANY,
                "the same of the first two layers",
            ),
            "layers 3 and 4": Effect(
                _without(read.flat_at_end, layers=(2, 3)),
                _with(read.flat_at_end, layers=(2, 3)),
                MANY,
                "the same of the last two layers",
            ),
        },
    ),
    Claim(
        id="C14-delay",
        source="ioffe2015batch",
        place="section 1",
        says=(
            "Saturation slows the training down; without it training would be faster. "
            "Tried of the wait alone: whether many values are flat before learning "
            "begins."
        ),
        setting="an argument about sigmoids; no numbers",
        ours=LENET,
        chapter="saturation",
        experiment="inside",
        rule=Holds(_DELAY, flat_before_learning),
        variants={
            "a slope below 10% as flat": Holds(
                "The same with a slope below 10% of the greatest.",
                partial(steep_before_learning, slope=0.1),
            )
        },
    ),
    Claim(
        id="gradient-fades",
        source=BOOK,
        says=(
            "While the loss without the layer stands still, the first layer's gradient "
            "is far smaller than the fourth's."
        ),
        ours=LENET,
        chapter="updates-and-gradients",
        experiment="inside",
        rule=_times(
            _without(read.gradient, layer=3),
            _without(read.gradient, layer=0),
            "gradient before the loss falls, fourth layer over first",
        ),
    ),
    Claim(
        id="gradients-apart",
        source=BOOK,
        says="With the layer the gradients of the four layers are closer together.",
        ours=LENET,
        chapter="updates-and-gradients",
        experiment="inside",
        rule=_times(
            _without(read.gradients_apart),
            _with(read.gradients_apart),
            "largest over smallest layer's gradient, mean over the training, without "
            "over with",
        ),
        variants={
            "the second half of the training alone": _times(
                _without(read.gradients_apart, after=0.5),
                _with(read.gradients_apart, after=0.5),
                "the same in the second half",
            )
        },
    ),
    Claim(
        id="update-ratio",
        source="karpathy2022makemore",
        place="on the ratio of updates to data",
        says=(
            "Where training goes well a step changes the weights by roughly a "
            "thousandth of their size."
        ),
        setting="a character model with tanh; a rule of thumb",
        ours=LENET,
        chapter="updates-and-gradients",
        experiment="inside",
        rule=All(
            tuple(
                Same(
                    arm(read.update_ratio),
                    arm(read.always, value=1e-3),
                    math.log(10) / 2,  # half an order of magnitude
                    f"update over weights, {name}, second half, over one thousandth",
                    "times",
                )
                for name, arm in (("without", _without), ("with", _with))
            )
        ),
    ),
)
