"""The images that the playground trains on: small, few, and packed for a page.

3,000 training and 500 test images of Fashion-MNIST at 14 x 14 pixels and 16 levels
of grey; ``data.js`` unpacks them. The form, in order:

- 6 bytes, ``HEADER``: side, classes, training and test images of each class;
- a zlib stream of half-bytes, high half first, one a pixel. The images stand class by
  class, first those of training; labels need no place.

A half-byte is a pixel less what its neighbours let one expect (``pixels.py``), modulo
16. That saves 7% beside storing the pixels.
"""

import struct
import zlib

import numpy as np
import torch
from torch import Tensor

from normlab.data import CLASSES
from normlab.playground import playground_images
from normlab.widgets.pixels import subtract_expected

HEADER = "<BBHH"
SIDE = 14
LEVELS = 16


def playground_data() -> bytes:
    """Return the packed images, from Fashion-MNIST; the same bytes every time."""
    return pack(*playground_images())


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
    halves = subtract_expected(levels, LEVELS).reshape(-1, 2)
    content = (halves[:, 0] * LEVELS + halves[:, 1]).astype(np.uint8).tobytes()
    packer = zlib.compressobj(9, strategy=zlib.Z_FILTERED)
    header = struct.pack(HEADER, SIDE, len(CLASSES), *per_class)
    return header + packer.compress(content) + packer.flush()


def quantize(images: Tensor) -> Tensor:
    """Return the nearest of 16 levels, 0 to 15, of grey values 0 to 255."""
    return (images.double() * (LEVELS - 1) / 255).round().to(torch.uint8)
