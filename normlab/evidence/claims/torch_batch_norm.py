"""What is said of PyTorch's layer beside the one written by hand."""

from normlab.evidence.claim import OURS as US
from normlab.evidence.claim import Claim
from normlab.evidence.claims.lenet import (
    BUILT_IN,
    OURS,
    POINT,
    TEST,
    THEIRS,
    among_late,
    last_accuracy,
    last_loss,
    late_test,
)
from normlab.evidence.records import Records
from normlab.evidence.rules import Holds, Number, Same
from normlab.evidence.words import Word
from normlab.runs import ResultsError, benchmark

SOURCES_RATIO = 60219.9 / 35560.7
CLAIMED_RATIO = f"{SOURCES_RATIO:.2f} times"


def word_of_ratio(ratio: float, claimed: float) -> Word:
    """Return the word for a ratio that was timed, where one above 1 is claimed."""
    if abs(ratio / claimed - 1) <= 0.15:
        return Word.REPRODUCED
    if ratio >= 1.1:
        return Word.IN_DIRECTION
    return Word.UNDECIDED if ratio > 1 / 1.1 else Word.NOT_REPRODUCED


def faster_built_in(measure: dict) -> tuple[Word, tuple[tuple[str, str], ...]]:
    """How much faster the built-in layer is, eager, from ``benchmark``."""
    ratio = 1 / measure["hand_over_builtin_eager"]
    shown = (
        ("speed, built in over by hand; one timing, no interval", f"{ratio:.2f} times"),
        ("claimed", CLAIMED_RATIO),
        ("on", measure["device"]),
    )
    return word_of_ratio(ratio, SOURCES_RATIO), shown


def on_a_gpu(_: Records):
    """Try it on what ``make gpu`` recorded."""
    try:
        return faster_built_in(benchmark("cuda"))
    except ResultsError as error:
        return Word.UNDECIDED, (("no benchmark", str(error)),)


def fastest_on_a_cpu(measure: dict) -> tuple[Word, tuple[tuple[str, str], ...]]:
    """Whether the built-in layer, eager, is ahead of the other three by a tenth."""
    speeds = {
        f"{name}, {kind}": measure[f"examples_per_second_{key}_{kind}"]
        for name, key in (("built in", "builtin"), ("by hand", "hand"))
        for kind in ("eager", "compiled")
    }
    first = speeds.pop("built in, eager")
    ahead = first / max(speeds.values())
    over = "speed over that of built in, eager; one timing, no interval"
    shown = tuple((f"{name}, {over}", f"{s / first:.2f}") for name, s in speeds.items())
    shown += (("on", measure["device"]),)
    if ahead >= 1.1:
        return Word.REPRODUCED, shown
    return (Word.UNDECIDED if ahead > 1 / 1.1 else Word.NOT_REPRODUCED), shown


CLAIMS = (
    Claim(
        id="B2-loss",
        source="richtux2021deep",
        place="line 85",
        says="With nn.BatchNorm the last training loss is 0.248.",
        setting=THEIRS,
        ours=OURS,
        chapter="torch-batch-norm",
        experiment="lenet",
        rule=Number(
            last_loss.but(**BUILT_IN), 0.248, "training loss, last epoch", "nats"
        ),
    ),
    Claim(
        id="B2-train",
        source="richtux2021deep",
        place="line 85",
        says="With nn.BatchNorm the last training accuracy is 0.908.",
        setting=THEIRS,
        ours=OURS,
        chapter="torch-batch-norm",
        experiment="lenet",
        rule=Number(
            last_accuracy.but(**BUILT_IN), 0.908, "training accuracy, last epoch", "%"
        ),
    ),
    Claim(
        id="B2-test",
        source="richtux2021deep",
        place="line 85",
        says="With nn.BatchNorm the last test accuracy is 0.869.",
        setting=THEIRS,
        ours=OURS,
        chapter="torch-batch-norm",
        experiment="lenet",
        rule=among_late(0.869),
    ),
    Claim(
        id="B3",
        source="richtux2021deep",
        place="lines 61 and 86",
        says="Training with nn.BatchNorm handles 60,219.9 examples a second, with the "
        "layer written by hand 35,560.7: 1.69 times as many.",
        setting="one run each, a GPU",
        ours="LeNet, batch 256, both in turns in one process, a GPU",
        benchmark="make gpu",
        chapter="torch-batch-norm",
        rule=Holds(
            "The ratio of speeds on a GPU is within 15% of the claimed one; in "
            "direction, if the built-in layer is faster by a tenth at least.",
            on_a_gpu,
            claimed=CLAIMED_RATIO,
        ),
        variants={
            "a CPU": Holds(
                "The same on a CPU.", lambda _: faster_built_in(benchmark())
            ),
        },
    ),
    Claim(
        id="eager-fastest",
        source=US,
        says="On the CPU that we timed the network with the built-in layer trains "
        "fastest when it is not compiled, by a tenth at least.",
        ours="LeNet, batch 256, all four in turns in one process, a CPU",
        benchmark="make benchmark",
        chapter="torch-batch-norm",
        rule=Holds(
            "The speed of the built-in layer, eager, is at least 1.1 times that of "
            "each of the three others.",
            lambda _: fastest_on_a_cpu(benchmark()),
        ),
    ),
    Claim(
        id="layers-same",
        source=US,
        says="Trained with either layer, the networks are the same within a point of "
        "test accuracy.",
        ours=OURS + ", mean of epochs 6 to 10, batch statistics",
        chapter="torch-batch-norm",
        experiment="lenet",
        rule=Same(
            late_test,
            late_test.but(**BUILT_IN),
            POINT,
            f"{TEST}: by hand − built in",
        ),
        variants={
            "evaluation mode": Same(
                late_test.but(statistics="running"),
                late_test.but(statistics="running", **BUILT_IN),
                POINT,
                "test accuracy, evaluation mode: by hand − built in",
            ),
            "training accuracy, last epoch": Same(
                last_accuracy,
                last_accuracy.but(**BUILT_IN),
                POINT,
                "training accuracy, last epoch: by hand − built in",
            ),
        },
    ),
)
