"""What is behind the playground's stories; arms as in the chapter's claims."""

from collections.abc import Mapping
from functools import partial

from normlab.evidence.claims.playground import (
    POINTS,
    Told,
    held_out,
    higher,
    own,
    tells,
)
from normlab.evidence.records import Records
from normlab.evidence.rules import FEWEST, All, Column, Holds, Rule, Same
from normlab.evidence.words import Word

GUESSING = (0.09, 0.12)  # of ten classes, give or take


def rate_for_nothing(rate: float) -> Rule:
    """At a high rate batch norm is no better than no normalizer at 0.1."""
    fast = tells("rate", normalizer="batch", learning_rate=rate)
    plain = tells("rate", learning_rate=0.1)
    what = f"batch at a rate of {rate:g} − none at 0.1"
    return Same(fast, plain, POINTS, held_out(fast, plain, what))


def layer_behind(*stories: str) -> Rule:
    """In these stories layer norm is behind batch norm."""
    return All(
        tuple(
            higher(
                tells(story, normalizer="batch"),
                tells(story, normalizer="layer"),
                f"story “{story}”, batch − layer",
            )
            for story in stories
        )
    )


def layer_at(scale: float, rate: float) -> Told:
    """Return an arm: 15 layers with layer norm, from these weights at this rate."""
    turned = {"initial_scale": scale, "learning_rate": rate}
    return tells("tiny", normalizer="layer", **turned)


def plain_at(rate: float) -> Told:
    """Return an arm: 15 layers without a normalizer, 30 steps at this rate."""
    return tells("tiny", steps=30, learning_rate=rate)


def all_guess(
    arms: Mapping[str, Column], records: Records
) -> tuple[Word, tuple[tuple[str, str], ...]]:
    """All networks of all arms are no better than guessing."""
    found = {name: one(records) for name, one in arms.items()}
    numbers = tuple(
        (name, f"{100 * accuracy.min():.0f}% to {100 * accuracy.max():.0f}%")
        for name, accuracy in found.items()
    )
    if min(map(len, found.values())) < FEWEST:
        return Word.UNDECIDED, numbers
    low, high = GUESSING
    holds = all(accuracy.between(low, high).all() for accuracy in found.values())
    return (Word.REPRODUCED if holds else Word.NOT_REPRODUCED), numbers


_here = partial(own, chapter="playground-stories")

CLAIMS = (
    _here(
        "tiny-rates",
        "From weights of 0.1 none of four rates from 0.001 to 30 helps fifteen layers "
        "without a normalizer within 30 steps.",
        Holds(
            "All five networks at each of the rates 0.001, 0.01, 1 and 30 are at 9% to "
            "12% accuracy, as by guessing.",
            partial(
                all_guess,
                {f"rate {rate:g}": plain_at(rate) for rate in (0.001, 0.01, 1.0, 30.0)},
            ),
        ),
    ),
    _here(
        "tiny-he",
        "With about He's weights fifteen layers learn without a normalizer too.",
        higher(
            tells("tiny", initial_scale=1.4),
            tells("tiny"),
            "none, weights 1.4 − weights 0.1",
        ),
    ),
    _here(
        "rate-for-nothing",
        "The higher rate buys nothing in this story: batch normalization at 3 ends "
        "where no normalizer ends at 0.1.",
        rate_for_nothing(3.0),
        variants={"a rate of 1": rate_for_nothing(1.0)},
    ),
    _here(
        "story-layer",
        "With layer normalization the first two stories end behind batch "
        "normalization.",
        layer_behind("tiny", "rate"),
    ),
    _here(
        "layer-rate",
        "With layer normalization it is the size of the steps: tiny weights learn at a "
        "tenth of the rate, and weights of 1.4 fail at a rate of 2.",
        All(
            (
                higher(
                    layer_at(0.1, 0.001),
                    layer_at(0.1, 0.01),
                    "tiny weights, rate 0.001 − rate 0.01",
                ),
                higher(
                    layer_at(1.4, 0.01),
                    layer_at(1.4, 2.0),
                    "weights 1.4, rate 0.01 − rate 2",
                ),
            )
        ),
    ),
    _here(
        "riddle",
        "After 40 steps from tiny weights batch normalization knows with the "
        "statistics of mixed test batches what it does not know with running ones.",
        higher(
            tells("tiny", "mixed", 40, normalizer="batch"),
            tells("tiny", "running", 40, normalizer="batch"),
            "mixed batches − running statistics, 40 steps",
        ),
    ),
)
