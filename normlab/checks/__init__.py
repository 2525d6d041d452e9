"""Self-checks of the exercises: call one with your function, read what it says.

Each returns a ``Verdict`` that a notebook shows. None raises, whatever the function
does, and each leaves the session as it was: random numbers, modes, default type. A
public function in a chapter's file is found by itself: ``checks.its_name``.
"""

from normlab.checks.verdict import Verdict
from normlab.gather import public

_FOUND = public(__name__, __path__, leave_out={"verdict"})
globals().update(_FOUND)
__all__ = ["Verdict", *_FOUND]
