"""The playground's stories: settings that show one thing each, and what to turn."""

from collections.abc import Iterator
from dataclasses import dataclass, field

Value = str | int | float
Settings = dict[str, Value]

USUAL: Settings = {
    "depth": 4,
    "width": 64,
    "activation": "relu",
    "initial_scale": 1.4,
    "learning_rate": 0.1,
    "batch_size": 64,
    "normalizer": "batch",
    "placement": "before",
    "evaluation": "running",
    "order": "shuffled",
    "seed": 0,
}


@dataclass(frozen=True)
class Story:
    """A story that the playground tells.

    Args:
        label: its button.
        watch: what to look at, in a line or two.
        changes: the settings that are not as usual.
        turns: control -> the values to turn it to; the line stays meanwhile.
        steps: after so many it has shown what it shows; the playground pauses there.
    """

    label: str
    watch: str
    changes: Settings
    turns: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    steps: int = 200

    @property
    def settings(self) -> Settings:
        """All settings as the story opens."""
        return USUAL | self.changes

    def arms(self) -> Iterator[tuple[str, Settings]]:
        """Yield (what is set, settings): as it opens, then each turn by itself."""
        first = next(iter(self.turns))
        yield f"{first} {self.settings[first]}", self.settings
        for control, values in self.turns.items():
            for value in values:
                yield f"{control} {value}", self.settings | {control: value}


STORIES = {
    "tiny": Story(
        "Tiny weights",
        "15 layers. Press Play: the loss stays at blind guessing. The rows below show "
        "why: from the last layer to the first the gradients shrink. "
        "Then choose batch.",
        {
            "depth": 15,
            "initial_scale": 0.1,
            "learning_rate": 0.01,
            "normalizer": "none",
        },
        {"normalizer": ("batch", "layer")},
        steps=150,
    ),
    "rate": Story(
        "Learning rate × 30",
        "At a rate of 0.1 these 6 layers learn without a normalizer; here it is 3. "
        "Press Play, and see how far it gets. Then choose batch, then layer.",
        {"depth": 6, "learning_rate": 3.0, "normalizer": "none"},
        {"normalizer": ("batch", "layer"), "learning_rate": (0.1,)},
        steps=150,
    ),
    "two": Story(
        "Batch of two",
        "Of two images, a normalized unit says only which has more of something. "
        "Press Play; it pauses after 500 steps. Then choose layer or none.",
        {"learning_rate": 0.01, "batch_size": 2},
        {"normalizer": ("none", "layer")},
        steps=500,
    ),
    "eval": Story(
        "eval() forgotten",
        "Tested with the statistics of test batches, each of one class: the loss "
        "falls, the accuracy does not follow. "
        "Then test with running statistics instead.",
        {"evaluation": "class"},
        {"evaluation": ("running", "mixed")},
        steps=150,
    ),
    "sorted": Story(
        "Sorted by class",
        "Most training batches hold one class, and what its images share is "
        "subtracted. Press Play; it pauses after 300 steps. "
        "Then choose the shuffled order, or no normalizer.",
        {"learning_rate": 0.003, "order": "sorted"},
        {"order": ("shuffled",), "normalizer": ("none", "layer")},
        steps=300,
    ),
}
