"""The playground's images: chosen, shrunk, packed, and unpacked in JavaScript."""

import struct
import zlib

import numpy as np
import pytest
import torch

from normlab.playground import images as module
from normlab.playground.images import choose, playground_images, shrink
from normlab.widgets.pixels import subtract_expected
from normlab.widgets.playground.data import HEADER, pack, quantize

from . import node
from .node import run, unpack

BUDGET = 190_000  # bytes; a page with its widgets has 500,000


@pytest.fixture(scope="module")
def images(fashion):
    """The images before packing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "fashion_mnist", lambda: fashion)
        return playground_images()


@pytest.fixture(scope="module")
def packed(images):
    return pack(*images)


@pytest.fixture(scope="module")
def decoded(packed):
    """What the page gets."""
    (result,) = run("playground/data", [("decode", {"packed": node.pack(packed)})])
    return {
        key: unpack(value, np.float32 if key.endswith("Images") else np.uint8)
        for key, value in result.items()
    }


@pytest.mark.parametrize(("part", "per_class"), [(0, 300), (2, 50)])
def test_images_are_balanced_and_class_by_class(images, part, per_class):
    x, y = images[part : part + 2]
    assert x.shape == (10 * per_class, 1, 14, 14)
    assert x.dtype == torch.uint8
    assert torch.equal(y, torch.arange(10).repeat_interleave(per_class))


@pytest.mark.parametrize(("part", "per_class"), [(0, 300), (2, 50)])
def test_every_image_is_the_mean_of_another_original(fashion, images, part, per_class):
    x, y = fashion[part : part + 2]
    chosen = choose(y, per_class)
    assert len(set(chosen.tolist())) == 10 * per_class
    assert torch.equal(y[chosen], images[part + 1])
    blocks = x[chosen, 0].double().view(-1, 14, 2, 14, 2).permute(0, 1, 3, 2, 4)
    means = blocks.flatten(3).mean(3)
    assert (images[part][:, 0] - means).abs().max() <= 0.5


def test_the_choice_is_fixed(fashion):
    assert torch.equal(choose(fashion[1], 3), choose(fashion[1], 3))
    assert choose(fashion[1], 1).tolist() == FIRST_OF_EACH_CLASS


FIRST_OF_EACH_CLASS = [
    *(43279, 52804, 23957, 39374, 51876),
    *(42918, 53521, 48779, 43851, 26316),
]


def test_shrinking_averages():
    image = torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    image[0, 0, :2, 2:4] = torch.tensor([[10, 20], [30, 41]])
    small = shrink(image)
    assert small[0, 0, 0, 1] == 25
    assert small.sum() == 25


@pytest.mark.parametrize(("grey", "level"), [(0, 0), (8, 0), (9, 1), (247, 15)])
def test_a_level_is_the_nearest(grey, level):
    assert quantize(torch.tensor([grey])) == level


@pytest.mark.parametrize("part", ["train", "test"])
def test_decoded_images_are_the_originals_to_the_quantization(images, decoded, part):
    x, y = images[:2] if part == "train" else images[2:]
    pixels = decoded[f"{part}Images"]
    original = x.numpy().ravel() / 255
    assert np.abs(pixels - original).max() <= 0.5 / 15 + 1e-6
    assert np.array_equal(pixels, np.float32(quantize(x).numpy().ravel() / 15))
    assert np.array_equal(decoded[f"{part}Labels"], y.numpy())


def test_all_levels_occur(decoded):
    assert len(np.unique(decoded["trainImages"])) == 16


def test_packed_images_fit_the_page(packed):
    assert len(packed) < BUDGET


def test_prediction_saves_what_it_says(images, packed):
    levels = quantize(torch.cat([images[0], images[2]])).numpy().reshape(-1, 2)
    plain = (levels[:, 0] * 16 + levels[:, 1]).astype(np.uint8).tobytes()
    assert 0.05 < 1 - len(packed) / len(zlib.compress(plain, 9)) < 0.15


def test_packing_gives_the_same_bytes(images, packed):
    assert pack(*images) == packed


def test_the_header_says_what_follows(packed):
    size = struct.calcsize(HEADER)
    assert struct.unpack(HEADER, packed[:size]) == (14, 10, 300, 50)
    assert len(zlib.decompress(packed[size:])) == 3500 * 14 * 14 // 2


def test_prediction_is_the_median_of_its_neighbours():
    levels = np.array([[[1, 2], [3, 9]]])
    # outside 0: 1 - 0; 2 - median(1, 0, 1); 3 - median(0, 1, 1); 9 - median(3, 2, 4)
    assert subtract_expected(levels, 16).tolist() == [[[1, 1], [2, 6]]]


@pytest.mark.parametrize("damage", [slice(-9), slice(2000)])
def test_damaged_bytes_are_refused(packed, damage):
    (error,) = run(
        "playground/data", [("damaged", {"packed": node.pack(packed[damage])})]
    )
    assert error


def test_missing_images_are_refused_by_name(packed):
    more = struct.pack(HEADER, 14, 10, 300, 51) + packed[struct.calcsize(HEADER) :]
    (error,) = run("playground/data", [("damaged", {"packed": node.pack(more)})])
    assert error == "RangeError: the playground's images are not complete"


def test_unsorted_images_are_not_packed(images):
    train_x, train_y, test_x, test_y = images
    with pytest.raises(ValueError, match="class by class"):
        pack(train_x, train_y.flip(0), test_x, test_y)
