"""LeNet, with a normalizer and without, trains in the page."""

from pathlib import Path
from typing import ClassVar

import traitlets
from matplotlib.figure import Figure

from normlab.figures.lenet import bands_of_page
from normlab.runs import source
from normlab.runs.page import TEST, trained
from normlab.widgets.base import Control, Widget, module, numbered
from normlab.widgets.trainer.images import TRAINING, packed_images
from normlab.widgets.trainer.recorded import NAME, bands

ENGINE = Path(__file__).parents[3] / "_build" / "engine" / "lenet.wasm"


def engine_bytes() -> bytes:
    """Return the WebAssembly; nothing where it was not built, and pages do without."""
    return ENGINE.read_bytes() if ENGINE.exists() else b""


class Trainer(Widget):
    """Two LeNets that train in the page, one of them normalized.

    Args:
        normalizer: of the second network.
        statistics: images that share them, where the normalizer is "ghost".
        activation: of both.
        rate: learning rate.
        size: images a batch.
        seed: of weights and batches.

    Raises:
        ResultsError: nothing is recorded; the message says how to record it.
    """

    _esm = module("trainer/widget")
    paints = ("none", "batch", "mean", "variance")
    downloads: ClassVar = {"images": packed_images}

    worker_script = traitlets.Unicode().tag(sync=True)
    engine = traitlets.Bytes(help="the WebAssembly, if it was built").tag(sync=True)
    images_address = traitlets.Unicode(help="where a page finds them").tag(sync=True)
    recorded = traitlets.Dict(help="ranges of the recorded runs").tag(sync=True)
    normalizer = traitlets.Unicode("batch").tag(sync=True)
    statistics = traitlets.Int(32).tag(sync=True)
    activation = traitlets.Unicode("sigmoid").tag(sync=True)
    rate = traitlets.Float(trained("none").lr).tag(sync=True)
    size = traitlets.Int(trained("none").batch_size).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)

    def __init__(self, **traits) -> None:
        super().__init__(
            controls={
                "normalizer": Control(
                    "the layer",
                    options=(
                        ("batch", "batch norm"),
                        ("ghost", "ghost batch norm"),
                        ("group", "group norm"),
                        ("layer", "layer norm"),
                    ),
                ),
                "activation": Control(
                    "activation", options=(("sigmoid", "sigmoid"), ("relu", "ReLU"))
                ),
                "statistics": Control(
                    "ghost: a part of",
                    unit="images",
                    options=numbered(2, 4, 8, 16, 32, 64),
                ),
                "rate": Control(
                    "rate", options=numbered(0.03, 0.1, 0.3, 1.0, 2.0, 5.0, 10.0)
                ),
                "size": Control(
                    "batch", unit="images", options=numbered(16, 32, 64, 128, 256)
                ),
                "seed": Control("seed", 0, 9, 1, digits=0),
            },
            name="train",
            room=[1930, 1195],
            worker_script=module("trainer/worker"),
            engine=engine_bytes(),
            recorded=bands(),
            alt="Training loss against updates and test accuracy against epochs, of "
            "LeNet with batch normalization and without: ranges of ten recorded runs. "
            "With the layer the loss falls at once; without it, it stays where "
            "guessing is.",
            source=f"It trains on {TRAINING:,} images and is tested on {TEST:,}; the "
            f"bands: {source(NAME)}",
            **traits,
        )

    def picture(self) -> Figure:
        """Draw the ranges of the recorded runs."""
        return bands_of_page(self.recorded["bands"])
