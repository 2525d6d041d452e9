"""What is said of clipped gradients, augmented copies, and dropout behind the layer.

Rates were chosen on validation images with seeds 0 and 1; what decides has seeds from
10 on. The rules on recorded runs were written before these. A trial with seed 0 showed
that accuracy on the way does not tell how many updates are saved, since it jumps when
the rate falls; so whole schedules of fewer updates are asked.
"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from normlab.evidence.claim import OURS as BOOK
from normlab.evidence.claim import Claim
from normlab.evidence.claims.schedules import Of, reached
from normlab.evidence.records import Arm, Records, arm
from normlab.evidence.rules import HALF_A_POINT, Effect, Holds, NoWorse, Rule
from normlab.evidence.words import Word
from normlab.layers import IndependentComponent
from normlab.runs.batch_augmentation import (
    BEST,
    FEWER,
    LONGER,
    SECOND,
    SHORTER,
    UPDATES,
    chosen,
)
from normlab.runs.config import Run
from normlab.runs.contenders import BEST as RACE_BEST
from normlab.runs.contenders import entry
from normlab.runs.scaled_weights import AT_SECOND as BOTH_AT_SECOND
from normlab.runs.scaled_weights import BOTH

POINT = 0.01  # what "match" may hide
AS_ACCURATE = 0.001  # what "the same accuracy" may hide
SOONER = math.log(UPDATES / FEWER)  # 1.25, of updates
BEFORE_THE_FALL = range(800, 1001, 50)  # updates, while the rate is whole
PRIMARY, AT_SECOND, ELSE = (
    f"batch-augmentation{end}" for end in ("", "-second", "-others")
)
MEASURE = "test accuracy, recomputed statistics"
# What tells runs apart, but for seeds.
TOLD = ("model", "norm", "transform", "augment", "batch_size", "lr", "steps")
OURS = (
    "eight normalized convolutions on Fashion-MNIST at 14 by 14 pixels, 1,500 updates "
    "of 64 images, shifts by up to 2 of 28 pixels and flips; momentum 0.9, each at its "
    "best rate, cooled at the end; {} seeds, a CPU; four copies are four times as many "
    "passes through the network"
)
Numbers = tuple[tuple[str, str], ...]


def told(run: Run) -> dict:
    """Return what tells the run from others of its experiment, but for the seed."""
    return {field: getattr(run, field) for field in TOLD}


def at_the_end(run: Run, where: str) -> Arm:
    """Return an arm: test accuracy after the last update."""
    at = {"split": "test", "statistics": "recomputed"}
    return arm(where, "accuracy", **at, **told(run))


def matches(margin: float = POINT, both: Run = BOTH) -> Rule:
    """Scaled weights and clipped gradients do as well as batch normalization."""
    without = at_the_end(both, "scaled-weights")
    normalized = entry("batch_128", RACE_BEST["batch_128"])
    sides = without, Of(at_the_end(normalized, "race"), without)
    return NoWorse(*sides, margin, f"{MEASURE}: without − with batch normalization")


def score(
    name: str,
    steps: int = UPDATES,
    where: str = PRIMARY,
    rates: dict[str, float] = BEST,
) -> Arm:
    """Return an arm: test accuracy with so many copies, or without."""
    return at_the_end(chosen(name, rates, steps), where)


def of(*, second: bool) -> dict:
    """Return where the runs at the best or the second-best rates are."""
    return {"where": AT_SECOND, "rates": SECOND} if second else {}


def better(*, second: bool = False) -> Rule:
    """Four copies end above one, after as many updates."""
    sides = (score(name, **of(second=second)) for name in ("four", "one"))
    return Effect(*sides, HALF_A_POINT, f"{MEASURE}: four copies − one")


def fewer(*, second: bool = False) -> Rule:
    """Four copies come as far in a whole schedule of four fifths of the updates."""
    at = of(second=second)
    what = f"{MEASURE}: four copies in {FEWER:,} updates − one in {UPDATES:,}"
    return NoWorse(score("four", FEWER, **at), score("one", **at), AS_ACCURATE, what)


@dataclass(frozen=True)
class UpdatesTo:
    """After how many updates an arm is where one copy is before the rate falls.

    That is the mean of its curves over ``BEFORE_THE_FALL``.

    Args:
        name: of the arm.
    """

    name: str

    def __call__(self, records: Records) -> pd.Series:
        """Return them by seed."""
        level = np.mean(
            [
                accuracy[np.isin(steps, BEFORE_THE_FALL)].mean()
                for steps, accuracy in curves(records, "one").values()
            ]
        )
        own = curves(records, self.name)
        return pd.Series({seed: reached(*c, level) for seed, c in own.items()})


def curves(records: Records, name: str) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Return (updates, accuracy on few validation images) of an arm, by seed."""
    names = "few/steps", "few/accuracy"
    found = records.arrays(PRIMARY, *names, **told(chosen(name)))
    return {seed: tuple(a[name] for name in names) for seed, a in found.items()}


def sooner() -> Rule:
    """Four copies are sooner at what one copy has before the rate falls."""
    what = "updates to what one copy has before its rate falls: one copy / four"
    return Effect(UpdatesTo("one"), UpdatesTo("four"), SOONER, what, "times")


def longer_is_better() -> Rule:
    """As many passes in four times the updates, one copy each, end higher."""
    longer = score("one", LONGER, ELSE)
    what = f"{MEASURE}: one copy in {LONGER:,} updates − four in {UPDATES:,}"
    return Effect(longer, Of(score("four"), longer), HALF_A_POINT, what)


def at_a_quarter() -> Rule:
    """The same of a quarter of the passes."""
    shorter = score("four", SHORTER, ELSE)
    what = f"{MEASURE}: one copy in {UPDATES:,} updates − four in {SHORTER:,}"
    return Effect(Of(score("one"), shorter), shorter, HALF_A_POINT, what)


def distinct_is_better() -> Rule:
    """As many images a batch, all of them different, end higher."""
    distinct = score("distinct", where=ELSE)
    what = f"{MEASURE}: 256 different images − 64 in four copies"
    return Effect(distinct, Of(score("four"), distinct), HALF_A_POINT, what)


DROPPED = (0.05, 0.3, 0.5)  # shares of the values
WITHIN = 0.02  # of what the claim predicts
DRAWS = 1_000_000


def pairs(agree: float = 0.9) -> Tensor:
    """Return made-up pairs of -1 and 1, (N, 2), of which this share are alike."""
    generator = torch.Generator().manual_seed(0)
    first = torch.randint(2, (DRAWS,), generator=generator) * 2 - 1
    alike = torch.rand(DRAWS, generator=generator) < agree
    return torch.stack([first, torch.where(alike, first, -first)], 1).double()


def information(x: Tensor) -> float:
    """Return the mutual information of two columns of few values, in nats."""
    _, first = x[:, 0].unique(return_inverse=True)
    _, second = x[:, 1].unique(return_inverse=True)
    counts = torch.bincount(first * (second.max() + 1) + second).double()
    joint = counts.view(int(first.max()) + 1, -1) / len(x)
    apart = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
    there = joint > 0
    return (joint[there] * (joint[there] / apart[there]).log()).sum().item()


def correlation(x: Tensor) -> float:
    """Return the correlation of two columns."""
    return torch.corrcoef(x.T)[0, 1].item()


def less_dependent(_: Records) -> tuple[Word, Numbers]:
    """Let pairs pass the layer: what is left of how far they depend on each other."""
    x, numbers, holds = pairs(), [], True
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for p in DROPPED:
            y = IndependentComponent(2, p).double()(x)
            for measure, name, left in (
                (correlation, "correlation", 1 - p),
                (information, "mutual information", (1 - p) ** 2),
            ):
                found = measure(y) / measure(x)
                holds &= abs(found / left - 1) < WITHIN
                what = f"{name} left, {p:.0%} dropped"
                numbers.append((what, f"{found:.3f}, predicted {left:.3f}"))
    return (Word.REPRODUCED if holds else Word.NOT_REPRODUCED), tuple(numbers)


_copies = partial(
    Claim,
    source="hoffer2020augment",
    place="abstract",
    setting="a wide variety of deep networks and data sets",
    ours=OURS.format(8),
    chapter="without-batch-norm",
    experiment=PRIMARY,
)
_compute = partial(
    Claim,
    source=BOOK,
    ours=OURS.format(5),
    chapter="without-batch-norm",
    experiment=ELSE,
)
RATES = "each at its second-best rate"

CLAIMS = (
    Claim(
        id="brock2021-match",
        source="brock2021high",
        place="abstract",
        says="Networks without normalization whose gradients are clipped adaptively "
        "match the accuracy of the best normalized ones.",
        setting="ImageNet, residual networks with scaled weights made for it",
        ours="eight convolutions on Fashion-MNIST at 14 by 14 pixels, 1,400 updates of "
        "128 images; scaled weights, gradients clipped at 0.1, against batch "
        "normalization; momentum 0.9, each at its best rate, cooled at the end; "
        "5 seeds, a CPU",
        chapter="without-batch-norm",
        experiment="scaled-weights",
        rule=matches(),
        variants={
            "half a point": matches(HALF_A_POINT),
            "scaled and clipped at the second-best rate": matches(both=BOTH_AT_SECOND),
        },
    ),
    _copies(
        id="E10",
        says="Several augmented copies of each example in a batch save updates on the "
        "way to the same accuracy.",
        rule=fewer(),
        variants={RATES: fewer(second=True), "on the way": sooner()},
    ),
    _copies(
        id="E10-better",
        says="Several augmented copies of each example in a batch improve "
        "generalization.",
        rule=better(),
        variants={RATES: better(second=True)},
    ),
    _compute(
        id="copies-updates",
        says="For as many passes of an image through the network, four times the "
        "updates with one augmented copy each are better than four copies a batch.",
        rule=longer_is_better(),
        variants={"a quarter of the passes": at_a_quarter()},
    ),
    _compute(
        id="copies-distinct",
        says="A batch of four times as many different images is better than one of "
        "four copies.",
        rule=distinct_is_better(),
    ),
    Claim(
        id="E11",
        source="chen2019rethinking",
        place="abstract",
        says="Batch normalization and dropout before the weights: dropout reduces the "
        "mutual information of any two values quadratically, and their correlation "
        "linearly, in its parameter, which is the share that is kept.",
        setting="a theorem",
        ours="a million made-up pairs of two-valued numbers, of which 90% are alike, "
        "through the layer",
        chapter="without-batch-norm",
        rule=Holds(
            f"With {', '.join(f'{p:.0%}' for p in DROPPED)} dropped, the correlation "
            "left is the share that is kept, and the mutual information left its "
            f"square, each within {WITHIN:.0%}.",
            less_dependent,
        ),
    ),
)
