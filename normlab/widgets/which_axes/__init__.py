"""Activations of a trained network, and which of them share a mean."""

import numpy as np
import traitlets
from matplotlib.figure import Figure

from normlab.data import fashion_mnist
from normlab.figures.which_axes import shared_means
from normlab.runs import recordings, source
from normlab.widgets.base import Control, Widget, module

IMAGES, CHANNELS = 4, 8  # of the 8 images and 16 channels on record
NORMALIZERS = {
    "batch": "batch",
    "layer": "layer",
    "channels": "layer over C",
    "group": "group",
    "instance": "instance",
}


def recorded_block() -> np.ndarray:
    """Return what entered a trained LeNet's second normalizer: (4, 8, 8, 8) float32.

    The training set's first four images, the first eight channels.
    """
    ((_, arrays),) = recordings("maps")
    return arrays["maps/2"][:IMAGES, :CHANNELS]


class WhichAxes(Widget):
    """A block of activations in which the values that share a mean light up.

    Args:
        normalizer: a key of ``NORMALIZERS``; "channels" is layer normalization over
            the channels alone, at each place of each image.
        groups: of channels, for "group".
        batch_size: how many images are in the batch.
        view: values "before" or "after" normalizing.
        cell: the chosen value: image, channel, row and column, each from 1.
    """

    _esm = module("which_axes/widget")
    paints = ("mean",)

    block = traitlets.Bytes(help="(N, C, H, W) float32").tag(sync=True)
    shape = traitlets.List(traitlets.Int()).tag(sync=True)
    photos = traitlets.Bytes(help="(N, 28, 28) uint8").tag(sync=True)
    normalizer = traitlets.Enum(list(NORMALIZERS), "batch").tag(sync=True)
    groups = traitlets.Enum((1, 2, 4, 8), 2).tag(sync=True)
    batch_size = traitlets.Int(IMAGES, min=1, max=IMAGES).tag(sync=True)
    view = traitlets.Enum(("before", "after"), "before").tag(sync=True)
    cell = traitlets.List(traitlets.Int(), [1, 3, 2, 2], 4, 4).tag(sync=True)

    def __init__(self, **traits) -> None:
        block = recorded_block()
        counts = [(n, str(n)) for n in (1, 2, 4, 8)]
        views = [(name, name) for name in ("before", "after")]
        super().__init__(
            controls={
                "normalizer": Control("normalizer", options=(*NORMALIZERS.items(),)),
                "groups": Control("groups", options=(*counts,)),
                "batch_size": Control("images", 1, IMAGES, 1, digits=0),
                "view": Control("values", options=(*views,)),
                "cell": Control("chosen value", 1, CHANNELS, 1, length=4),
            },
            name="which-axes",
            room=[815, 562],
            block=block.tobytes(),
            shape=block.shape,
            photos=fashion_mnist()[0][:IMAGES].numpy().tobytes(),
            alt="A block of images, channels and places, five times. Lit up: for batch "
            "normalization one channel of all images, for layer normalization one "
            "image, or one place of it, for group normalization some channels of one "
            "image, for instance normalization one channel of one image.",
            source=f"Convolution 2 of a trained LeNet, 8 of 16 channels, before the "
            f"normalizer. {source('maps')}",
            **traits,
        )

    def picture(self) -> Figure:
        """Draw the block once a normalizer, lit where values share a mean."""
        return shared_means(self.shape)
