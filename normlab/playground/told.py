"""The stories as PyTorch tells them: five seeds each, trained once in a process."""

from functools import cache

from normlab.playground.images import playground_images
from normlab.playground.networks import Outcome, train
from normlab.playground.stories import STORIES, Value

SEEDS = range(5)


def told(name: str, steps: int = 0, **turned: Value) -> Outcome:
    """Train the networks of a story and test them in every way.

    Args:
        name: a key of ``STORIES``.
        steps: instead of the story's own.
        turned: controls and what they stand at, where not as the story opens.

    Raises:
        KeyError: no such story.
        ValueError: no such control.
    """
    if name not in STORIES:
        raise KeyError(f"no story {name!r}; there are {', '.join(STORIES)}")
    story = STORIES[name]
    if strange := sorted(turned.keys() - story.settings.keys()):
        known = ", ".join(story.settings)
        raise ValueError(f"no control {strange[0]!r}; there are {known}")
    settings = story.settings | turned
    settings.pop("evaluation")  # it changes nothing: the outcome has all three
    return _trained(tuple(settings.items()), steps or story.steps)


@cache
def _trained(settings: tuple[tuple[str, Value], ...], steps: int) -> Outcome:
    return train(dict(settings), playground_images(), steps, SEEDS)
