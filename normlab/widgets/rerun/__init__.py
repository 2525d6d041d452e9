"""Claims of the ledger that a reader tries in the page."""

from typing import ClassVar

import traitlets
from matplotlib.figure import Figure

from normlab.figures.lenet import bands_of_page
from normlab.widgets.base import Control, Widget, module
from normlab.widgets.rerun.packed import packed
from normlab.widgets.trainer import engine_bytes
from normlab.widgets.trainer.images import packed_images
from normlab.widgets.trainer.recorded import bands


class TryClaims(Widget):
    """A claim, the trainings that it needs, and the word that its rule gives them.

    Args:
        claim: its id.

    Raises:
        ResultsError: nothing is recorded; the message says how to record it.
    """

    _esm = module("rerun/widget")
    paints = ("none", "batch")
    downloads: ClassVar = {"images": packed_images}

    data = traitlets.Dict(help="claims, rules and verdicts").tag(sync=True)
    worker_script = traitlets.Unicode().tag(sync=True)
    engine = traitlets.Bytes(help="the WebAssembly, if it was built").tag(sync=True)
    images_address = traitlets.Unicode(help="where a page finds them").tag(sync=True)
    claim = traitlets.Unicode("lenet-faster").tag(sync=True)

    def __init__(self, **traits) -> None:
        data = packed()
        super().__init__(
            controls={
                "claim": Control(
                    "claim",
                    options=tuple((c["id"], c["name"]) for c in data["claims"]),
                ),
            },
            name="claims",
            room=[820, 640],
            data=data,
            worker_script=module("trainer/worker"),
            engine=engine_bytes(),
            alt="Ranges of ten recorded trainings of LeNet, with the layer or none: "
            "what a reader's own trainings are like.",
            source="Trained in this page, on the first 10,000 training images, and "
            "tested on the first 2,000 test images.",
            **traits,
        )

    def picture(self) -> Figure:
        """Draw the ranges of the recorded runs on as many images."""
        return bands_of_page(bands()["bands"])
