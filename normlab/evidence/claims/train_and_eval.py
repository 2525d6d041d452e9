"""What is said of training mode and evaluation mode."""

from math import log

import torch
from torch import nn

from normlab.evidence.claim import OURS, Claim
from normlab.evidence.exact import exact
from normlab.evidence.records import Arm, arm
from normlab.evidence.rules import All, Effect, Holds, Same
from normlab.layers import BatchNorm

POINT, FIVE_PERCENT = 0.01, log(1.05)
GAP = "train-eval-gap"
SETTING = (
    "LeNet with sigmoids, nn.BatchNorm, rate 1.0 at batch 256 and in proportion, "
    "mean over the ends of epochs 3 to 5, 5 seeds, a CPU"
)


def state(swapped: str, size: int) -> Arm:
    """Return test accuracy with these parts of the way to evaluation mode gone.

    Args:
        swapped: as in the table, "noise+lag+factor" for evaluation mode.
        size: images a batch, in training and in training mode.
    """
    settings = {"split": "test", "statistics": "mixed", "control": ""}
    at = {"swapped": swapped, "batch_size": size, "epoch": (3, 4, 5)}
    return arm(GAP, "accuracy", **settings, **at)


def alone_or_beside(_):
    """C9: in evaluation mode an answer does not depend on the batch."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(16, 1, 8, 8, generator=generator, dtype=torch.float64)
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3), BatchNorm(3), nn.Sigmoid(), nn.Flatten(),
        nn.Linear(108, 5), BatchNorm(5),
    ).double()  # fmt: skip
    with torch.no_grad():
        model(x * 2 + 1)  # something to remember
        model.eval()
        alone, again = model(x[:1]), model(x[:1])
        beside, reversed_ = model(x)[:1], model(x.flip(0))[-1:]
    return exact(
        {
            "asked again": (again - alone).abs().max().item(),
            "beside 15 others": (beside - alone).abs().max().item(),
            "the others in another order": (reversed_ - beside).abs().max().item(),
        }
    )


TRAINING, EVALUATION, RECOMPUTED = "nothing", "noise+lag+factor", "noise+factor"
FEW, MANY = (f"batch {size}: evaluation − training mode" for size in (4, 256))
LOSS_RATIO = "test loss, batch {}: evaluation over training mode".format
TEST = "test accuracy"


def signs(**changed) -> All:
    """Return the rule of "gap-sign", with other settings."""
    four, many = (
        [state(name, size).but(**changed) for name in (EVALUATION, TRAINING)]
        for size in (4, 256)
    )
    return All(
        (
            Effect(*four, POINT, f"{TEST}, {FEW}"),
            Effect(*many[::-1], POINT, f"{TEST}, {MANY}", shown_as=-1),
        )
    )


def losses() -> All:
    """Return the rule of "gap-sign" for the test loss, where less is better."""
    four, many = (
        [state(name, s).but(measure="loss") for name in (TRAINING, EVALUATION)]
        for s in (4, 256)
    )
    return All(
        (
            Effect(*four, FIVE_PERCENT, LOSS_RATIO(4), "times", shown_as=-1),
            Effect(*many[::-1], FIVE_PERCENT, LOSS_RATIO(256), "times"),
        )
    )


def recomputing(**changed) -> Effect:
    """Return the rule of "gap-recompute", with other settings."""
    arms = (state(name, 256).but(**changed) for name in (RECOMPUTED, EVALUATION))
    return Effect(
        *arms, POINT, "test accuracy, evaluation mode: recomputed − running statistics"
    )


def rest(size: int, **changed) -> Same:
    """Return the rule of "gap-closed", for a batch size."""
    arms = (state(name, size).but(**changed) for name in (RECOMPUTED, TRAINING))
    what = f"{TEST}, batch {size}: recomputed statistics − training mode"
    return Same(*arms, POINT, what)


CLAIMS = (
    Claim(
        id="C9",
        source="kilcher2019batch",
        place="transcript, “deterministic test time inference”",
        says=(
            "With running averages plugged in at test time, nothing depends on the "
            "mini-batch any more."
        ),
        ours="a small network in evaluation mode, float64",
        chapter="train-and-eval",
        rule=Holds("Every difference below is under 1e-9.", alone_or_beside),
    ),
    Claim(
        id="gap-sign",
        source=OURS,
        says=(
            "Evaluation mode is better than training mode in batches of 4, and worse "
            "in batches of 256."
        ),
        ours=SETTING,
        chapter="train-and-eval",
        experiment=GAP,
        rule=signs(),
        variants={"by test loss": losses(), "last epoch alone": signs(epoch=5)},
    ),
    Claim(
        id="gap-recompute",
        source=OURS,
        says=(
            "At batch 256, statistics recomputed at the weights of the moment are "
            "better than the running ones."
        ),
        ours=SETTING,
        chapter="train-and-eval",
        experiment=GAP,
        rule=recomputing(),
        variants={"last epoch alone": recomputing(epoch=5)},
    ),
    Claim(
        id="gap-closed",
        source=OURS,
        says="With recomputed statistics the two modes are alike at batch 256.",
        ours=SETTING,
        chapter="train-and-eval",
        experiment=GAP,
        rule=rest(256),
        variants={
            "batch 64": rest(64),
            "last epoch alone": rest(256, epoch=5),
        },
    ),
)
