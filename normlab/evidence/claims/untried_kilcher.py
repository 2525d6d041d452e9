"""What the talk on the paper says that is not tried yet.

Lines are those of the transcript; line 14 is the paper's abstract.
"""

from functools import partial

from normlab.evidence.untried import LARGE, untried

_kilcher = partial(
    untried, source="kilcher2019batch", setting="the paper's: Inception on ImageNet"
)

CLAIMS = (
    _kilcher(
        id="C2",
        place="line 14",
        says="An ensemble of normalized networks errs on 4.9% of the validation and "
        "4.8% of the test images, the five best guesses counted.",
        reason=LARGE,
    ),
)
