"""What is said of the layer's place: before the activation, or behind it.

Rates were chosen on validation images with seeds 0 and 1; what decides has seeds from
10 on. The rules were written before these runs.
"""

from functools import partial

from normlab.evidence.claim import Claim
from normlab.evidence.records import Arm, arm, told
from normlab.evidence.rules import HALF_A_POINT, All, Effect
from normlab.runs.placement import BEST, SECOND, trained

SHORT, AT_SECOND, LONG = (f"placement{end}" for end in ("", "-second", "-long"))
CALLED = {
    "before": "before ReLU",
    "behind": "behind ReLU",
    "independent": "behind ReLU, then dropout",
}
OURS = (
    "eight convolutions on Fashion-MNIST at 14 by 14 pixels: 1,400 updates of 128 "
    "images on 50,000 (10 seeds), 4,200 on 10,000 (5 seeds); behind ReLU the layer "
    "stands before the next weights, behind any pooling; momentum 0.9, each at its "
    "best rate of the short training, cooled at the end; a CPU"
)


def score(name: str, where: str) -> Arm:
    """Return an arm: test accuracy with the layer in this place."""
    rates = SECOND if where == AT_SECOND else BEST
    run = trained(name, rates[name], long=where == LONG)
    at = {"split": "test", "statistics": "recomputed"}
    return arm(where, "accuracy", **at, **told(run))


def higher(name: str, where: str) -> Effect:
    """Accuracy is higher than with the layer before ReLU."""
    how = {SHORT: "short", AT_SECOND: "second-best rates", LONG: "long, few images"}
    what = f"test accuracy, {how[where]}: {CALLED[name]} − {CALLED['before']}"
    return Effect(score(name, where), score("before", where), HALF_A_POINT, what)


_tried = partial(Claim, ours=OURS, chapter="noise-and-placement", experiment=SHORT)
CLAIMS = (
    _tried(
        id="E11-accuracy",
        source="chen2019rethinking",
        place="abstract",
        says="With batch normalization and dropout before each weight layer training "
        "is more stable, converges faster and further.",
        setting="CIFAR-10, CIFAR-100 and ILSVRC2012",
        rule=All((higher("independent", SHORT), higher("independent", LONG))),
        variants={
            "short, second-best rates": higher("independent", AT_SECOND),
            "long alone": higher("independent", LONG),
        },
    ),
    _tried(
        id="mishkin2017-behind",
        source="mishkin2017systematic",
        place="batchnorm.md of the authors’ benchmark, at commit 11e43e0",
        says="Behind ReLU the layer is better than before it: 49.9% or 49.3% of the "
        "validation images, with scale and bias, instead of 47.4% or 47.8%.",
        setting="CaffeNet, ImageNet at 128 pixels, one run each; in GoogLeNet it was "
        "the other way round, 59.6% and 60.7%",
        rule=higher("behind", SHORT),
        variants={
            "second-best rates": higher("behind", AT_SECOND),
            "long, few images": higher("behind", LONG),
        },
    ),
)
