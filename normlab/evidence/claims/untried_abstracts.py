"""What the abstracts on the page of related work say, and one claim of the d2l text."""

from functools import partial

from normlab.evidence.untried import LARGE, untried

_kalman = partial(untried, source="wang2018kalman", place="abstract")

CLAIMS = (
    _kalman(
        id="E2",
        says="With batch Kalman normalization InceptionV2 reaches 74.0% of ImageNet's "
        "validation images.",
        setting="ImageNet, InceptionV2",
        reason=LARGE,
    ),
    untried(
        id="E6",
        source="singh2020filter",
        place="abstract",
        says="At finding objects it beats all others by at least 0.3 to 0.5% at every "
        "batch size.",
        setting="COCO",
        reason=LARGE,
    ),
)
