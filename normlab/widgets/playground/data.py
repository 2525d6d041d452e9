"""The images that the playground trains on: small, few, and packed for a page.

3,000 training and 500 test images of Fashion-MNIST at 14 x 14 pixels and 16 levels
of grey; ``data.js`` unpacks them. The form, in order:

- 6 bytes, ``HEADER``: side, classes, training and test images of each class;
- a zlib stream of half-bytes, high half first, one a pixel. The images stand class by
  class, first those of training; labels need no place.

A half-byte is a pixel less the median of left, up and left + up - upper left, modulo
16 (Weinberger, Seroussi and Sapiro 2000, LOCO-I); outside the image all is 0. That
saves 7% beside storing the pixels.
"""

import struct
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from normlab.data import CLASSES, fashion_mnist

HEADER = "<BBHH"
SIDE = 14
LEVELS = 16
TRAINING = 300  # images of each class
TEST = 50
SEED = 0


def playground_data() -> bytes:
    """Return the packed images, from Fashion-MNIST; the same bytes every time."""
    return pack(*playground_images())


def playground_images() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return ``(train_x, train_y, test_x, test_y)``: balanced, class by class.

    Shape:
        images (N, 1, 14, 14) uint8, 0 to 255; labels (N,) int64;
        N is 3,000 for training and 500 for test.
    """
    train_x, train_y, test_x, test_y = fashion_mnist()
    chosen_train = choose(train_y, TRAINING)
    chosen_test = choose(test_y, TEST)
    return (
        shrink(train_x[chosen_train]),
        train_y[chosen_train],
        shrink(test_x[chosen_test]),
        test_y[chosen_test],
    )


def choose(labels: Tensor, per_class: int) -> Tensor:
    """Return the indices of so many random images of each class, class by class."""
    shuffle = np.random.RandomState(SEED).permutation  # its numbers never change
    chosen = [
        shuffle(np.flatnonzero(labels.numpy() == label))[:per_class]
        for label in range(len(CLASSES))
    ]
    return torch.from_numpy(np.concatenate(chosen))


def shrink(images: Tensor) -> Tensor:
    """Average 2 x 2 pixels: (N, 1, 28, 28) uint8 -> (N, 1, 14, 14) uint8."""
    return F.avg_pool2d(images.double(), 2).round().to(torch.uint8)


def pack(train_x: Tensor, train_y: Tensor, test_x: Tensor, test_y: Tensor) -> bytes:
    """Return balanced images, class by class, in the form described above.

    Raises:
        ValueError: the images are not balanced or not class by class.
    """
    per_class = [len(y) // len(CLASSES) for y in (train_y, test_y)]
    for y, n in zip((train_y, test_y), per_class, strict=True):
        if not torch.equal(y, torch.arange(len(CLASSES)).repeat_interleave(n)):
            raise ValueError("the images must be balanced and stand class by class")
    levels = quantize(torch.cat([train_x, test_x])[:, 0]).numpy().astype(int)
    halves = predict_and_subtract(levels).reshape(-1, 2)
    content = (halves[:, 0] * LEVELS + halves[:, 1]).astype(np.uint8).tobytes()
    packer = zlib.compressobj(9, strategy=zlib.Z_FILTERED)
    header = struct.pack(HEADER, SIDE, len(CLASSES), *per_class)
    return header + packer.compress(content) + packer.flush()


def quantize(images: Tensor) -> Tensor:
    """Return the nearest of 16 levels, 0 to 15, of grey values 0 to 255."""
    return (images.double() * (LEVELS - 1) / 255).round().to(torch.uint8)


def predict_and_subtract(levels: np.ndarray) -> np.ndarray:
    """Return the pixels less their predictions, modulo 16: (N, side, side)."""
    padded = np.pad(levels, ((0, 0), (1, 0), (1, 0)))
    left, up, corner = padded[:, 1:, :-1], padded[:, :-1, 1:], padded[:, :-1, :-1]
    median = np.sort([left, up, left + up - corner], axis=0)[1]
    return (levels - median) % LEVELS
