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
        id="C1",
        place="lines 14 and 36",
        says="The same accuracy takes 14 times fewer training steps, and in the end "
        "the normalized network is better by a significant margin.",
    ),
    _kilcher(
        id="C2",
        place="line 14",
        says="An ensemble of normalized networks errs on 4.9% of the validation and "
        "4.8% of the test images, the five best guesses counted.",
        reason=LARGE,
    ),
    _kilcher(
        id="C3",
        place="lines 14 and 36",
        says="Much higher learning rates can be used.",
    ),
    _kilcher(
        id="C4",
        place="line 14",
        says="One may be less careful about the initial weights.",
    ),
    _kilcher(
        id="C5",
        place="line 14",
        says="It also acts as a regularizer, and in some cases makes dropout "
        "unnecessary.",
    ),
)
