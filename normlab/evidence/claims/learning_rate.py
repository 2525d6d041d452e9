"""What is said of large learning rates, first weights, and steps that are saved.

The rules were written before the runs that decide. Rates were chosen on validation
images with seeds 0 to 2; what decides has seeds from 10 on.
"""

import math
from functools import partial

import pandas as pd

from normlab.evidence.claim import Claim
from normlab.evidence.grids import (
    LargestRate,
    OnGrid,
    StepsTo,
    Width,
    accuracies,
)
from normlab.evidence.records import Arm, Records, arm
from normlab.evidence.rules import FEW, FEWEST, Effect, Holds, Rule
from normlab.evidence.words import Word
from normlab.runs.chosen_rates import (
    RATE_OF_GAIN,
    RATE_WITHOUT,
    SECOND_RATE_WITHOUT,
)
from normlab.runs.rate_steps import GROWTH, times

POINT = 0.01  # of accuracy
QUARTER, HALF = math.log(10) / 4, 0.5  # a step of each grid: of rates, of decades of k
BETTER = 0.005  # of accuracy: the smallest difference that counts on the deep network
LEARNS = 0.80  # accuracy of eight layers of sigmoids
CHANCE = (0.09, 0.12)

_SHORT = "Fashion-MNIST, 1,000 updates of 64 images at a constant rate, a CPU"
RELU = f"LeNet with ReLU on {_SHORT}, 10 seeds"
SIGMOID = f"LeNet with sigmoids and LeCun's first weights on {_SHORT}, 5 seeds"
DEEP = (
    "eight convolutions with ReLU on Fashion-MNIST at 14 by 14 pixels, 1,950 updates "
    "of 128 images, momentum 0.9, constant rates, 10 seeds, a CPU; without the layer "
    "at its best rate, with it at 5 times that"
)
PAPERS = "Inception on ImageNet"


def bears_more(experiment: str, points: int = 2) -> Rule:
    """The largest rate that is about as good as the best is larger with the layer."""
    sides = (
        LargestRate(experiment, norm, points * POINT)
        for norm in ("torch_batch", "none")
    )
    return OnGrid(
        *sides,
        math.log(2),
        f"largest rate within {points} points of the best, with over without",
        "times",
        grid_step=QUARTER,
        edge="the grid ends within these points, with and without",
    )


def wider(*, one_rate: bool = False) -> Rule:
    """Over more decades of k accuracy is about as good as at the best with the layer.

    ``one_rate`` takes the best rate of k = 1 for all.
    """
    sides = (
        Width("rate-width", norm, _rates(norm, one_rate), 2 * POINT)
        for norm in ("torch_batch", "none")
    )
    return OnGrid(
        *sides,
        HALF,
        "decades of k within 2 points of the best, with − without",
        "more",
        grid_step=HALF,
        edge="the range goes on where the grid ends, with and without",
    )


def _rates(norm: str, one_rate: bool) -> tuple[tuple[float, float], ...]:
    of_gain = RATE_OF_GAIN["lenet_relu", norm]
    return tuple((k, of_gain[1.0] if one_rate else lr) for k, lr in of_gain.items())


def sooner(
    number: float,
    *,
    points: float = 1,
    factor: int = 5,
    without: float = RATE_WITHOUT,
) -> Rule:
    """The layer is at the target after fewer updates, by a half at least."""
    to_target = partial(StepsTo, "rate-steps", target_lr=without, below=points * POINT)
    return OnGrid(
        to_target("none", without),
        to_target("torch_batch", times(factor)),
        math.log(1.5),
        f"updates to {points:g} point{'' if points == 1 else 's'} below what no "
        "normalizer comes to, without over with",
        "times",
        math.log(number),
        grid_step=math.log(GROWTH),
        edge="never there, which counts as the last update, without and with",
    )


def steps_otherwise(number: float) -> dict[str, Rule]:
    """Return the same with other targets and other rates."""
    targets = {
        f"a target {points:g} points below": sooner(number, points=points)
        for points in (0.5, 2, 5)
    }
    rates = {
        "with the layer at the same rate": sooner(number, factor=1),
        "with the layer at 30 times the rate": sooner(number, factor=30),
        "without the layer at its second-best rate": sooner(
            number, without=SECOND_RATE_WITHOUT
        ),
    }
    return targets | rates


def at_the_end(norm: str, lr: float) -> Arm:
    """Return test accuracy at the end of the training."""
    return arm(
        "rate-steps",
        "accuracy",
        split="test",
        statistics="recomputed",
        norm=norm,
        lr=lr,
    )


def better_at_the_end(factor: int = 5, without: float = RATE_WITHOUT) -> Rule:
    """With the layer the test accuracy is higher after the last update."""
    return Effect(
        at_the_end("torch_batch", times(factor)),
        at_the_end("none", without),
        BETTER,
        "test accuracy, recomputed statistics: with − without",
    )


def sigmoids_learn(
    records: Records, *, statistics: str = "recomputed"
) -> tuple[Word, tuple[tuple[str, str], ...]]:
    """Eight layers of sigmoids: chance at every rate without, 80% with.

    With the layer at the rate that is best on validation images.
    """
    settings = {"experiment": "rate-sigmoids", "column": "lr"}
    test = {
        norm: accuracies(
            records, split="test", norm=norm, statistics=statistics, **settings
        )
        for norm in ("torch_batch", "none")
    }
    validation = accuracies(records, split="validation", norm="torch_batch", **settings)
    with_ = test["torch_batch"][validation.mean().idxmax()]
    if len(with_) < FEWEST:
        return Word.UNDECIDED, (("test accuracy", FEW),)
    return _of_sigmoids(with_, test["none"]), (
        ("lowest test accuracy of a seed with the layer", f"{with_.min():.1%}"),
        ("highest without, of all rates and seeds", f"{test['none'].max().max():.1%}"),
    )


def _of_sigmoids(with_: pd.Series, without: pd.DataFrame) -> Word:
    highest = without.max().max()
    if (with_ >= LEARNS).all():
        low, high = CHANCE
        if ((without >= low) & (without <= high)).all(axis=None):
            return Word.REPRODUCED
        learns = (without >= LEARNS).all().any()
        return Word.NOT_REPRODUCED if learns else Word.IN_DIRECTION
    return Word.NOT_REPRODUCED if with_.mean() <= highest else Word.UNDECIDED


SIGMOIDS = (
    "As claimed if with the layer, at its best rate on validation images, every seed "
    "is right about 80% of the test images at least, and without it every seed at "
    "every rate about 9 to 12%, which is chance. In direction if without it some are "
    "above chance, but at no rate all seeds at 80%; not as claimed if at some rate all "
    "are. If the layer's seeds miss 80%: not as claimed if their mean is no higher "
    "than the best run without it, else undecided."
)
_kilcher = partial(Claim, source="kilcher2019batch", chapter="learning-rate")

CLAIMS = (
    _kilcher(
        id="C3",
        place="lines 14 and 36",
        says="Much higher learning rates can be used.",
        setting=f"the paper's: {PAPERS}, 5 and 30 times the rate",
        ours=RELU,
        experiment="rate-line",
        rule=bears_more("rate-line"),
        variants={"within 5 points": bears_more("rate-line", 5)},
    ),
    _kilcher(
        id="C3-sigmoid",
        place="lines 14 and 36",
        says="Much higher learning rates can be used; tried with sigmoids.",
        setting=f"the paper's: {PAPERS}, 5 and 30 times the rate",
        ours=SIGMOID,
        experiment="rate-line-sigmoid",
        rule=bears_more("rate-line-sigmoid"),
        variants={"within 5 points": bears_more("rate-line-sigmoid", 5)},
    ),
    _kilcher(
        id="C4",
        place="line 14",
        says="One may be less careful about the initial weights.",
        setting="the paper's abstract; no numbers",
        ours=f"{RELU}; He's weights times k from 0.03 to 10, each k at its best rate",
        experiment="rate-width",
        rule=wider(),
        variants={"all k at the best rate of k = 1": wider(one_rate=True)},
    ),
    _kilcher(
        id="C14",
        place="line 14",
        says="Networks with saturating nonlinearities are notoriously hard to train; "
        "where the layer keeps its inputs in place they are not.",
        setting="the paper's abstract; no numbers",
        ours="eight hidden layers of 256 sigmoids, LeCun's first weights, on "
        "Fashion-MNIST, 6 rates, 780 updates of 128 images, cooled at the end, 5 "
        "seeds, each of which is a test; a CPU",
        experiment="rate-sigmoids",
        rule=Holds(SIGMOIDS, sigmoids_learn),
        variants={
            "evaluation mode": Holds(
                "The same in evaluation mode.",
                partial(sigmoids_learn, statistics="running"),
            )
        },
    ),
    _kilcher(
        id="C1",
        place="lines 14 and 36",
        says="The same accuracy takes 14 times fewer training steps.",
        setting=f"the paper's: {PAPERS}",
        ours=DEEP,
        experiment="rate-steps",
        rule=sooner(14),
        variants=steps_otherwise(14),
    ),
    _kilcher(
        id="C1-better",
        place="line 14",
        says="In the end the normalized network is better by a significant margin.",
        setting=f"the paper's: {PAPERS}",
        ours=f"{DEEP}; after the last update",
        experiment="rate-steps",
        rule=better_at_the_end(),
        variants={
            "with the layer at the same rate": better_at_the_end(1),
            "with the layer at 30 times the rate": better_at_the_end(30),
            "without the layer at its second-best rate": better_at_the_end(
                without=SECOND_RATE_WITHOUT
            ),
        },
    ),
    Claim(
        id="A4",
        source="habr2016batch",
        place="line 35",
        says="Inception with batch normalization learned 15 times faster.",
        setting="ImageNet, a graph and a table of the method's authors",
        ours=DEEP,
        chapter="learning-rate",
        experiment="rate-steps",
        rule=sooner(15),
        variants=steps_otherwise(15),
    ),
    Claim(
        id="A4-better",
        source="habr2016batch",
        place="line 35",
        says="It was even more accurate in the end.",
        setting="ImageNet, a graph and a table of the method's authors",
        ours="",
        reason="It is said of the same figure as C1-better, which is tried.",
        see="C1-better",
    ),
)
