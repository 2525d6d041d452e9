"""What is said of batches that are no fair sample.

Each batch has images of two classes. The primary measure is test accuracy with running
statistics, as the training left them: recomputed ones are of batches of all classes,
and would put right what is asked about. Rates were chosen on validation images, by the
same measure, with seeds 0 and 1; what decides has seeds from 10 on. The rule was
written before these runs.
"""

from normlab.evidence.claim import Claim
from normlab.evidence.records import Arm, arm
from normlab.evidence.rules import Effect, Rule
from normlab.runs.two_classes import BEST, CONTROL, SECOND, chosen

POINT = 0.01  # of accuracy: the smallest difference that counts here
AT_SECOND = "two-classes-second"
CALLED = {
    "batch": "batch norm",
    CONTROL: "batch norm with a memory of a hundred batches",
}


def score(name: str, where: str) -> Arm:
    """Return an arm: test accuracy at the end, in evaluation mode."""
    (run,) = chosen(name, rates=SECOND if where == AT_SECOND else BEST)
    told = {"norm": run.norm, "lr": run.lr}
    return arm(where, "accuracy", split="test", statistics="running", **told)


def better(than: str = "batch", where: str = "two-classes") -> Rule:
    """Batch renormalization ends above batch normalization."""
    what = f"test accuracy, running statistics: renorm − {CALLED[than]}"
    return Effect(score("renorm", where), score(than, where), POINT, what)


CLAIMS = (
    Claim(
        id="ioffe2017-classes",
        source="ioffe2017batch",
        place="abstract; numbers from memory",
        says="Where a batch is no sample of independent images, batch renormalization "
        "is substantially more accurate than batch normalization: 78.5% against "
        "67.1%, and 78.5% where they are independent.",
        setting="ImageNet, Inception-v3, batches of 32 with two images of each of 16 "
        "classes; setting and numbers from memory",
        ours="eight convolutions on Fashion-MNIST at 14 by 14 pixels, 1,400 updates "
        "of 32 images, 16 of each of two classes that are drawn anew; momentum 0.9, "
        "each at its best rate, cooled at the end. The running statistics of "
        "renormalization remember a hundred batches, those of batch normalization "
        "ten; 10 seeds, a CPU",
        chapter="small-batches",
        experiment="two-classes",
        rule=better(),
        variants={
            "each at its second-best rate": better(where=AT_SECOND),
            "batch normalization remembers a hundred batches too": better(CONTROL),
        },
    ),
)
