"""What the reader moves: widgets for a kernel and for a page without one."""

from normlab.widgets.explorer import BatchSizeExplorer
from normlab.widgets.five import FiveNumbers
from normlab.widgets.microscope import StatisticsMicroscope
from normlab.widgets.playground import Playground
from normlab.widgets.projection import Projection
from normlab.widgets.valleys import Valleys
from normlab.widgets.which_axes import WhichAxes

__all__ = [
    "BatchSizeExplorer",
    "FiveNumbers",
    "Playground",
    "Projection",
    "StatisticsMicroscope",
    "Valleys",
    "WhichAxes",
]
