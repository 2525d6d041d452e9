"""What is said of LeNet on Fashion-MNIST with the layer and without."""

from normlab.evidence.claim import Claim
from normlab.evidence.records import arm
from normlab.evidence.rules import Number

OURS = "LeNet with sigmoids, batch 256, rate 1.0, 10 epochs, 5 seeds, a CPU"
THEIRS = "the same, one run, a GPU"
_HAND = {"norm": "batch", "lr": 1.0}

CLAIMS = (
    Claim(
        id="B1-loss",
        source="richtux2021deep",
        place="first output",
        says="With the hand-written layer the last training loss is 0.250.",
        setting=THEIRS,
        ours=OURS,
        chapter="lenet",
        experiment="lenet",
        rule=Number(
            arm("lenet", "loss", split="train", epoch="last", **_HAND),
            0.250,
            "training loss, last epoch",
            "nats",
        ),
    ),
)
