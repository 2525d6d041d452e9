"""What the abstracts on the page of related work say, and one claim of the d2l text."""

from functools import partial

from normlab.evidence.untried import LARGE, NUMBERS, untried

_kalman = partial(untried, source="wang2018kalman", place="abstract")
_binary = partial(untried, source="chen2021bnn", place="abstract")

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
    untried(
        id="E6",
        source="singh2020filter",
        place="abstract",
        says="At finding objects it beats all others by at least 0.3 to 0.5% at every "
        "batch size.",
        setting="COCO",
        reason=LARGE,
    ),
    _binary(
        id="E7",
        says="Binary networks can be trained without batch normalization: 92.08% on "
        "CIFAR-10, 68.34% on CIFAR-100, 68.0% on ImageNet.",
        setting="ReActNets",
        reason=NUMBERS,
    ),
    _binary(
        id="E8",
        says="That costs marginally little accuracy: 0.23 to 0.44% on CIFAR and 1.40% "
        "on ImageNet.",
        setting="ReActNets",
        reason=NUMBERS,
    ),
    untried(
        id="E9",
        source="lange2022batch",
        place="abstract",
        says="Conditioning the gradients in place of normalizing puts no bound on the "
        "size of the batch and works with one example at a time.",
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
