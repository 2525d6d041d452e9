"""What is said of networks of more than a hundred layers.

Rates were chosen on validation images with seed 0; what decides has seeds from 10 on.
The rules were written before these runs.
"""

from functools import partial

from normlab.evidence.claim import Claim
from normlab.evidence.records import Arm, Records, arm, told
from normlab.evidence.rules import FEWEST, Effect, Holds
from normlab.evidence.words import Word
from normlab.runs.residual import BEST, trained

TRAINS = 0.6  # accuracy from which on a network is said to train
POINT = 0.01  # of accuracy
TOLD = ("model", "norm", "init", "lr")  # what tells arms apart
CALLED = {
    "batch": "the layer and shortcuts",
    "closed": "the same, last gamma 0",
    "none": "shortcuts alone",
    "scaled": "shortcuts, branches scaled",
    "learned": "shortcuts, a learned scale from 0",
    "plain": "the layer alone",
}


def score(name: str) -> Arm:
    """Return an arm: test accuracy at the end."""
    run = trained(name, BEST[name])
    at = {"split": "test", "statistics": "recomputed"}
    return arm("residual", "accuracy", **at, **told(run, *TOLD))


def together(
    records: Records, others: tuple[str, ...] = ("none",)
) -> tuple[Word, tuple[tuple[str, str], ...]]:
    """Whether layer and shortcuts train in every seed, and the others in none."""
    scores = {name: score(name)(records) for name in ("batch", *others)}
    numbers = tuple(
        (CALLED[name], f"{100 * s.min():.1f}% to {100 * s.max():.1f}%")
        for name, s in scores.items()
    )
    if min(map(len, scores.values())) < FEWEST:
        return Word.UNDECIDED, numbers
    trains = {name: (s >= TRAINS) for name, s in scores.items()}
    if not trains["batch"].any() or any(trains[n].all() for n in others):
        return Word.NOT_REPRODUCED, numbers
    if trains["batch"].all() and not any(trains[n].any() for n in others):
        return Word.REPRODUCED, numbers
    return Word.UNDECIDED, numbers


def needed_beside(others: tuple[str, ...]) -> Holds:
    """Layer and shortcuts train, and these do not."""
    named = ", ".join(CALLED[name] for name in others)
    return Holds(
        f"As claimed if the network with {CALLED['batch']} is right on {TRAINS:.0%} of "
        f"the test images in every seed, and in none of: {named}. Not so if it is in "
        "no seed, or one of these in every seed; else undecided.",
        partial(together, others=others),
    )


_tried = partial(
    Claim,
    ours="110 layers of 8 channels on 20,000 images of Fashion-MNIST at 14 by 14 "
    "pixels, 312 updates of 128; He’s weights, momentum 0.9, each at the "
    "best rate of its grid, cooled at the end; 5 seeds, a CPU",
    chapter="residual",
    experiment="residual",
)
CLAIMS = (
    _tried(
        id="B7",
        source="richtux2021deep",
        place="line 5",
        says="Together with residual connections the layer lets one train networks "
        "of more than 100 layers.",
        rule=needed_beside(("none",)),
        variants={
            "and not the layer alone": needed_beside(("none", "plain")),
            "and not with a learned scale": needed_beside(("none", "learned")),
            "and not with scaled branches": needed_beside(("none", "scaled")),
        },
    ),
    _tried(
        id="goyal2017-gamma",
        source="goyal2017accurate",
        place="section 5.1",
        says="Setting gamma of the last layer of each branch to 0 at the start helps.",
        setting="ResNet-50 on ImageNet, large batches",
        rule=Effect(
            score("closed"),
            score("batch"),
            POINT,
            f"test accuracy: {CALLED['batch']}, last gamma 0 − with last gamma 1",
        ),
    ),
)
