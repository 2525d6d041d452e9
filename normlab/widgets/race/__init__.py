"""The race: normalizers by how many images share statistics, and recorded curves."""

import traitlets
from matplotlib.figure import Figure

from normlab.figures.small_batches import accuracy_by_sharing
from normlab.runs import source
from normlab.widgets.base import Control, Widget, module
from normlab.widgets.race.packed import COST, FIRST, NAMES, OTHERS, packed

MEASURES = {
    "accuracy": "accuracy",
    "updates": "updates to target",
    "seconds": "time a step",
    "bytes": "memory a step",
}
OPENS_WITH = ("batch_2", "batch_128", "filter_response")


class Race(Widget):
    """A table of normalizers and numbers of images, with the curves behind its cells.

    Args:
        measure: what a cell shows, a key of ``MEASURES``.
        chosen: 1 for each of ``NAMES`` whose curve is drawn, else 0.

    Raises:
        ResultsError: the race is not recorded; the message says how to record it.
    """

    _esm = module("race/widget")
    paints = ("batch", "renorm", "changed", "none", "data", "theory")

    data = traitlets.Dict(help="the recorded runs").tag(sync=True)
    measure = traitlets.Enum(list(MEASURES), "accuracy").tag(sync=True)
    chosen = traitlets.List(
        traitlets.Int(), [int(n in OPENS_WITH) for n in NAMES], len(NAMES), len(NAMES)
    ).tag(sync=True)

    def __init__(self, **traits) -> None:
        super().__init__(
            controls={
                "measure": Control("a cell shows", options=(*MEASURES.items(),)),
                "chosen": Control("curves", 0, 1, 1, length=len(NAMES)),
            },
            name="race",
            room=[1540, 1080],
            data=packed(),
            alt="Test accuracy, a row a contender: batch normalization, batch "
            "renormalization and batch Kalman normalization with 2 to 128 images that "
            "share statistics, then each normalizer that looks at one image alone. A "
            "dot is the mean, a bar goes from the lowest to the highest seed.",
            source=" · ".join(source(n) for n in (FIRST, OTHERS, COST)),
            **traits,
        )

    def picture(self) -> Figure:
        """Draw what each contender ends with, and how far its seeds lie apart."""
        return accuracy_by_sharing(self.data)
