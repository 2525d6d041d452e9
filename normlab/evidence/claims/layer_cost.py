"""What is said of the time that the layer takes between wide fully connected layers."""

from functools import partial

from normlab.evidence.claim import Claim
from normlab.evidence.claims.torch_batch_norm import word_of_ratio
from normlab.evidence.records import Records
from normlab.evidence.rules import Holds
from normlab.evidence.words import Word
from normlab.runs import ResultsError, benchmark

# Seconds of the diary's two trainings each, by its clock: with the layer, without.
SECONDS = {3: (189.765, 136.864), 15: (1141.669, 546.693)}
RATIOS = {depth: with_ / without for depth, (with_, without) in SECONDS.items()}
LAYERS = {"hand": "by hand", "builtin": "built in"}
SETTING = (
    "MNIST, 1,000 units a layer, batch 128, 50 epochs with their evaluation, one run; "
    "the author's own layer in Theano, a Tesla K20c"
)
OURS = (
    "training steps of the same network, batch 128; without layers, by hand and built "
    "in, in turns in one process, a CPU"
)


def slower(
    _: Records, depth: int, layer: str, measure: dict | None = None
) -> tuple[Word, tuple[tuple[str, str], ...]]:
    """How much longer a step takes with the layer, from ``make benchmark``."""
    measure = _recorded() if measure is None else measure
    key = f"mlp_{depth}_{layer}_over_none"
    if key not in measure:
        return Word.UNDECIDED, (("timing", "none yet; `make benchmark` takes it"),)
    claimed, ratio = RATIOS[depth], measure[key]
    shown = (
        (
            f"time of a step, {LAYERS[layer]} over none; one timing, no interval",
            f"{ratio:.2f} times",
        ),
        ("claimed", f"{claimed:.2f} times"),
        ("on", measure["device"]),
    )
    return word_of_ratio(ratio, claimed), shown


def _recorded() -> dict:
    try:
        return benchmark()
    except ResultsError:
        return {}


def _claim(id: str, place: str, depth: int, says: str) -> Claim:
    return Claim(
        id=id,
        source="takataka2015batch",
        place=place,
        says=says,
        setting=SETTING,
        ours=OURS,
        benchmark="make benchmark",
        chapter="layer-cost",
        rule=Holds(
            "The ratio of times with the layer written by hand is within 15% of the "
            "claimed one; in direction, if the layer makes a step longer by a tenth "
            "at least.",
            partial(slower, depth=depth, layer="hand"),
            claimed=f"{RATIOS[depth]:.2f} times",
        ),
        variants={
            "the built-in layer": Holds(
                "The same with it.", partial(slower, depth=depth, layer="builtin")
            )
        },
    )


CLAIMS = (
    _claim(
        "D6",
        "lines 69, 102 and 106",
        3,
        "Three layers take 1.39 times as long with normalizers; the author blames "
        "his own program, above all its estimate of the statistics for inference.",
    ),
    _claim(
        "D7",
        "lines 132 and 169",
        15,
        "Fifteen layers take 2.09 times as long with normalizers.",
    ),
)
