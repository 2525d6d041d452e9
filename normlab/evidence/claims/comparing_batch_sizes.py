"""What hangs on rate, budget and mode when batch sizes are compared."""

from normlab.evidence.claim import OURS as BOOK
from normlab.evidence.claim import Claim
from normlab.evidence.claims.batch_size import (
    EVALUATION,
    OURS,
    POINT,
    RATE,
    accuracy,
    measured,
    other_ways,
)
from normlab.evidence.records import Change
from normlab.evidence.rules import TWENTIETH, All, Effect, NoWorse, Rule

PAGE = "comparing-batch-sizes"
LOSS = {"measure": "loss", "split": "train"}


def linear_rate(small: str, large: str) -> Rule:
    """With four times the batch and rate as good as with 16 images; not with 64 times.

    Args:
        small: the normalizer with batches of 16.
        large: the normalizer with larger ones.
    """
    base, four, most = (
        accuracy(norm, size).but(**LOSS)
        for norm, size in ((small, 16), (large, 64), (large, 1024))
    )
    what = "training loss, {} images over 16".format
    return All(
        (
            NoWorse(base, four, TWENTIETH, what(64), "times", shown_as=-1),
            Effect(most, base, TWENTIETH, what("1,024"), "times"),
        )
    )


def for_want_of_updates(norm: str, **changed) -> Rule:
    """As many epochs: 1,024 images are worse than 256. As many updates: they are not.

    Args:
        norm: the network's normalizer.
        changed: settings other than the usual ones.
    """
    epochs, updates = (
        [accuracy(norm, size, budget=budget, **changed) for size in (256, 1024)]
        for budget in ("epochs", "updates")
    )
    what = measured(**changed)
    return All(
        (
            Effect(
                *epochs, POINT, f"{what}, 5 epochs: 1,024 images − 256", shown_as=-1
            ),
            NoWorse(
                *updates[::-1], POINT, f"{what}, 1,200 updates: 1,024 images − 256"
            ),
        )
    )


def rate_counts(**changed) -> Rule:
    """At 16 images the rate 1.0 changes more without a normalizer than with."""
    changes = [
        Change(accuracy(norm, 16, lr=1.0, **changed), accuracy(norm, 16, **changed))
        for norm in ("none", "torch_batch")
    ]
    what = "16 images, rate 1.0 − rate 0.0625: no normalizer − batch norm"
    return Effect(*changes, POINT, f"{measured(**changed)}, {what}")


def modes_disagree(**changed) -> Rule:
    """Evaluation mode is better than batch statistics at 4 images and worse at 256."""
    both = {
        size: [
            accuracy("torch_batch", size, statistics=kind, **changed)
            for kind in ("running", "batch")
        ]
        for size in (4, 256)
    }
    what = "test accuracy, {} images: evaluation mode − batch statistics".format
    return All(
        (
            Effect(*both[4], POINT, what(4)),
            Effect(*both[256][::-1], POINT, what(256), shown_as=-1),
        )
    )


CLAIMS = (
    Claim(
        id="goyal2017-linear",
        source="goyal2017accurate",
        place="sections 2.1 and 5.1",
        says="With a rate in proportion to the batch, small and large batches train "
        "alike, up to a point.",
        setting="ResNet-50 on ImageNet, batch normalization of 32 images whatever the "
        "batch, a warm-up; alike from 256 images to 8,192",
        ours=f"{OURS}, no warm-up; gradients of 16, 64 and 1,024 images, batch "
        "normalization of 16",
        chapter=PAGE,
        experiment="batch-size",
        rule=linear_rate("torch_batch", "ghost_16"),
        variants={
            "statistics of the whole batch": linear_rate("torch_batch", "torch_batch"),
            "no normalizer": linear_rate("none", "none"),
            "group normalization": linear_rate("torch_group", "torch_group"),
        },
    ),
    Claim(
        id="hoffer2017-updates",
        source="hoffer2017train",
        place="abstract",
        says="Large batches do worse because they get fewer updates and not because of "
        "their size; with more updates nothing is lost.",
        setting="several networks with batch normalization, CIFAR and ImageNet",
        ours=f"{OURS}; or 1,200 updates",
        chapter=PAGE,
        experiment="batch-size",
        rule=for_want_of_updates("torch_batch"),
        variants={
            EVALUATION: for_want_of_updates("torch_batch", statistics="running"),
            RATE: for_want_of_updates("torch_batch", lr=1.0),
            "group normalization": for_want_of_updates("torch_group"),
        },
    ),
    Claim(
        id="rate-at-16",
        source=BOOK,
        says="At 16 images another rate changes the network without a normalizer more "
        "than the one with batch normalization.",
        ours=OURS,
        chapter=PAGE,
        experiment="batch-size",
        rule=rate_counts(),
        variants=other_ways(rate_counts, EVALUATION),
    ),
    Claim(
        id="modes-disagree",
        source=BOOK,
        says="Evaluation mode does better than the statistics of the test batches at 4 "
        "images, and worse at 256.",
        ours=OURS,
        chapter=PAGE,
        experiment="batch-size",
        rule=modes_disagree(),
        variants=other_ways(modes_disagree, RATE),
    ),
)
