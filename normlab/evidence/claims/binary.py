"""What is said of binary networks without batch normalization.

Two stages of training, the second with binary weights too. Rates were chosen on
validation images with seeds 0 and 1; what decides has seeds from 10 on. The rules were
written before these runs.
"""

from functools import partial

from normlab.evidence.claim import Claim
from normlab.evidence.claims.race import Provided
from normlab.evidence.records import Arm, arm
from normlab.evidence.rules import HALF_A_POINT, Effect, NoWorse, Rule
from normlab.runs.binary import BEST, SECOND, STAGE, trained

POINT = 0.01  # of accuracy
AT_SECOND = "binary-second"
CALLED = {
    "batch": "batch norm",
    "scaled": "scaled weights and clipping",
    "neither": "neither",
}


def score(name: str, where: str = "binary", step: int = 2 * STAGE) -> Arm:
    """Return an arm: test accuracy after so many updates, at the end by default."""
    run = trained(name, (SECOND if where == AT_SECOND else BEST)[name])
    told = {field: getattr(run, field) for field in ("model", "norm", "lr")}
    at = {"split": "test", "statistics": "recomputed", "step": step}
    return arm(where, "accuracy", **at, **told)


def costs_less_than(margin: float, where: str = "binary") -> Rule:
    """Without the layer accuracy is lower by less, where without all it is by more."""
    of = {name: score(name, where) for name in CALLED}

    def what(first: str, second: str) -> str:
        compared = f"{CALLED[first]} − {CALLED[second]}"
        return f"test accuracy, recomputed statistics: {compared}"

    return Provided(
        NoWorse(of["scaled"], of["batch"], margin, what("scaled", "batch")),
        room=Effect(of["batch"], of["neither"], POINT, what("batch", "neither")),
    )


_tried = partial(
    Claim,
    source="chen2021bnn",
    place="abstract",
    ours="eight convolutions on Fashion-MNIST at 14 by 14 pixels, all but the first "
    "binary; two stages of 1,400 updates of 128 images, Adam, each at its best rate, "
    "cooled at the end of both; no teacher, no residual connections, no learned "
    "shifts; 10 seeds, a CPU",
    chapter="binary",
    experiment="binary",
)

CLAIMS = (
    _tried(
        id="E7",
        says="Binary networks can be trained without batch normalization: 92.08% on "
        "CIFAR-10, 68.34% on CIFAR-100, 68.0% on ImageNet.",
        setting="ReActNets on CIFAR-10, CIFAR-100 and ImageNet",
        rule=costs_less_than(POINT),
        variants={"each at its second-best rate": costs_less_than(POINT, AT_SECOND)},
    ),
    _tried(
        id="E8",
        says="That costs marginally little accuracy: 0.23 to 0.44% on CIFAR and 1.40% "
        "on ImageNet.",
        setting="ReActNets on CIFAR-10, CIFAR-100 and ImageNet",
        rule=costs_less_than(HALF_A_POINT),
        variants={
            "each at its second-best rate": costs_less_than(HALF_A_POINT, AT_SECOND)
        },
    ),
)
