"""What is said of gamma and beta, and what our recorded trainings show of them."""

from functools import partial

import numpy as np

from normlab.evidence.claim import OURS, Claim
from normlab.evidence.intervals import UNITS
from normlab.evidence.learned import (
    PRINTED,
    Half,
    Learned,
    below_zero_last,
    closest_apart,
    last_spread,
    layers_apart,
    means_above_one,
    printed_places,
    share_below_zero,
    stays_positive,
)
from normlab.evidence.rules import Holds, Number, Same

HERE = "LeNet with sigmoids, PyTorch's layer, batch 256, rate 1.0, 10 epochs, 5 seeds"
THEIRS = "the same with a hand-written layer, one run, a GPU"
_FILED = {"ours": HERE, "chapter": "gamma-and-beta", "experiment": "inside"}
_APART = (
    "The standard deviation between the layers' means is at least twice the largest "
    "one between trainings; as claimed then, and not where it is no larger."
)
_CLOSEST = "The same of the two layers that are least apart."


def _printed(what: str) -> dict:
    """What the claims on the six gammas and the six betas have in common."""
    six = np.array(PRINTED[what])
    return {
        "source": "richtux2021deep",
        "setting": THEIRS,
        "rule": Holds(
            "All six, sorted, lie where those of one further run of ours would fall "
            "with 95% probability, and half of each such range is at most as long as "
            "the value in its middle; undecided where one is longer.",
            partial(printed_places, what),
            claimed=", ".join(UNITS[""].show(value, 4) for value in PRINTED[what]),
        ),
        "variants": {
            "their mean": Number(Learned(what, 0), float(six.mean()), f"mean {what}"),
            "their spread": Number(
                Learned(what, 0, last_spread), float(six.std()), f"spread of {what}"
            ),
        },
    } | _FILED


def _layers(what: str) -> dict:
    return {
        "source": OURS,
        "rule": Holds(_APART, partial(layers_apart, what)),
        "variants": {
            "the two closest layers": Holds(_CLOSEST, partial(closest_apart, what))
        },
    } | _FILED


_THIRD = Learned("beta", 2, share_below_zero)

CLAIMS = (
    Claim(
        id="B4",
        place="gamma of the first normalizer",
        says="After training the six gammas are 0.7562, 1.2784, 2.3527, 1.3189, 2.0457 "
        "and 2.8424.",
        **_printed("gamma"),
    ),
    Claim(
        id="B5",
        place="beta of the first normalizer",
        says="After training the six betas are 0.7436, −0.8156, −0.2711, −0.5087, "
        "0.5847 and −3.0033.",
        **_printed("beta"),
    ),
    Claim(
        id="gamma-layers",
        says="A layer's mean gamma differs more from layer to layer than from training "
        "to training.",
        **_layers("gamma"),
    ),
    Claim(
        id="beta-layers",
        says="A layer's mean beta differs more from layer to layer than from training "
        "to training.",
        **_layers("beta"),
    ),
    Claim(
        id="gamma-above-one",
        source=OURS,
        says="Without weight decay the mean gamma of every layer ends above 1.",
        rule=Holds("So it is in every layer and every seed.", means_above_one),
        **_FILED,
    ),
    Claim(
        id="gamma-sign",
        source=OURS,
        says="Without weight decay no gamma that starts at 1 changes its sign.",
        rule=Holds(
            "All are above 0 at every recorded step, in every seed.", stays_positive
        ),
        **_FILED,
    ),
    Claim(
        id="beta-last",
        source=OURS,
        says="Nearly all betas of the last layer end below 0.",
        rule=Holds(
            "At least 95% of them, in every seed; in direction, if more than half.",
            below_zero_last,
        ),
        **_FILED,
    ),
    Claim(
        id="beta-third",
        source=OURS,
        says="The betas of the third layer prefer no sign: the share below 0 is within "
        "10 points of one half.",
        rule=Same(_THIRD, Half(_THIRD), 0.10, "share of betas below 0 − one half"),
        **_FILED,
    ),
)
