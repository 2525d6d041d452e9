"""Figures: each function takes data and returns the figure; none trains or loads.

A public function in a chapter's file is found by itself: ``figures.its_name``.
"""

from normlab.figures.style import COLORS, seed_curves, use_style
from normlab.gather import public

_FOUND = public(__name__, __path__, leave_out={"style", "cover"})
globals().update(_FOUND)
__all__ = ["COLORS", "seed_curves", "use_style", *_FOUND]
