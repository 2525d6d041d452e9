"""What is said of covariate shift and of smoothness.

The rates are those of other experiments, so that nothing was chosen here. A trial with
seed 0 set the sizes of the shifts; what decides has seeds from 10 on. The rules were
written before these runs.
"""

import math
from collections.abc import Mapping
from functools import partial

import numpy as np

from normlab.evidence.claim import Claim
from normlab.evidence.records import Arm, arm, reading, told
from normlab.evidence.rules import TWENTIETH, All, Effect
from normlab.runs.config import Run
from normlab.runs.shift import FACTORS, HIGHER, convolutions, sigmoids

HALF_AS_MUCH_AGAIN = math.log(1.5)
TENTH = math.log(1.1)
COSINE = 0.05
LEVEL, LEVELS = 0.5, (0.7, 0.4)  # training losses at which networks are compared
NONE, BATCH = convolutions("none"), convolutions("torch_batch")
SHIFTED = {s: convolutions(f"batch_shifted_{s:g}") for s in (0.25, 0.5, 1.0)}
Arrays = Mapping[str, np.ndarray]


def late_loss(run: Run) -> Arm:
    """Return an arm: training loss over the last tenth of the updates."""
    return arm("shift", "late_loss", split="train", **told(run, "norm", "lr"))


def moved(arrays: Arrays) -> float:
    """Return by how far the inputs of layers move between looks, at the middle look.

    The mean over the layers but the first, whose input is the image.
    """
    return float(np.nanmedian(arrays["look/shift"][:, 1:].mean(1)))


def cosine(arrays: Arrays) -> float:
    """Return the cosine of gradients before and after the layers below moved."""
    return float(arrays["look/cosine"].mean())


def along(name: str, level: float, factor: float, arrays: Arrays) -> float:
    """Return what was found along a step, where the loss passes this level.

    Between two looks the logarithm is taken to be straight; NaN where no look has a
    loss as low.
    """
    loss = arrays["look/loss"]
    if not (loss.min() <= level <= loss.max()):
        return math.nan
    found = arrays[f"look/{name}"][:, FACTORS.index(factor)]
    order = np.argsort(loss)
    return float(np.exp(np.interp(level, loss[order], np.log(found[order]))))


def more_shift_and_less_loss(strength: float = 0.25) -> All:
    """Inputs shift more than without the layer, and the loss is lower all the same."""
    run, named = SHIFTED[strength], f"shifts of {strength:g}"
    shifts = reading("shift", moved, run), reading("shift", moved, NONE)
    losses = late_loss(NONE), late_loss(run)
    return All(
        (
            Effect(*shifts, TENTH, f"shift of inputs: {named} / no layer", "times"),
            Effect(*losses, TWENTIETH, f"training loss: no layer / {named}", "times"),
        )
    )


def steadier(run: Run = BATCH, base: Run = NONE, where: str = "shift") -> Effect:
    """With the layer a gradient changes less when the layers below move."""
    sides = reading(where, cosine, run), reading(where, cosine, base)
    what = "cosine before and after: with the layer − without"
    return Effect(*sides, COSINE, what, "more")


def smoother(level: float = LEVEL, factor: float = 1.0, where: str = "shift") -> Effect:
    """At the same training loss a gradient changes less along a step."""
    pair = (BATCH, NONE) if where == "shift" else map(sigmoids, ("torch_batch", "none"))
    read = partial(along, "roughness", level, factor)
    with_layer, without = (reading(where, read, run) for run in pair)
    what = f"change of the gradient at a loss of {level:g}: without the layer / with"
    return Effect(without, with_layer, HALF_AS_MUCH_AGAIN, what, "times")


_tried = partial(
    Claim,
    ours="eight convolutions on Fashion-MNIST at 14 by 14 pixels, 1,400 updates of 128 "
    "images; momentum 0.9, all at the best rate without the layer, cooled at the end; "
    "measured at twelve looks on 1,024 training images; 5 seeds, a CPU",
    chapter="why-it-works",
    experiment="shift",
)
CLAIMS = (
    _tried(
        id="santurkar2018-shift",
        source="santurkar2018how",
        place="abstract; section 2",
        says="Stable distributions of the layers’ inputs have little to do with the "
        "success of batch normalization: with random shifts put in behind the layer, "
        "training is as good.",
        setting="VGG on CIFAR-10",
        rule=more_shift_and_less_loss(),
        variants={f"shifts of {s:g}": more_shift_and_less_loss(s) for s in (0.5, 1.0)},
    ),
    _tried(
        id="ioffe2015-shift",
        source="ioffe2015batch",
        place="abstract",
        says="Batch normalization reduces internal covariate shift, the change of a "
        "layer’s inputs as the layers below learn.",
        setting="Inception on ImageNet; the shift itself was not measured",
        rule=steadier(),
        variants={
            "at the layer's best rate": steadier(convolutions("torch_batch", HIGHER)),
            "LeNet with sigmoids": steadier(
                sigmoids("torch_batch"), sigmoids("none"), "shift-sigmoid"
            ),
        },
    ),
    _tried(
        id="santurkar2018-smooth",
        source="santurkar2018how",
        place="abstract; section 3",
        says="Batch normalization makes the optimization landscape smoother, so that "
        "gradients are more predictive.",
        setting="VGG on CIFAR-10",
        rule=smoother(),
        variants={
            **{f"at a loss of {level:g}": smoother(level) for level in LEVELS},
            "four times the step": smoother(factor=4.0),
            "LeNet with sigmoids": smoother(0.7, where="shift-sigmoid"),
        },
    ),
)
