"""What the reader moves: widgets for a kernel and for a page without one."""

from normlab.widgets.five import FiveNumbers

__all__ = ["FiveNumbers"]
