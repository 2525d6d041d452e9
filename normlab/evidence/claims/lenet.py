"""What is said of LeNet on Fashion-MNIST with the layer and without."""

import math
from itertools import pairwise

import numpy as np

from normlab.evidence.claim import OURS as US
from normlab.evidence.claim import Claim
from normlab.evidence.records import Records, arm
from normlab.evidence.rules import TWENTIETH, Effect, Holds, Number
from normlab.evidence.words import Word
from normlab.runs.protocol import BEST_RATE

OURS = "LeNet with sigmoids, batch 256, rate 1.0, 10 epochs, 5 seeds, a CPU"
AT_BEST = "LeNet with sigmoids, batch 256, 10 epochs, each at its own rate, 5 seeds"
THEIRS = "the same as ours as far as the text says; one run, a GPU"
# As in runs.lenet, and written out: a rule's hash knows only what lies in evidence.
RATES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
LATE = range(6, 11)  # epochs
TEST = "test accuracy, batch statistics"
# Records know this line by its hash; for LOSS see TWENTIETH.
POINT, LOSS = 0.01, float(np.log(1.05))  # the smallest differences that count
HAND = {"norm": "batch", "lr": 1.0}
BUILT_IN = {"norm": "torch_batch", "lr": 1.0}
WITHOUT = {"norm": "none", "lr": 1.0}
ITS_BEST = {"norm": "none", "lr": BEST_RATE["none"]}

last_loss = arm("lenet", "loss", split="train", epoch="last", **HAND)
last_accuracy = arm("lenet", "accuracy", split="train", epoch="last", **HAND)
late_test = arm(
    "lenet", "accuracy", split="test", statistics="batch", epoch=LATE, **HAND
)
# Without normalizers the two kinds of statistics are one, recorded as "running".
best_without = late_test.but(statistics="running", **ITS_BEST)


def late_evaluations(records: Records) -> np.ndarray:
    """Single test accuracies in evaluation mode, both layers, epochs 6 to 10."""
    found = [
        records.values(
            "lenet", "accuracy", split="test", statistics="running", epoch=e, **layer
        )
        for layer in (HAND, BUILT_IN)
        for e in LATE
    ]
    return np.concatenate(found)


def among_late_evaluations(number: float, records: Records):
    """Whether a published accuracy is one that a late epoch of ours may show.

    Late accuracies are not normal, so their own order decides: the number must have at
    least 2.5% of them on either side, and fewer than 40 of them cannot say so.
    """
    found = late_evaluations(records)
    below, above = (found <= number).mean(), (found >= number).mean()
    worst, best, error = 1 - found.min(), 1 - found.max(), 1 - found.mean()
    shown = (
        ("late evaluations at or below the number", f"{(found <= number).sum()}"),
        ("of", f"{len(found)} (two layers, 5 seeds, epochs 6 to 10)"),
        ("their range", f"{100 * found.min():.1f}% to {100 * found.max():.1f}%"),
        ("their errors", f"{100 * best:.1f}% to {100 * worst:.1f}%"),
        ("mean error", f"{100 * error:.1f}%"),
    )
    if len(found) < 40:
        return Word.UNDECIDED, shown
    if min(below, above) < 0.025:
        return Word.NOT_REPRODUCED, shown
    vague = worst > 2 * error or best < error / 2
    return (Word.UNDECIDED if vague else Word.REPRODUCED), shown


def among_late(number: float) -> Holds:
    """Return the rule that a published accuracy is one of a late epoch."""
    return Holds(
        "As claimed if at least 2.5% of our single test accuracies of late epochs, in "
        "evaluation mode, both layers together, lie on either side of the number, and "
        "not if fewer do; undecided if the errors reach beyond half or twice their "
        "mean, since then nearly any number would do.",
        lambda records: among_late_evaluations(number, records),
        claimed=f"{100 * number:.1f}%",
    )


def lower_at_every_rate(records: Records):
    """In how many pairs of a rate and a seed the loss is lower with the layer."""
    lower = pairs = 0
    means = []
    for rate in RATES:
        with_, without = (
            records.values(
                "lenet-rates", "loss", split="train", epoch="last", norm=norm, lr=rate
            )
            for norm in ("torch_batch", "none")
        )
        lower += int((with_ < without).sum())
        pairs += len(with_)
        means.append(bool(with_.mean() < without.mean()))
    shown = (
        ("pairs with the lower loss", f"{lower} of {pairs}"),
        ("rates with the lower mean loss", f"{sum(means)} of {len(RATES)}"),
    )
    if lower == pairs:
        return Word.REPRODUCED, shown
    return (Word.IN_DIRECTION if all(means) else Word.NOT_REPRODUCED), shown


def rates_within_two_points(statistics: str, records: Records):
    """How many decades of rates stay within 2 points of each network's own best."""
    decades, written = {}, {}
    for norm in ("torch_batch", "none"):
        kind = statistics if norm == "torch_batch" else "running"
        at = {"split": "validation", "statistics": kind, "epoch": LATE, "norm": norm}
        means = np.array(
            [
                records.values("lenet-rates", "accuracy", lr=r, **at).mean()
                for r in RATES
            ]
        )
        near = np.array(RATES)[means > means.max() - 0.02]
        decades[norm] = float(np.log10(near.max() / near.min()))
        cut = near.min() == RATES[0] or near.max() == RATES[-1]  # by the grid's end
        written[norm] = f"{'at least ' if cut else ''}{decades[norm]:.1f} decades"
    shown = tuple(
        (name, written[norm])
        for name, norm in (("with the layer", "torch_batch"), ("without", "none"))
    )
    wider = decades["torch_batch"] - decades["none"]
    if wider >= 0.5:
        return Word.REPRODUCED, shown
    return (Word.IN_DIRECTION if wider > 0 else Word.NOT_REPRODUCED), shown


def change_between_epochs(statistics: str, records: Records):
    """Mean absolute change of test accuracy from one late epoch to the next."""
    at = {"split": "test", "statistics": statistics, **HAND}
    late = [records.values("lenet", "accuracy", epoch=e, **at) for e in range(5, 11)]
    return sum(abs(b - a) for a, b in pairwise(late)) / len(LATE)


def _change(statistics: str):
    return lambda records: change_between_epochs(statistics, records)


CLAIMS = (
    Claim(
        id="B1-loss",
        source="richtux2021deep",
        place="line 60",
        says="With the layer written by hand the last training loss is 0.250.",
        setting=THEIRS,
        ours=OURS,
        chapter="lenet",
        experiment="lenet",
        rule=Number(last_loss, 0.250, "training loss, last epoch", "nats"),
    ),
    Claim(
        id="B1-train",
        source="richtux2021deep",
        place="line 60",
        says="With the layer written by hand the last training accuracy is 0.907.",
        setting=THEIRS,
        ours=OURS,
        chapter="lenet",
        experiment="lenet",
        rule=Number(last_accuracy, 0.907, "training accuracy, last epoch", "%"),
    ),
    Claim(
        id="B1-test",
        source="richtux2021deep",
        place="line 60",
        says="With the layer written by hand the last test accuracy is 0.801.",
        setting=THEIRS,
        ours=OURS,
        chapter="lenet",
        experiment="lenet",
        rule=among_late(0.801),
    ),
    Claim(
        id="lenet-faster",
        source=US,
        says="At the rate 1.0 the training loss after ten epochs is lower with the "
        "layer, by 5% at least.",
        ours=OURS,
        chapter="lenet",
        experiment="lenet",
        rule=Effect(
            last_loss.but(**WITHOUT),
            last_loss,
            TWENTIETH,
            "training loss, without over with",
            unit="times",
        ),
        variants={
            "built-in layer": Effect(
                last_loss.but(**WITHOUT),
                last_loss.but(**BUILT_IN),
                TWENTIETH,
                "training loss, without over with the built-in layer",
                unit="times",
            ),
        },
    ),
    Claim(
        id="lenet-best",
        source=US,
        says="Test accuracy is higher with the layer at the rate 1.0 than without it "
        "at 2.0, one of its two best rates, by a point at least.",
        ours=AT_BEST + ", mean of epochs 6 to 10, batch statistics",
        chapter="lenet",
        experiment="lenet",
        rule=Effect(late_test, best_without, POINT, f"{TEST}: with − without"),
        variants={
            "evaluation mode": Effect(
                late_test.but(statistics="running"),
                best_without,
                POINT,
                "test accuracy, evaluation mode: with − without",
            ),
            "the layer at the rate 0.1": Effect(
                late_test.but(lr=0.1),
                best_without,
                POINT,
                f"{TEST}: with (rate 0.1) − without",
            ),
            "without it at the rate 1.0": Effect(
                late_test,
                best_without.but(lr=1.0),
                POINT,
                f"{TEST}: with − without (rate 1.0)",
            ),
            "last epoch only": Effect(
                late_test.but(epoch="last"),
                best_without.but(epoch="last"),
                POINT,
                f"{TEST}, last epoch: with − without",
            ),
        },
    ),
    Claim(
        id="lenet-every-rate",
        source=US,
        says="The training loss is lower with the layer at every rate tried.",
        ours="LeNet with sigmoids, batch 256, rates 0.02 to 5, 10 epochs of 50,000 "
        "training images, 5 seeds, a CPU",
        chapter="lenet",
        experiment="lenet-rates",
        rule=Holds(
            "Lower in every pair of a rate and a seed; in direction, if in the mean "
            "over the seeds of every rate.",
            lower_at_every_rate,
        ),
    ),
    Claim(
        id="lenet-choice",
        source=US,
        says="With the layer the rate matters less: a wider range of rates comes "
        "within 2 points of the best validation accuracy.",
        ours="LeNet with sigmoids, batch 256, rates 0.02 to 5, 10 epochs of 50,000 "
        "training images, mean of epochs 6 to 10, 5 seeds, a CPU",
        chapter="lenet",
        experiment="lenet-rates",
        rule=Holds(
            "The rates within 2 points of a network's own best span half a decade more "
            "with the layer, by batch statistics; in direction, if they span more.",
            lambda records: rates_within_two_points("batch", records),
        ),
        variants={
            "running statistics": Holds(
                "The same in evaluation mode.",
                lambda records: rates_within_two_points("running", records),
            )
        },
    ),
    Claim(
        id="lenet-jumps",
        source=US,
        says="Test accuracy changes more from epoch to epoch with running statistics "
        "than with those of the test batches, by half at least.",
        ours=OURS,
        chapter="lenet",
        experiment="lenet",
        rule=Effect(
            _change("running"),
            _change("batch"),
            math.log(1.5),
            "change of test accuracy, running over batch statistics",
            unit="times",
        ),
    ),
)
