"""Shifted, mirrored and repeated images."""

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from normlab.augmentation import repeated, shift_and_flip
from normlab.models import lenet


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def images(count=4, size=(28, 28), channels=1):
    values = torch.randperm(count * channels * size[0] * size[1]) + 1  # no 0, no two
    return values.view(count, channels, *size).float()


def changed(image, down, right, mirrored):
    """One image (C, H, W) by hand: mirrored, then moved, with zeros behind it."""
    _, height, width = image.shape
    source = image.flip(2) if mirrored else image
    out = torch.zeros_like(image)
    for row in range(height):
        for column in range(width):
            from_row, from_column = row - down, column - right
            if 0 <= from_row < height and 0 <= from_column < width:
                out[:, row, column] = source[:, from_row, from_column]
    return out


def change_of(image, found, shift):
    """Which (down, right, mirrored) made ``found``; None if no change did."""
    for down in range(-shift, shift + 1):
        for right in range(-shift, shift + 1):
            for mirrored in (False, True):
                if torch.equal(changed(image, down, right, mirrored), found):
                    return down, right, mirrored
    return None


def changes(augment, shift=1, count=2000):
    """What was done to each of so many images of 3 x 4 pixels."""
    x = images(1, (3, 4), 2).expand(count, -1, -1, -1)
    return [change_of(x[0], found, shift) for found in augment(x, drawn())]


def all_alike(made, shift=1):
    """Is every change there, as often as any other, and nothing else?"""
    possible = 2 * (2 * shift + 1) ** 2
    counts = {change: made.count(change) for change in set(made)}
    mean = len(made) / possible
    # A binomial count is within 6 standard errors all but once in 500 million.
    return (
        None not in counts
        and len(counts) == possible
        and all(abs(n - mean) < 6 * mean**0.5 for n in counts.values())
    )


def test_every_shift_and_flip_is_as_likely_and_there_is_no_other():
    assert all_alike(changes(lambda x, g: shift_and_flip(x, g, 1)))


def rolled(x, generator):
    return torch.stack(
        [
            image.roll(torch.randint(-1, 2, (2,), generator=generator).tolist(), (1, 2))
            for image in x
        ]
    )


WRONG = {
    "goes around": rolled,
    "mirrors up and down": lambda x, g: shift_and_flip(x.mT, g, 1).mT,
    "all images alike": lambda x, g: shift_and_flip(x[:1], g, 1).expand_as(x),
    "does not mirror": lambda x, g: torch.stack(
        [
            changed(i, *(torch.randint(3, (2,), generator=g) - 1).tolist(), False)
            for i in x
        ]
    ),
    "does nothing": lambda x, g: x,
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_augmentation_is_found(name):
    assert not all_alike(changes(WRONG[name]))


def test_two_pixels_unless_said_otherwise():
    x = images(200, (28, 28))
    moved = shift_and_flip(x, drawn())
    rows = (moved != 0).any(3).float().sum(2).flatten()  # rows that are left of 28
    assert set(rows.tolist()) == {26.0, 27.0, 28.0}


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float16])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_type_and_shape_stay(dtype, count):
    x = images(count) % 256
    found = shift_and_flip(x.to(dtype), drawn())
    assert found.dtype == dtype and found.shape == x.shape
    assert torch.equal(found, shift_and_flip(x, drawn()).to(dtype))


def test_no_shift_mirrors_alone():
    x = images(50)
    found = shift_and_flip(x, drawn(), 0)
    same = (found == x).flatten(1).all(1)
    assert same.any() and not same.all()
    assert torch.equal(found[~same], x[~same].flip(3))


def test_generator_alone_decides():
    x, before = images(), torch.get_rng_state()
    assert torch.equal(shift_and_flip(x, drawn(3)), shift_and_flip(x, drawn(3)))
    assert not torch.equal(shift_and_flip(x, drawn(3)), shift_and_flip(x, drawn(4)))
    assert torch.equal(torch.get_rng_state(), before)


# Repeated


def test_copies_lie_side_by_side_each_changed_its_own_way():
    x = images(3, (5, 6))
    found = repeated(shift_and_flip, 40)(x, drawn())
    assert found.shape == (120, 1, 5, 6)
    made = [
        change_of(image, copy, 2)
        for image, copy in zip(x.repeat_interleave(40, 0), found, strict=True)
    ]
    assert None not in made
    ways = [made[i : i + 40] for i in (0, 40, 80)]
    assert all(len(set(of_one)) > 1 for of_one in ways)
    assert ways[0] != ways[1] != ways[2]


def test_one_copy_is_the_augmentation():
    x = images()
    assert torch.equal(
        repeated(shift_and_flip, 1)(x, drawn()), shift_and_flip(x, drawn())
    )


def test_identical_copies_change_no_gradient():
    """Where nothing is drawn and nothing depends on the batch."""
    model = lenet().double()
    x, y = images().double() / 3136, torch.arange(4)
    both = []
    for copies in (1, 3):
        made = repeated(lambda images, _: images, copies)(x, drawn())
        loss = F.cross_entropy(model(made), y.repeat_interleave(copies))
        both.append(torch.autograd.grad(loss, list(model.parameters())))
    assert_close(*both, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: shift_and_flip(images()[0], drawn()), r"images has shape \(1, 28, 28"),
        (lambda: shift_and_flip(images(), drawn(), -1), "shift is -1"),
        (lambda: repeated(shift_and_flip, 0), "copies is 0"),
    ],
)
def test_bad_argument_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
