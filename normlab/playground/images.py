"""The images that the playground trains on: 3,500 of Fashion-MNIST, 14 x 14 pixels."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from normlab.data import CLASSES, fashion_mnist

TRAINING = 300  # images of each class
TEST = 50
SEED = 0


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
