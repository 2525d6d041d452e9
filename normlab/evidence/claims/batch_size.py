"""What is said of the batch size, by others and by the chapter itself.

The primary measure is test accuracy with the statistics of the test batches, which are
as large as in training; learning rate in proportion to the batch, five epochs. Variants
ask in evaluation mode and, where the claim does not fix them, at a rate of 1.0 for all
and after 1,200 updates. Of two images 1,200 updates see 2,400, so what is said of the
left end is not asked there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from normlab.evidence.claim import OURS as BOOK
from normlab.evidence.claim import Claim
from normlab.evidence.records import Arm, Change, Records, arm
from normlab.evidence.rules import All, Effect, Holds, NoWorse, Rule, Same
from normlab.evidence.words import Word
from normlab.layers.batch import batch_stats, normalize

SIZES = (2, 4, 8, 16, 64, 256, 1024)
POINT = 0.01  # of accuracy: the smallest difference that counts on LeNet
LENET = "LeNet with sigmoids on Fashion-MNIST, 5 seeds, a CPU"
OURS = f"{LENET}; rate in proportion to the batch, 5 epochs"
EVALUATION = "evaluation mode"
RATE, UPDATES = "the rate 1.0 for all sizes", "1,200 updates for all sizes"


def accuracy(norm: str, size: int, **changed) -> Arm:
    """Return an arm: test accuracy, as in the module's first lines unless changed."""
    usual = {
        "split": "test",
        "statistics": "batch",
        "budget": "epochs",
        "norm": norm,
        "batch_size": size,
        "lr": size / 256,
    }
    return arm("batch-size", "accuracy", **usual | changed)


def measured(**changed) -> str:
    """Return what ``accuracy`` measures, as a rule's words name it."""
    kind = EVALUATION if changed.get("statistics") == "running" else "batch statistics"
    return f"test accuracy, {kind}"


def other_ways(rule: Callable[..., Rule], *names: str) -> dict[str, Rule]:
    """Return the rule under other settings, by their names."""
    changes = {
        EVALUATION: {"statistics": "running"},
        RATE: {"lr": 1.0},
        UPDATES: {"budget": "updates"},
    }
    return {name: rule(**changes[name]) for name in names}


@dataclass(frozen=True)
class Spread:
    """Best less worst of several arms, by seed."""

    arms: tuple[Arm, ...]

    def __call__(self, records: Records) -> pd.Series:
        """Return the differences by seed."""
        table = pd.DataFrame({n: one(records) for n, one in enumerate(self.arms)})
        return table.max(axis=1) - table.min(axis=1)


@dataclass(frozen=True)
class Highest:
    """The arm with the highest mean: picked from the runs that are then compared."""

    arms: tuple[Arm, ...]

    def __call__(self, records: Records) -> pd.Series:
        """Return its values by seed."""
        return max((one(records) for one in self.arms), key=lambda v: v.mean())


def small_hurts(**changed) -> Rule:
    """From 16 images to 2: worse with batch norm, as good with group norm."""
    what = measured(**changed)
    batch = [accuracy("torch_batch", size, **changed) for size in (16, 2)]
    group = [accuracy("torch_group", size, **changed) for size in (2, 16)]
    return All(
        (
            Effect(*batch, POINT, f"{what}: batch norm, 2 images − 16", shown_as=-1),
            Same(*group, POINT, f"{what}: group norm, 2 images − 16"),
        )
    )


def ghosts_hurt() -> Rule:
    """Return the same rule with gradients of 256 images: statistics alone shrink."""
    ghosts = [accuracy(f"ghost_{part}", 256) for part in (16, 2)]
    group = [accuracy("torch_group", size) for size in (2, 16)]
    what = measured()
    ghost = f"{what}: gradients of 256 images, statistics of 2 − of 16"
    return All(
        (
            Effect(*ghosts, POINT, ghost, shown_as=-1),
            Same(*group, POINT, f"{what}: group norm, 2 images − 16"),
        )
    )


def worse_than_16(*sizes: int) -> Callable[..., Rule]:
    """Return a rule: with each of these sizes batch norm is worse than with 16."""

    def rule(**changed) -> Rule:
        full = accuracy("torch_batch", 16, **changed)
        return All(
            tuple(
                Effect(
                    full,
                    accuracy("torch_batch", size, **changed),
                    POINT,
                    f"{measured(**changed)}: {size} images − 16",
                    shown_as=-1,
                )
                for size in sizes
            )
        )

    return rule


def among_the_best(*sizes: int) -> Callable[..., Rule]:
    """Return a rule: each of these is less than a point behind the best other size."""

    def rule(**changed) -> Rule:
        others = [size for size in SIZES if size not in sizes]
        best = Highest(tuple(accuracy("torch_batch", s, **changed) for s in others))
        return All(
            tuple(
                NoWorse(
                    accuracy("torch_batch", size, **changed),
                    best,
                    POINT,
                    f"{measured(**changed)}: {size} images − best of {listed(others)}",
                )
                for size in sizes
            )
        )

    return rule


def listed(sizes: Sequence[int]) -> str:
    """Return "2, 4 and 8"."""
    return " and ".join(", ".join(f"{s:,}" for s in sizes).rsplit(", ", 1))


def small_is_best(*networks: str) -> Callable[..., Rule]:
    """Return a rule: the best size up to 32 beats the best larger one, in each."""
    names = {
        "none": "no normalizer",
        "torch_batch": "batch norm",
        "torch_group": "group norm",
    }

    def rule(**changed) -> Rule:
        def best(norm: str, sizes: Sequence[int]) -> Highest:
            return Highest(tuple(accuracy(norm, s, **changed) for s in sizes))

        what = "{}: {}, best of 2 to 16 images − best of 64 to 1,024".format
        return All(
            tuple(
                Effect(
                    best(norm, SIZES[:4]),
                    best(norm, SIZES[4:]),
                    POINT,
                    what(measured(**changed), names[norm]),
                )
                for norm in networks
            )
        )

    return rule


def matters_more(sizes: tuple[int, ...] = SIZES) -> Callable[..., Rule]:
    """Return a rule: accuracy spreads more over these sizes with batch norm."""

    def rule(**changed) -> Rule:
        spreads = [
            Spread(tuple(accuracy(norm, size, **changed) for size in sizes))
            for norm in ("torch_batch", "none")
        ]
        what = f"{measured(**changed)}, best − worst size: batch norm − no normalizer"
        return Effect(*spreads, POINT, what)

    return rule


def dense_suffers(**changed) -> Rule:
    """Two images cost little where dense layers have no normalizer."""
    maps, full = (
        [accuracy(norm, size, **changed) for size in (2, 16)]
        for norm in ("torch_batch_maps", "torch_batch")
    )
    what = measured(**changed)
    return All(
        (
            Same(*maps, POINT, f"{what}: normalized maps only, 2 images − 16"),
            Effect(
                Change(*maps),
                Change(*full),
                POINT,
                f"{what}: this change − that with all layers normalized",
            ),
        )
    )


def ahead_of_group(**changed) -> Rule:
    """Batch norm is better than group norm at every size from 8 on."""
    return All(
        tuple(
            Effect(
                accuracy("torch_batch", size, **changed),
                accuracy("torch_group", size, **changed),
                POINT,
                f"{measured(**changed)}: {size:,} images, batch norm − group norm",
            )
            for size in SIZES
            if size >= 8
        )
    )


def formula(x: Tensor) -> Tensor:
    """Normalize a batch with its own statistics, one example or more."""
    return normalize(x, *batch_stats(x))


def one_image_leaves_nothing(
    _: Records, normalizer: Callable[[Tensor], Tensor] = formula
) -> tuple[Word, tuple[tuple[str, str], ...]]:
    """One image: units become 0 and pass no gradient; two images: they do not."""
    largest = []
    for images in (1, 2):
        units = torch.randn(images, 120, generator=torch.Generator().manual_seed(0))
        result = normalizer(units.requires_grad_())
        result.square().sum().add(result.sum()).backward()
        sizes = result.abs().max().item(), units.grad.abs().max().item()
        largest.append(max(sizes))
    shown = tuple(
        (f"{n}: largest value or gradient of 120 units", f"{size:.3g}")
        for n, size in zip(("1 image", "2 images"), largest, strict=True)
    )
    holds = largest[0] == 0 and largest[1] > 0
    return (Word.REPRODUCED if holds else Word.NOT_REPRODUCED), shown


CLAIMS = (
    Claim(
        id="B9",
        source="richtux2021deep",
        place="line 20",
        says="With a batch size of 1 nothing is learned: less its mean, each hidden "
        "unit is 0.",
        setting="a fully connected layer",
        ours="120 random units, the book's layer; a CPU",
        chapter="batch-size",
        rule=Holds(
            "Units of one image are exactly 0 and pass no gradient; of two they are "
            "not.",
            one_image_leaves_nothing,
        ),
    ),
    Claim(
        id="C15",
        source="kilcher2019batch",
        place="before the transform",
        says="A mini-batch is maybe something like 32 or 100 examples.",
        setting="named in passing",
        ours="",
        chapter="batch-size",
        reason="It names what is usual and claims nothing of it; zhang2023-moderate "
        "asks whether such sizes are best.",
        see="zhang2023-moderate",
    ),
    Claim(
        id="richtux2021-size",
        source="richtux2021deep",
        place="line 20",
        says="The choice of the batch size may matter more with batch normalization "
        "than without.",
        setting="neither sizes nor rate nor budget are given",
        ours=OURS,
        chapter="batch-size",
        experiment="batch-size",
        rule=matters_more()(),
        variants=other_ways(matters_more(), EVALUATION, RATE, UPDATES)
        | {
            "all sizes but 1,024, at which no normalizer means guessing": (
                matters_more(SIZES[:-1])()
            )
        },
    ),
    Claim(
        id="wu2018-small",
        source="wu2018group",
        place="abstract and section 4.1",
        says="When batches get small the error of batch normalization rises, and that "
        "of group normalization does not.",
        setting="ResNet-50 on ImageNet, 32 to 2 images a device, 8 devices",
        ours=OURS,
        chapter="batch-size",
        experiment="batch-size",
        rule=small_hurts(),
        variants=other_ways(small_hurts, EVALUATION, RATE)
        | {"gradients of 256 images, nearer to theirs": ghosts_hurt()},
    ),
    Claim(
        id="wang2018-ten",
        source="wang2018kalman",
        place="abstract on arXiv, as in our source",
        says="The effectiveness of batch normalization would diminish with "
        "micro-batches, for example of fewer than 10 samples.",
        setting="ImageNet and CIFAR",
        ours=OURS,
        chapter="batch-size",
        experiment="batch-size",
        rule=worse_than_16(8, 4, 2)(),
        variants=other_ways(worse_than_16(8, 4, 2), EVALUATION, RATE),
    ),
    Claim(
        id="wang2018-four",
        source="wang2018kalman",
        place="abstract at NeurIPS",
        says="The effectiveness of batch normalization would diminish with "
        "micro-batches, for example of fewer than 4 samples.",
        setting="ImageNet and COCO",
        ours=OURS,
        chapter="batch-size",
        experiment="batch-size",
        rule=worse_than_16(2)(),
        variants=other_ways(worse_than_16(2), EVALUATION, RATE),
    ),
    Claim(
        id="zhang2023-moderate",
        source="zhang2023dive",
        place="section 8.5",
        says="Batch normalization works best with moderate batches, of 50 to 100.",
        setting="a remark on what others found",
        ours=f"{OURS}; of 50 to 100 images 64 alone was tried",
        chapter="batch-size",
        experiment="batch-size",
        rule=among_the_best(64)(),
        variants=other_ways(among_the_best(64), EVALUATION, RATE, UPDATES),
    ),
    Claim(
        id="masters2018-small",
        source="masters2018revisiting",
        place="abstract",
        says="The best performance has consistently been obtained with batches of 2 to "
        "32.",
        setting="CIFAR and ImageNet, with batch normalization and without, a best rate "
        "for each size",
        ours=OURS,
        chapter="batch-size",
        experiment="batch-size",
        rule=small_is_best("none", "torch_batch")(),
        variants=other_ways(small_is_best("none", "torch_batch"), EVALUATION, RATE)
        | {"the network without a normalizer alone": small_is_best("none")()}
        | {"group normalization": small_is_best("torch_group")()},
    ),
    Claim(
        id="dense-two-images",
        source=BOOK,
        says="What two images ruin is the fully connected layers: with the maps alone "
        "normalized they cost hardly anything.",
        ours=OURS,
        chapter="batch-size",
        experiment="batch-size",
        rule=dense_suffers(),
        variants=other_ways(dense_suffers, EVALUATION),
    ),
    Claim(
        id="ahead-of-group",
        source=BOOK,
        says="After as many updates for every size batch normalization is ahead of "
        "group normalization from 8 images on.",
        ours=f"{LENET}; rate in proportion to the batch, 1,200 updates",
        chapter="batch-size",
        experiment="batch-size",
        rule=ahead_of_group(budget="updates"),
        variants={
            EVALUATION: ahead_of_group(budget="updates", statistics="running"),
            "five epochs": ahead_of_group(),
            "five epochs and evaluation mode": ahead_of_group(statistics="running"),
        },
    ),
)
