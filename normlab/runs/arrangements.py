"""Orders of an epoch's examples that are not chance: see ``training.Arrange``."""

from collections.abc import Iterator

import torch
from torch import Tensor


def two_classes(labels: Tensor, batch_size: int, generator: torch.Generator) -> Tensor:
    """Order the examples so that each batch has images of two classes.

    The classes of a batch are drawn, and give half of it each; one that has no more
    than that left is passed over. As they do not come out even, in as many batches as
    there are classes, less one, a class gives its last images and another one what is
    missing. A last, smaller batch is of any classes.

    Shape:
        labels (N,) -> order of the examples (N,)

    Raises:
        ValueError: ``batch_size`` is odd, there are too few batches, or one class has
            far more images than the others.
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
    found = [
        _taken(one, half) + _taken(other, half)
        for one, other in _pairs(piles, even, half, generator)
    ]
    found += [_last_ones(piles, batch_size) for _ in range(len(piles) - 1)]
    mixed = torch.randperm(batches, generator=generator).tolist()
    shuffled = [example for number in mixed for example in found[number]]
    return torch.cat([torch.tensor(shuffled, dtype=torch.int64), rest])


def _pairs(
    piles: list[list], count: int, half: int, generator: torch.Generator
) -> Iterator[list[list]]:
    """Yield two piles at a time: all of them in a drawn order, then again.

    Each has more than ``half``, so that something is left of it for the last batches.
    """
    drawn: list[int] = []
    for _ in range(count):
        if sum(len(pile) > half for pile in piles) < 2:
            sizes = ", ".join(str(len(pile)) for pile in piles)
            raise ValueError(
                f"the classes have {sizes} images left, where two must have more than "
                f"{half}; two_classes needs about as many of each class"
            )
        pair: list[int] = []
        while len(pair) < 2:
            if not drawn:
                drawn = torch.randperm(len(piles), generator=generator).tolist()
            number = drawn.pop()
            if len(piles[number]) > half and number not in pair:
                pair.append(number)
        yield [piles[number] for number in pair]


def _taken(pile: list, count: int) -> list:
    """Take so many off a pile."""
    return [pile.pop() for _ in range(count)]


def _last_ones(piles: list[list], batch_size: int) -> list:
    """Empty the smallest pile, and take what is missing from the largest.

    With one pile more than there are batches to come, the smallest has fewer images
    than a batch, and the largest enough for the rest.
    """
    piles.sort(key=len)
    smallest = piles.pop(0)
    missing = batch_size - len(smallest)
    return _taken(smallest, len(smallest)) + _taken(piles[-1], missing)
