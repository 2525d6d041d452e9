"""What the post on faces says of its network, and of what the layer costs it.

Lines are those of the English text.
"""

from functools import partial
from itertools import pairwise

import torch
from torch import nn

from normlab.evaluation.kept import bytes_for_backward
from normlab.evidence.claim import Claim
from normlab.evidence.records import Records
from normlab.evidence.rules import Holds
from normlab.evidence.words import Word
from normlab.models import TorchBatchNorm, deep_cnn

Found = tuple[Word, tuple[tuple[str, str], ...]]
FACES = ((40, 40), (80, 80), (160, 160), (320, 320))  # channels; only the last is given
FEWER = ((40, 40), (80,), (160, 160), (320, 320))
PIXELS = 50


def shapes_of(ceil_mode: bool) -> list[tuple[str, int]]:
    """Return each layer's kind and the width of its maps, one face at the door."""
    network, found = deep_cnn(widths=FACES, size=28), []
    for layer in network:
        if isinstance(layer, nn.MaxPool2d):
            layer.ceil_mode = ceil_mode
    x = torch.zeros(1, 1, PIXELS, PIXELS)
    with torch.no_grad():
        for layer in network:
            x = layer(x)
            found.append((type(layer).__name__, x.shape[-1]))
    return found


def as_described(_: Records, shapes=shapes_of) -> Found:
    """Whether 50 pixels become 7 where halves are rounded up, and 320 numbers."""
    kinds = [kind for kind, _ in shapes(True)]
    pooled = {
        up: [width for kind, width in shapes(up) if kind == "MaxPool2d"]
        for up in (True, False)
    }
    flat = dict(shapes(True))["Flatten"]
    convolutions = kinds.count("Conv2d")
    each = all(after == "ReLU" for kind, after in pairwise(kinds) if kind == "Conv2d")
    numbers = (
        ("convolutions", str(convolutions)),
        ("pixels after each pooling, rounded up", _listed(pooled[True])),
        ("rounded down", _listed(pooled[False])),
        ("numbers for the last layer", str(flat)),
    )
    right = convolutions == 8 and each and flat == 320 and pooled[True][-1] == 7
    return (Word.REPRODUCED if right else Word.NOT_REPRODUCED), numbers


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))


def bytes_kept(network: nn.Module, images: int = 2) -> int:
    """Return what lies in memory between the two passes, per image, without weights."""
    faces = torch.zeros(images, 1, PIXELS, PIXELS)
    return bytes_for_backward(network, faces) // images


def memory_is_short(_: Records, norm=TorchBatchNorm) -> Found:
    """Whether the layer keeps more, and one convolution less makes up for some."""
    build = partial(deep_cnn, size=28, between=True)
    eight, layer = (
        bytes_kept(build(widths=FACES)),
        bytes_kept(build(norm, widths=FACES)),
    )
    seven = bytes_kept(build(norm, widths=FEWER))
    numbers = tuple(
        (what, f"{size / 1e6:.2f} MB per face")
        for what, size in (
            ("8 convolutions", eight),
            ("and the layer", layer),
            ("7 convolutions and the layer", seven),
        )
    )
    right = eight < layer and seven < layer
    return (Word.REPRODUCED if right else Word.NOT_REPRODUCED), numbers


_habr = partial(
    Claim,
    source="habr2016batch",
    setting="3 million faces, 8 convolutions of 3 by 3, Caffe, one run each",
    chapter="faces-network",
)

CLAIMS = (
    _habr(
        id="A7",
        place="line 58",
        says="Eight convolutions of 3 by 3, each before a ReLU; after each two a "
        "max-pooling of 2 by 2, of which the last is an average over 7 by 7 instead; "
        "320 numbers are left for the last layer.",
        ours="one face of 50 by 50 pixels; channels but the last 320 are ours",
        rule=Holds(
            "8 convolutions, each before a ReLU, and three poolings of 2 by 2 leave 7 "
            "by 7 pixels where halves are rounded up, as Caffe does; the average "
            "leaves 320 numbers.",
            as_described,
        ),
    ),
    _habr(
        id="A8",
        place="lines 65 and 69",
        says="With a normalizer between the two convolutions of a block memory was "
        "short, and one convolution had to go to make room.",
        ours="PyTorch's layers, faces of 50 by 50 pixels; channels but the last 320 "
        "are ours",
        rule=Holds(
            "The layer adds to what is kept for the backward pass, and with one "
            "convolution less in the second block less is kept again.",
            memory_is_short,
        ),
    ),
)
