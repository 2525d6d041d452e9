"""The images that LeNet trains on in the page, packed: at full size, the first ones.

10,000 training and 2,000 test images; ``images.js`` unpacks them. The form, in order:

- 6 bytes, ``HEADER``: side, training images, test images;
- a zlib stream of bytes: of each pixel what its neighbours do not let one expect
  (``pixels.py``), the training images first; then the labels, in the same order.
"""

import struct
import zlib
from functools import cache

import numpy as np
from torch import Tensor

from normlab.data import fashion_mnist
from normlab.widgets.pixels import subtract_expected

HEADER = "<HHH"
TRAINING, TEST = 10_000, 2_000


@cache  # packing takes a second, and several widgets have them
def packed_images() -> bytes:
    """Return the packed images; the same bytes every time."""
    train_x, train_y, test_x, test_y = fashion_mnist()
    return pack(
        (train_x[:TRAINING, 0], train_y[:TRAINING]), (test_x[:TEST, 0], test_y[:TEST])
    )


def pack(training: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> bytes:
    """Return images (N, side, side) of bytes and labels (N,) in the form above."""
    (x, y), (other_x, other_y) = training, test
    pixels = np.concatenate([x.numpy(), other_x.numpy()])
    content = subtract_expected(pixels, 256).astype(np.uint8).tobytes()
    content += np.concatenate([y.numpy(), other_y.numpy()]).astype(np.uint8).tobytes()
    packer = zlib.compressobj(9, strategy=zlib.Z_FILTERED)
    header = struct.pack(HEADER, x.shape[-1], len(y), len(other_y))
    return header + packer.compress(content) + packer.flush()
