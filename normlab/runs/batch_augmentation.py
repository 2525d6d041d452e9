"""Batches of several augmented copies of each image (Hoffer et al. 2020).

The copies of an image count as so many images, to the gradient and to the layer's
statistics. So a batch of 64 images in four copies costs as much as one of 256, and is
compared with that too, and with as many passes through the network in smaller batches.
"""

from functools import partial

from normlab.runs.chosen_rates import FIRST
from normlab.runs.config import Experiment, Run
from normlab.runs.early import score_at_end
from normlab.runs.watch import follow

BATCH, COPIES, UPDATES = 64, 4, 1500
ARMS = {  # name -> what is done with the images, distinct images a batch
    "plain": ("", BATCH),
    "one": ("shift_flip", BATCH),
    "four": ("shift_flip_4", BATCH),
    "distinct": ("shift_flip", COPIES * BATCH),
}
GRID = (0.03, 0.1, 0.3, 1.0)
# Of the grid the rates with the best and the second-best mean accuracy on validation
# images, statistics recomputed, in "batch-augmentation-rates"; a test recomputes them.
BEST = {"one": 0.1, "four": 0.1, "distinct": 0.3}
SECOND = {"one": 0.03, "four": 0.3}
BEST["plain"] = BEST["one"]


def trained(name: str, lr: float, steps: int = UPDATES) -> Run:
    """Return an arm's run of seed 0 at a rate."""
    augment, batch = ARMS[name]
    return Run(
        "deep_cnn",
        "torch_batch",
        lr,
        batch_size=batch,
        epochs=-(-steps // (50_000 // batch)),
        seed=0,
        evaluate_on="validation",
        momentum=0.9,
        init="he",
        steps=steps,
        schedule="warm_cooled",
        drop_last=True,
        augment=augment,
    )


def chosen(name: str, rates: dict[str, float] = BEST, steps: int = UPDATES) -> Run:
    """Return an arm's run of seed 0 at the rate that was chosen for it."""
    return trained(name, rates[name], steps)


JUDGED = ("one", "four")
# A whole schedule in fewer updates by the factor that counts. On the way accuracy tells
# little: it jumps when the rate falls, whatever was in the batches before.
FEWER = 1200
# As many passes of an image through the network: the one arm with as many times the
# updates as the other has copies, or the other with as many times fewer.
LONGER, SHORTER = COPIES * UPDATES, UPDATES // COPIES


def entered(rates: dict[str, float]) -> tuple[Run, ...]:
    """Return the runs of seed 0 that are judged, at these rates."""
    whole = (chosen(name, rates) for name in JUDGED)
    return (*whole, chosen("four", rates, FEWER))


BATCH_AUGMENTATION_RATES = Experiment(
    name="batch-augmentation-rates",
    question="Which rate suits one copy of each image, four, and more images?",
    variants=tuple(trained(name, lr) for name in (*JUDGED, "distinct") for lr in GRID),
    seeds=2,
    carry_out=partial(score_at_end, on=("validation",)),
)
BATCH_AUGMENTATION = Experiment(
    name="batch-augmentation",
    question="Do four augmented copies of each image save updates, and generalize?",
    variants=entered(BEST),
    seeds=8,
    first_seed=FIRST,
    carry_out=follow,
)
BATCH_AUGMENTATION_SECOND = Experiment(
    name="batch-augmentation-second",
    question="Is it the same at the second-best rates?",
    variants=entered(SECOND),
    first_seed=FIRST,
    carry_out=follow,
)
BATCH_AUGMENTATION_OTHERS = Experiment(
    name="batch-augmentation-others",
    question="What else could be had for as much computing?",
    variants=(
        chosen("plain"),
        chosen("distinct"),
        chosen("one", steps=LONGER),
        chosen("four", steps=SHORTER),
    ),
    first_seed=FIRST,
    carry_out=follow,
)
