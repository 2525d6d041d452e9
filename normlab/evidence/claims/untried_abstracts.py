"""What the abstracts on the page of related work say, and one claim of the d2l text."""

from functools import partial

from normlab.evidence.untried import LARGE, NUMBERS, untried

_kalman = partial(untried, source="wang2018kalman", place="abstract")
_filter = partial(untried, source="singh2020filter", place="abstract")
_IMAGENET = "ImageNet, InceptionV3 and ResnetV2-50"

CLAIMS = (
    untried(
        id="B7",
        source="richtux2021deep",
        place="line 5",
        says="Together with residual connections the layer lets one train networks "
        "of more than 100 layers.",
    ),
    _kalman(
        id="E2",
        says="With batch Kalman normalization InceptionV2 reaches 74.0% of ImageNet's "
        "validation images.",
        setting="ImageNet, InceptionV2",
        reason=LARGE,
    ),
    _filter(
        id="E5",
        says="With small batches it is more accurate than group normalization by more "
        "than 1%.",
        setting=_IMAGENET,
        reason=NUMBERS,
    ),
    _filter(
        id="E6",
        says="At finding objects it beats all others by at least 0.3 to 0.5% at every "
        "batch size.",
        setting="COCO",
        reason=LARGE,
    ),
    untried(
        id="E10",
        source="hoffer2020augment",
        place="abstract",
        says="Several augmented copies of each example in a batch save updates on the "
        "way to the same accuracy and improve generalization.",
        setting="a wide variety of deep networks and data sets",
    ),
    untried(
        id="E11",
        source="chen2019rethinking",
        place="abstract",
        says="Batch normalization and dropout before each weight layer: dropout "
        "reduces mutual information quadratically and correlation linearly in its "
        "parameter, and training is more stable, converges faster and further.",
        setting="CIFAR-10, CIFAR-100 and ILSVRC2012",
    ),
)
