"""The playground's normalizers in PyTorch; the page's stand in its widget's folder."""

from normlab.playground.normalizers.batch import BATCH
from normlab.playground.normalizers.ghost import GHOST
from normlab.playground.normalizers.kind import Kind
from normlab.playground.normalizers.layer import LAYER
from normlab.playground.normalizers.none import NONE
from normlab.playground.normalizers.renorm import RENORM
from normlab.playground.normalizers.rms import RMS
from normlab.playground.normalizers.scaled import SCALED

# Name, the same in the page -> what it is; the first three have a button.
NORMALIZERS: dict[str, Kind] = {
    "none": NONE,
    "batch": BATCH,
    "layer": LAYER,
    "ghost": GHOST,
    "renorm": RENORM,
    "rms": RMS,
    "scaled": SCALED,
}

__all__ = ["NORMALIZERS", "Kind"]
