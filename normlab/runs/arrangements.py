"""Orders of an epoch's examples that are not chance: see ``training.Arrange``."""

from collections.abc import Iterator

import torch
from torch import Tensor


def two_classes(labels: Tensor, batch_size: int, generator: torch.Generator) -> Tensor:
    """Order the examples so that each batch has images of two classes.

    The classes of a batch are drawn, and give half of it each. As they do not come out
    even, in as many batches as there are classes, less one, a class gives its last
    images and another one what is missing. A last, smaller batch is of any classes.

    Shape:
        labels (N,) -> order of the examples (N,)

    Raises:
        ValueError: ``batch_size`` is odd, there are too few batches, or a class has
            too few images for its share.
    """
    if batch_size % 2:
        raise ValueError(f"batch_size is {batch_size}; two classes need an even one")
    order = torch.randperm(len(labels), generator=generator)
    batches = len(labels) // batch_size
    used, rest = order[: batches * batch_size], order[batches * batch_size :]
    piles = [used[labels[used] == label].tolist() for label in labels.unique().tolist()]
    even = batches - (len(piles) - 1)
    if even < 0:
        raise ValueError(
            f"{len(labels)} labels make {batches} batches of {batch_size}; "
            f"{len(piles)} classes need at least {len(piles) - 1}"
        )
    half = batch_size // 2
    found = [_taken(*pair, half, half) for pair in _pairs(piles, even, generator)]
    found += [_last_ones(piles, batch_size) for _ in range(len(piles) - 1)]
    mixed = torch.randperm(batches, generator=generator).tolist()
    shuffled = [example for number in mixed for example in found[number]]
    return torch.cat([torch.tensor(shuffled, dtype=torch.int64), rest])


def _pairs(
    piles: list[list], count: int, generator: torch.Generator
) -> Iterator[tuple[list, list]]:
    """Yield two piles at a time: all of them in a drawn order, then again."""
    drawn: list[int] = []
    for _ in range(count):
        if len(drawn) < 2:
            drawn = torch.randperm(len(piles), generator=generator).tolist()
        yield piles[drawn.pop()], piles[drawn.pop()]


def _taken(one: list, other: list, from_one: int, from_other: int) -> list:
    """Take so many off each pile."""
    taken = []
    for pile, count in ((one, from_one), (other, from_other)):
        if len(pile) < max(count, 1):
            raise ValueError(
                f"a class has {len(pile)} images left where a batch of two classes "
                f"needs {max(count, 1)}; two_classes needs about as many of each class"
            )
        taken += [pile.pop() for _ in range(count)]
    return taken


def _last_ones(piles: list[list], batch_size: int) -> list:
    """Empty the smallest pile, and take what is missing from the largest.

    With one pile more than there are batches to come, the smallest has fewer images
    than a batch, and the largest enough for the rest.
    """
    piles.sort(key=len)
    smallest = piles.pop(0)
    return _taken(smallest, piles[-1], len(smallest), batch_size - len(smallest))
