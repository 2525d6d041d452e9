"""What a last epoch with frozen statistics does."""

from math import log

from normlab.evidence.claim import OURS, Claim
from normlab.evidence.records import Arm, arm
from normlab.evidence.rules import All, Effect, Same

NAME = "frozen-finish"
POINT, FIVE_PERCENT = 0.01, log(1.05)
SLOW = 0.01  # of the training's rate
SETTING = (
    "LeNet with sigmoids, nn.BatchNorm, batch 256, rate 1.0, the tenth epoch at "
    "a hundredth of it, 5 seeds, a CPU"
)
KINDS = ("frozen", "recomputed")
TEST = "test accuracy"
STATISTICS = {
    "frozen": "running statistics frozen",
    "recomputed": "recomputed ones frozen",
}
AGAINST = {
    "usual": "usual epoch, statistics recomputed after it",
    "plain": "usual epoch, its running statistics",
}


def before(measure: str, statistics: str = "recomputed", lr: float = 1.0) -> Arm:
    """Return a test score of evaluation mode after nine epochs."""
    at = {"ending": "before", "epoch": 9, "split": "test", "lr": lr}
    return arm(NAME, measure, statistics=statistics, **at)


def ended(measure: str, ending: str, rate: float = SLOW, lr: float = 1.0) -> Arm:
    """Return a test score after the tenth epoch.

    A frozen ending keeps its statistics, "usual" gets recomputed ones, so that no
    running average blurs the comparison; "plain" is the usual one as it is.
    """
    statistics = "recomputed" if ending == "usual" else "running"
    ending = "usual" if ending == "plain" else ending
    at = {"ending": ending, "ending_rate": rate, "epoch": 10, "split": "test"}
    return arm(NAME, measure, statistics=statistics, lr=lr, **at)


def tuned(ending: str = "recomputed", rate: float = SLOW, lr: float = 1.0) -> Effect:
    """Return the rule of C11: the loss in evaluation mode falls."""
    statistics = "running" if ending == "frozen" else "recomputed"
    arms = before("loss", statistics, lr), ended("loss", ending, rate, lr)
    what = "test loss, evaluation mode: before over after the frozen epoch"
    return Effect(*arms, FIVE_PERCENT, what, "times")


def no_gain(ending: str, lr: float = 1.0) -> Same:
    """Return that the accuracy is that of the usual slow epoch."""
    arms = ended("accuracy", ending, lr=lr), ended("accuracy", "usual", lr=lr)
    return Same(*arms, POINT, f"{TEST}: {STATISTICS[ending]} − {AGAINST['usual']}")


def harm(lr: float, against: str = "usual") -> All:
    """Return that both frozen endings lose at the training's own rate."""
    return All(
        tuple(
            Effect(
                ended("accuracy", against, 1.0, lr),
                ended("accuracy", ending, 1.0, lr),
                POINT,
                f"{TEST}, rate {lr:g}: {STATISTICS[ending]} − {AGAINST[against]}",
                shown_as=-1,
            )
            for ending in KINDS
        )
    )


CLAIMS = (
    Claim(
        id="C11",
        source="kilcher2019batch",
        place="transcript, “fine-tune the weights”",
        says=(
            "One can even imagine, in passing, to fix the statistics at the end of "
            "training and fine-tune the weights to them; a gain on test images is "
            "not claimed."
        ),
        setting="none: a remark",
        ours=(
            f"{SETTING}; statistics recomputed, then fixed; loss before against "
            "after, and an epoch as slow without freezing gains as much (see "
            "frozen-no-gain)"
        ),
        chapter="frozen-statistics",
        experiment=NAME,
        rule=tuned(),
        variants={
            "running statistics, fixed as they are": tuned("frozen"),
            "trained at rate 0.1": tuned(lr=0.1),
            "the training's own rate": tuned(rate=1.0),
        },
    ),
    Claim(
        id="frozen-no-gain",
        source=OURS,
        says=(
            "A slow last epoch with frozen statistics ends with the same test accuracy "
            "as the same epoch without."
        ),
        ours=SETTING,
        chapter="frozen-statistics",
        experiment=NAME,
        rule=All(tuple(no_gain(ending) for ending in KINDS)),
        variants={
            "trained at rate 0.1": All(tuple(no_gain(e, lr=0.1) for e in KINDS)),
        },
    ),
    Claim(
        id="frozen-harm",
        source=OURS,
        says="At the training's own rate an epoch with frozen statistics does harm; "
        "the usual epoch is taken with statistics recomputed after it.",
        ours=SETTING.replace("a hundredth of it", "the same rate"),
        chapter="frozen-statistics",
        experiment=NAME,
        rule=harm(1.0),
        variants={
            "trained at rate 0.1": harm(0.1),
            "against the running statistics of the usual epoch": harm(1.0, "plain"),
            "against those, trained at rate 0.1": harm(0.1, "plain"),
        },
    ),
)
