"""What is said of normalizers that differ in which values share a mean.

The primary measure is test accuracy after the slow last epoch, batch normalization's
with the statistics of the test batches; each network has the rate that is best on the
validation images. Variants ask in evaluation mode, and at the second-best rates.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from normlab.evidence.claim import OURS as BOOK
from normlab.evidence.claim import Claim
from normlab.evidence.exact import BOUND, exact
from normlab.evidence.records import Arm, Records, arm
from normlab.evidence.rules import FEWEST, TWENTIETH, All, Effect, Holds, Rule, Same
from normlab.evidence.words import Word
from normlab.layers import batch_norm, group_norm, instance_norm, layer_norm

POINT = 0.01  # of accuracy: the smallest difference that counts on LeNet
OURS = (
    "LeNet with sigmoids on Fashion-MNIST, batch 64, 3 epochs, the last at a tenth of "
    "the rate, 5 seeds, a CPU"
)
# By mean validation accuracy after the last epoch; a test chooses them again.
BEST = {
    "none": 0.5,
    "torch_batch": 1.0,
    "torch_layer": 0.1,
    "torch_group": 0.5,
    "torch_instance": 1.0,
    "torch_batch_maps": 1.0,
}
SECOND = {
    "none": 1.0,
    "torch_batch": 0.5,
    "torch_layer": 1.0,
    "torch_group": 0.1,
    "torch_instance": 0.5,
    "torch_batch_maps": 0.5,
}
OWN = {"torch_batch", "torch_batch_maps"}  # these have statistics of a batch
Numbers = tuple[tuple[str, str], ...]


def accuracy(norm: str, rates: dict[str, float] = BEST, statistics: str = "batch"):
    """Return an arm: test accuracy at the network's rate."""
    kind = statistics if norm in OWN else "running"
    settings = {"split": "test", "statistics": kind, "epoch": "last"}
    return arm("which-axes", "accuracy", norm=norm, lr=rates[norm], **settings)


def measured(rates: dict[str, float] = BEST, statistics: str = "batch") -> str:
    """Return what ``accuracy`` measures, as a rule's words name it."""
    kind = "evaluation mode" if statistics == "running" else "batch statistics"
    return f"test accuracy, {kind}"


def training_loss(norm: str, rates: dict[str, float] = BEST) -> Arm:
    """Return an arm: the loss over the last epoch, in training mode."""
    settings = {"split": "train", "epoch": "last", "lr": rates[norm]}
    return arm("which-axes", "loss", norm=norm, **settings)


def ahead(higher: str, lower: str, what: str, shown_as: int = 1) -> Callable[..., Rule]:
    """Return a rule: one network is ahead of another by a point."""

    def rule(*how) -> Rule:
        sides = accuracy(higher, *how), accuracy(lower, *how)
        return Effect(*sides, POINT, f"{measured(*how)}: {what}", shown_as=shown_as)

    return rule


def alike(first: str, second: str, what: str) -> Callable[..., Rule]:
    """Return a rule: two networks are within a point of each other."""

    def rule(*how) -> Rule:
        sides = accuracy(first, *how), accuracy(second, *how)
        return Same(*sides, POINT, f"{measured(*how)}: {what}")

    return rule


def other_ways(rule: Callable[..., Rule]) -> dict[str, Rule]:
    """Return the rule asked in evaluation mode, and at the second-best rates."""
    return {
        "evaluation mode": rule(BEST, "running"),
        "each at its second-best rate": rule(SECOND),
    }


def group_at_64(budget: str, statistics: str = "batch") -> Rule:
    """Return the rule for group normalization on the runs of another experiment."""
    settings = {"split": "test", "statistics": statistics, "budget": budget}
    batch, group = (
        arm("batch-size", "accuracy", norm=norm, batch_size=64, lr=0.25, **settings)
        for norm in ("torch_batch", "torch_group")
    )
    what = f"{measured(statistics=statistics)}, “batch-size”, {budget}: group − batch"
    return Same(group, batch, POINT, what)


def fits_less(rates: dict[str, float] = BEST) -> Rule:
    """Return a rule: layer and group norm have a larger training loss than batch."""
    return All(
        tuple(
            Effect(
                training_loss(norm, rates),
                training_loss("torch_batch", rates),
                TWENTIETH,
                f"training loss, {name} over batch",
                "times",
            )
            for norm, name in (("torch_layer", "layer"), ("torch_group", "group"))
        )
    )


def after_fast_epoch(lr: float, statistics: str) -> Arm:
    """Return an arm: batch norm's validation accuracy while the rate is still full."""
    settings = {"split": "validation", "epoch": 2, "statistics": statistics}
    return arm("which-axes", "accuracy", norm="torch_batch", lr=lr, **settings)


def accidents(lr: float, records: Records) -> tuple[Word, Numbers]:
    """In evaluation mode seeds lie at least twice as far apart, and over a point."""
    names = {"running": "running statistics", "batch": "batch statistics"}
    found = {kind: after_fast_epoch(lr, kind)(records) for kind in names}
    wide, narrow = (float(np.ptp(values)) for values in found.values())
    numbers = tuple(
        (f"validation accuracy, best − worst seed, {name}", f"{100 * span:.1f} points")
        for name, span in zip(names.values(), (wide, narrow), strict=True)
    )
    if len(found["running"]) < FEWEST:
        return Word.UNDECIDED, numbers
    holds = wide >= max(POINT, 2 * narrow)
    return (Word.REPRODUCED if holds else Word.NOT_REPRODUCED), numbers


def wide_spread(lr: float) -> Holds:
    """Return the rule on accidents at this rate."""
    return Holds(
        "With running statistics the best and the worst of five seeds lie at least "
        "1 point apart, and at least twice as far as with batch statistics.",
        partial(accidents, lr),
    )


def made_up(*shape: int) -> Tensor:
    """Return random numbers in float64, off centre."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(*shape, generator=generator, dtype=torch.float64) + 1


def ends(_: Records) -> tuple[Word, Numbers]:
    """Compare group norm's two ends with its relatives."""
    x = made_up(4, 6, 5, 5)
    gaps = {
        "one group − layer norm": group_norm(x, 1) - layer_norm(x, x.shape[1:]),
        "a group a channel − instance norm": group_norm(x, 6) - instance_norm(x),
    }
    return exact({what: gap.abs().max().item() for what, gap in gaps.items()})


EPS = 1e-14  # so that a factor is ignored up to rounding
NORMALIZERS = {
    "batch": lambda z: batch_norm(z, None, None, training=True, eps=EPS),
    "layer": lambda z: layer_norm(z, z.shape[1:], eps=EPS),
}
# For each change, what the paper's Table 1 says of batch and of layer normalization.
INVARIANT = {
    "all weights × 3": (True, True),
    "the same vector added to every unit's weights": (False, True),
    "one unit's weights × 3": (True, False),
    "all examples × 3": (True, True),
    "a vector added to every example": (True, False),
    "one example × 3": (False, True),
}


def changed_inputs() -> dict[str, Tensor]:
    """Return what enters the normalizer, (N, C): as it is, and after each change."""
    x, w = made_up(8, 5), made_up(6, 5).flip(0)  # (N, inputs), (C, inputs)
    shift = torch.linspace(-1, 1, 5, dtype=torch.float64)
    one_unit, one_example = w.clone(), x.clone()
    one_unit[0] *= 3
    one_example[0] *= 3
    after = (
        x @ (3 * w).T,
        x @ (w + shift).T,
        x @ one_unit.T,
        3 * x @ w.T,
        (x + shift) @ w.T,
        one_example @ w.T,
    )
    return {"": x @ w.T} | dict(zip(INVARIANT, after, strict=True))


def invariances(_: Records) -> tuple[Word, Numbers]:
    """Try each change on each normalizer, and compare with the paper's table."""
    before, *rest = changed_inputs().values()
    right, total = 0, 0
    for after, said in zip(rest, INVARIANT.values(), strict=True):
        for normalize, invariant in zip(NORMALIZERS.values(), said, strict=True):
            gap = (normalize(after) - normalize(before)).abs().max().item()
            right += (gap < BOUND) == invariant
            total += 1
    word = Word.REPRODUCED if right == total else Word.NOT_REPRODUCED
    return word, (("fields of the table that agree", f"{right} of {total}"),)


def company(_: Records) -> tuple[Word, Numbers]:
    """Change all images but the first, and look whether its output moves."""
    x = made_up(4, 6, 5, 5)
    changed = torch.cat([x[:1], 3 * x[1:] + 1])
    ways = {
        "batch": lambda z: batch_norm(z, None, None, training=True),
        "layer": lambda z: layer_norm(z, z.shape[1:]),
        "group": lambda z: group_norm(z, 2),
        "instance": instance_norm,
    }
    moved = {n: (f(changed) - f(x))[0].abs().max().item() for n, f in ways.items()}
    alone = all(moved[name] == 0 for name in ways if name != "batch")
    word = Word.REPRODUCED if alone and moved["batch"] > 0 else Word.NOT_REPRODUCED
    return word, tuple((name, f"{distance:.2f}") for name, distance in moved.items())


_usual = alike("torch_group", "torch_batch", "group − batch")
_best_of_image = ahead("torch_group", "torch_layer", "group − layer")
_behind = ahead("torch_batch", "torch_layer", "layer − batch", -1)
_speedup = ahead("torch_layer", "none", "layer − no normalizer")
_nothing = ahead("torch_batch", "none", "no normalizer − batch", -1)
_maps = alike("torch_instance", "torch_batch_maps", "instance − batch, maps only")

CLAIMS = (
    Claim(
        id="wu2018-ends",
        source="wu2018group",
        place="section 3",
        says="With one group, group normalization is layer normalization; with a group "
        "for each channel it is instance normalization.",
        ours="random numbers in float64",
        chapter="which-axes",
        rule=Holds(
            f"Both pairs agree on every value to {BOUND:g}.",
            ends,
        ),
    ),
    Claim(
        id="axes-company",
        source=BOOK,
        says="In training mode only batch normalization's output for an image depends "
        "on the other images.",
        ours="random numbers in float64",
        chapter="which-axes",
        rule=Holds(
            "The first image's output moves under batch normalization when the others "
            "change, and stays the same to the last bit under the other three.",
            company,
        ),
    ),
    Claim(
        id="ba2016-invariances",
        source="ba2016layer",
        place="Table 1",
        says="Before a dense layer's activation, batch normalization ignores the scale "
        "of each unit's weights and a shift of all data; layer normalization ignores "
        "the scale of all weights together, a vector added to all of them, and the "
        "scale of a single example.",
        ours="random numbers in float64",
        chapter="which-axes",
        rule=Holds(
            "For each of six changes the output stays the same to "
            f"{BOUND:g} exactly where the table says so.",
            invariances,
        ),
    ),
    Claim(
        id="ba2016-batch",
        source="ba2016layer",
        place="section 6.7",
        says="In preliminary experiments with convolutional networks, batch "
        "normalization did better than layer normalization.",
        setting="convolutional networks, not described",
        ours=OURS,
        chapter="which-axes",
        experiment="which-axes",
        rule=_behind(),
        variants=other_ways(_behind),
    ),
    Claim(
        id="ba2016-none",
        source="ba2016layer",
        place="section 6.7",
        says="In the same experiments layer normalization was faster than no "
        "normalizer.",
        setting="convolutional networks, not described",
        ours=f"{OURS}: accuracy after the same epochs",
        chapter="which-axes",
        experiment="which-axes",
        rule=_speedup(),
        variants={"each at its second-best rate": _speedup(SECOND)},
    ),
    Claim(
        id="wu2018-usual",
        source="wu2018group",
        place="abstract and section 4.1",
        says="With batches of a usual size, group normalization is about as good as "
        "batch normalization.",
        setting="ResNet-50 on ImageNet, 32 images a device, 32 groups, 100 epochs",
        ours=f"{OURS}; 2 groups",
        chapter="which-axes",
        experiment="which-axes",
        rule=_usual(),
        variants=other_ways(_usual)
        | {
            "the records of “batch-size”, 5 epochs": group_at_64("epochs"),
            "these records in evaluation mode": group_at_64("epochs", "running"),
            "these records, 1,200 updates": group_at_64("updates"),
        },
    ),
    Claim(
        id="wu2018-relatives",
        source="wu2018group",
        place="abstract and section 4.1",
        says="There group normalization does better than layer normalization.",
        setting="ResNet-50 on ImageNet, 32 images a device, 32 groups, 100 epochs",
        ours=f"{OURS}; 2 groups",
        chapter="which-axes",
        experiment="which-axes",
        rule=_best_of_image(),
        variants={"each at its second-best rate": _best_of_image(SECOND)},
    ),
    Claim(
        id="axes-none",
        source=BOOK,
        says="Without a normalizer LeNet ends behind batch normalization.",
        ours=OURS,
        chapter="which-axes",
        experiment="which-axes",
        rule=_nothing(),
        variants=other_ways(_nothing),
    ),
    Claim(
        id="axes-maps",
        source=BOOK,
        says="Where only maps are normalized, instance normalization does as well as "
        "batch normalization.",
        ours=OURS,
        chapter="which-axes",
        experiment="which-axes",
        rule=_maps(),
        variants=other_ways(_maps),
    ),
    Claim(
        id="axes-training",
        source=BOOK,
        says="With layer or group normalization LeNet fits the training images less "
        "well than with batch normalization.",
        ours=f"{OURS}; training loss of the last epoch",
        chapter="which-axes",
        experiment="which-axes",
        rule=fits_less(),
        variants={"each at its second-best rate": fits_less(SECOND)},
    ),
    Claim(
        id="axes-running",
        source=BOOK,
        says="After a last epoch at a tenth of the rate, running statistics cost batch "
        "normalization nothing that counts.",
        ours=OURS,
        chapter="which-axes",
        experiment="which-axes",
        rule=Same(
            accuracy("torch_batch"),
            accuracy("torch_batch", BEST, "running"),
            POINT,
            "test accuracy: batch statistics − running ones",
        ),
        variants={
            "its second-best rate": Same(
                accuracy("torch_batch", SECOND),
                accuracy("torch_batch", SECOND, "running"),
                POINT,
                "test accuracy: batch statistics − running ones",
            )
        },
    ),
    Claim(
        id="axes-accidents",
        source=BOOK,
        says="Before the last epoch, at the full rate, running statistics spread the "
        "seeds of batch normalization at least twice as far as batch statistics do.",
        ours=f"{OURS}; here after epoch 2, validation images",
        chapter="which-axes",
        experiment="which-axes",
        rule=wide_spread(BEST["torch_batch"]),
        variants={"its second-best rate": wide_spread(SECOND["torch_batch"])},
    ),
)
