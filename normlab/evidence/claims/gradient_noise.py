"""How noisy the gradient of a batch is."""

import math
from dataclasses import dataclass

import pandas as pd

from normlab.evidence.claim import OURS as BOOK
from normlab.evidence.claim import Claim
from normlab.evidence.claims.batch_size import OURS, UPDATES
from normlab.evidence.records import Arm, Records, arm, paired
from normlab.evidence.rules import Effect, Rule

PAGE = "gradient-noise"
HALF_MORE = math.log(1.5)  # the smallest ratio of variances that counts


def variance(norm: str, size: int, budget: str) -> Arm:
    """Return an arm: variance of a batch's gradient, summed over all parameters."""
    rate = {"batch_size": size, "lr": size / 256}
    return arm(
        "batch-size",
        "gradient_variance",
        split="train",
        budget=budget,
        norm=norm,
        **rate,
    )


@dataclass(frozen=True)
class Ratio:
    """An arm over another, by seed."""

    above: Arm
    below: Arm

    def __call__(self, records: Records) -> pd.Series:
        """Return the ratios."""
        above, below = self.above(records), self.below(records)
        paired(above, below)  # refuses seeds that make no pairs
        return above / below


def noise_of_two(budget: str) -> Rule:
    """From 4 images to 2 the variance grows more with batch norm than group norm."""
    growths = [
        Ratio(variance(norm, 2, budget), variance(norm, 4, budget))
        for norm in ("torch_batch", "torch_group")
    ]
    what = "growth of the variance from 4 images to 2, batch norm over group norm"
    return Effect(*growths, HALF_MORE, what, "times")


CLAIMS = (
    Claim(
        id="noise-of-two",
        source=BOOK,
        says="From 4 images to 2 the variance of the gradient grows more with batch "
        "normalization than with group normalization.",
        ours=OURS,
        chapter=PAGE,
        experiment="batch-size",
        rule=noise_of_two("epochs"),
        variants={UPDATES: noise_of_two("updates")},
    ),
)
