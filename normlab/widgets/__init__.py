"""What the reader moves: widgets for a kernel and for a page without one.

A class derived from ``Widget`` in a widget's folder is found by itself.
"""

from normlab.gather import public
from normlab.widgets.base import Widget

_FOUND = {
    name: thing
    for name, thing in public(__name__, __path__, leave_out={"base", "live"}).items()
    if isinstance(thing, type) and issubclass(thing, Widget)
}
globals().update(_FOUND)
__all__ = [*_FOUND]
