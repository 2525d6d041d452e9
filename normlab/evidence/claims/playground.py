"""What the playground's stories show on its small networks, trained when it is asked.

An arm is the held-out accuracy of five seeds: ``told`` trains each story once in a
process, and the chapter shows the same trainings. 500 images and five seeds: less than
5 points do not count.
"""

from dataclasses import dataclass
from functools import partial

import pandas as pd

from normlab.evidence.claim import OURS as BOOK
from normlab.evidence.claim import Claim
from normlab.evidence.records import Records
from normlab.evidence.rules import All, Effect, Rule, Same
from normlab.playground import told

POINTS = 0.05
LABEL = "Networks of 4 to 15 layers, 3,000 small images, 5 seeds, trained live"
MIXED = "statistics of mixed test batches"
MODES = {"running": "running statistics", "mixed": "mixed test batches"}


@dataclass(frozen=True)
class Told:
    """An arm of a story: held-out accuracy by seed.

    Args:
        story: its key.
        turned: (control, value) pairs that differ from how it opens.
        tested: "running", "mixed" or "class" statistics.
        steps: if not the story's own.
    """

    story: str
    turned: tuple[tuple[str, object], ...] = ()
    tested: str = "running"
    steps: int = 0

    def __call__(self, _: Records) -> pd.Series:
        """Return the accuracies; records play no part."""
        found = told(self.story, self.steps, **dict(self.turned))
        return pd.Series(found.accuracy[self.tested].numpy())


def tells(story: str, tested: str = "running", steps: int = 0, **turned) -> Told:
    """Return an arm of a story with some controls turned."""
    return Told(story, tuple(turned.items()), tested, steps)


def held_out(first: Told, second: Told, what: str) -> str:
    """Return what is compared, with the statistics where both arms have the same."""
    modes = {first.tested, second.tested}
    mode = f", {MODES[modes.pop()]}" if len(modes) == 1 else ""
    return f"held-out accuracy{mode}: {what}"


def higher(first: Told, second: Told, what: str) -> Effect:
    """Return a rule: the first arm is higher by 5 points."""
    return Effect(first, second, POINTS, held_out(first, second, what))


def tiny_weights(tested: str = "running") -> Rule:
    """Batch norm learns from tiny weights where no normalizer does not."""
    arms = (tells("tiny", tested, normalizer=kind) for kind in ("batch", "none"))
    return higher(*arms, "tiny weights, batch − none")


def high_rate(rate: float = 3.0) -> Rule:
    """Batch norm learns at a rate at which no normalizer does not."""
    arms = (
        tells("rate", normalizer=kind, learning_rate=rate) for kind in ("batch", "none")
    )
    return higher(*arms, f"learning rate {rate:g}, batch − none")


def others_ahead(story: str, tested: str = "running") -> Rule:
    """Both other choices do better than batch norm in this story."""
    batch = tells(story, tested, normalizer="batch")
    names = {"none": "none", "layer": "layer"}
    return All(
        tuple(
            higher(tells(story, normalizer=kind), batch, f"{name} − batch")
            for kind, name in names.items()
        )
    )


def young(tested: str, **turned) -> Told:
    """Return an arm: batch norm from tiny weights after 60 steps."""
    return tells("tiny", tested, 60, normalizer="batch", **turned)


def own(name: str, says: str, rule: Rule, chapter: str, **more) -> Claim:
    """Return a finding of the book that is trained live."""
    about = {"source": BOOK, "ours": LABEL}
    return Claim(id=name, says=says, rule=rule, chapter=chapter, **about, **more)


_here = partial(own, chapter="playground")

CLAIMS = (
    _here(
        "story-tiny",
        "From weights of 0.1 fifteen layers learn with batch normalization, and do not "
        "without a normalizer.",
        tiny_weights(),
        variants={MIXED: tiny_weights("mixed")},
    ),
    _here(
        "story-rate",
        "Six layers learn at a rate of 3 with batch normalization, and do not without "
        "a normalizer.",
        high_rate(),
    ),
    _here(
        "story-two",
        "With batches of two, batch normalization does worse than layer normalization "
        "and than none.",
        others_ahead("two"),
        variants={MIXED: others_ahead("two", "mixed")},
    ),
    _here(
        "story-eval",
        "Training mode hides what the network learned where a test batch holds one "
        "class, and does not where it is mixed.",
        All(
            (
                higher(
                    tells("eval"),
                    tells("eval", "class"),
                    "running statistics − one class a batch",
                ),
                Same(
                    tells("eval", "mixed"),
                    tells("eval"),
                    POINTS,
                    "held-out accuracy: mixed batches − running statistics",
                ),
            )
        ),
    ),
    _here(
        "story-sorted",
        "Trained on images sorted by class, batch normalization does worse than layer "
        "normalization and than none.",
        others_ahead("sorted"),
        variants={MIXED: others_ahead("sorted", "mixed")},
    ),
    _here(
        "broken-rate",
        "At a rate of 30 batch normalization no longer holds six layers up.",
        higher(
            tells("rate", "mixed", 60, normalizer="batch"),
            tells("rate", "mixed", 60, normalizer="batch", learning_rate=30.0),
            "rate 3 − rate 30, 60 steps",
        ),
    ),
    _here(
        "broken-weights",
        "From weights of 0.01 fifteen layers with batch normalization learn more "
        "slowly than from 0.1, and better at a tenth of the rate.",
        All(
            (
                higher(
                    young("mixed"),
                    young("mixed", initial_scale=0.01),
                    "weights 0.1 − weights 0.01, 60 steps",
                ),
                higher(
                    young("mixed", initial_scale=0.01, learning_rate=0.001),
                    young("mixed", initial_scale=0.01),
                    "weights 0.01, rate 0.001 − rate 0.01",
                ),
            )
        ),
    ),
)
