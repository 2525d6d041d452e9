"""Claims that a reader can try in the page: what is trained, read off and asked."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from normlab.evidence.claims import CLAIMS
from normlab.evidence.exact import BOUND, exact
from normlab.evidence.rules import LEVEL, All, Effect, Holds, Same, Size

SEEDS = 5
CHAPTER = {"normalizer": "none", "statistics": 32, "activation": "sigmoid"}
CHAPTER |= {"rate": 1.0, "size": 256}
LAYER = CHAPTER | {"normalizer": "batch"}
PROBED = LAYER | {"probe": True}  # nothing is trained: a bias is asked about


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    Args:
        settings: of the training, as the page's LeNet takes them.
        measure: a name in ``measures.js``: what is read off it.
    """

    settings: dict
    measure: str


@dataclass(frozen=True)
class Asked:
    """A claim, and what the page trains for it.

    Args:
        claim: its id.
        name: in a word or two.
        parts: a column a side, for each part of the claim's rule: of a comparison two,
            the one that is claimed to be higher first; of an identity what must be
            rounding, and one to compare with.
        epochs: of each training.
        otherwise: what differs from the recorded runs, but for the images.
    """

    claim: str
    name: str
    parts: tuple[tuple[Side, ...], ...]
    epochs: int = 10
    otherwise: str = ""

    def rules(self) -> tuple[Effect | Same | Holds, ...]:
        """Return the parts of the claim's own rule.

        Raises:
            ValueError: there are not as many as there are parts here, or one is of a
                kind that the page does not know.
        """
        rule = CLAIMS[self.claim].rule
        rules = rule.rules if isinstance(rule, All) else (rule,)
        known = all(isinstance(part, Effect | Same | Holds) for part in rules)
        if len(rules) != len(self.parts) or not known:
            raise ValueError(
                f"claim {self.claim!r} has {len(rules)} rules for {len(self.parts)} "
                "parts; give a part each, of the kinds Effect, Same and Holds"
            )
        return rules


def at(rate: float, size: int, of: dict = LAYER) -> dict:
    """Return settings with another rate and batch size."""
    return of | {"rate": rate, "size": size}


ASKED = (
    Asked(
        "lenet-faster",
        "the loss, with and without",
        ((Side(CHAPTER, "lateLoss"), Side(LAYER, "lateLoss")),),
    ),
    Asked(
        "lenet-best",
        "accuracy, each at a good rate",
        ((Side(LAYER, "lateBatch"), Side(at(2.0, 256, CHAPTER), "lateRunning")),),
    ),
    Asked(
        "lenet-jumps",
        "what makes accuracy jump",
        ((Side(LAYER, "jumpsRunning"), Side(LAYER, "jumpsBatch")),),
    ),
    Asked(
        "gap-sign",
        "which mode is ahead",
        (
            tuple(Side(at(1 / 64, 4), name) for name in ("lateRunning", "lateBatch")),
            (Side(LAYER, "lateBatch"), Side(LAYER, "lateRunning")),
        ),
        epochs=5,
    ),
    Asked(
        "wang2018-four",
        "batches of two",
        ((Side(at(0.0625, 16), "lateBatch"), Side(at(0.0078125, 2), "lateBatch")),),
        epochs=5,
    ),
    Asked(
        "C7",
        "a bias before the layer",
        (
            tuple(
                Side(PROBED, name)
                for name in ("biasMoves", "biasGradient", "lastGradient")
            ),
        ),
        epochs=0,
        otherwise="The same is asked of LeNet’s four biases with a layer behind them: "
        "64 images a seed, 64-bit floats, 7 added to each of these biases. In the last "
        "column, to compare with, is the bias that has no layer behind it.",
    ),
)

# Differences, in units of the smallest that counts, that have each size.
LIKE: dict[Size, tuple[float, ...]] = {
    Size.BETTER: (2.0, 2.1, 2.2, 1.9, 1.8),
    Size.SMALL: (0.3, 0.5, 0.8, 1.1, 1.3),
    Size.SAME: (0.1, -0.1, 0.05, -0.05, 0.0),
    Size.OPEN: (4.0, -3.0, 2.0, -1.0, 0.5),
}
LIKE |= {
    Size.OPPOSITE: tuple(-d for d in LIKE[Size.BETTER]),
    Size.SMALL_OPPOSITE: tuple(-d for d in LIKE[Size.SMALL]),
}


def words_of(rule: Effect | Same | Holds) -> dict[str, str]:
    """Return which word the rule gives for each size of the difference.

    The rule itself is asked, with differences that are made up.
    """
    if isinstance(rule, Holds):
        errors = {"exact": 0.0, "not exact": BOUND}
        return {size: str(exact({"": error})[0]) for size, error in errors.items()}
    logarithm = rule.unit == "times"
    smallest = rule.smallest if isinstance(rule, Effect) else rule.margin

    def column(values: np.ndarray) -> Callable[..., pd.Series]:
        return lambda _: pd.Series(np.exp(values) if logarithm else values)

    found = {}
    for size, like in LIKE.items():
        sides = column(smallest * np.array(like)), column(np.zeros(len(like)))
        names = ("higher", "lower") if isinstance(rule, Effect) else ("first", "second")
        asked = replace(rule, **dict(zip(names, sides, strict=True)))
        found[str(size)] = str(asked.on(None).decide(LEVEL))
    return found
