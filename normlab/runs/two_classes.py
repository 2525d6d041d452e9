"""Batches of 32 images of two classes each: no fair sample of what there is.

A class has sixteen images in a batch or, nearly always, none, and its statistics are
those of the pair that was drawn. The primary score is that of running statistics, as
they are at the end. Those that are recomputed stand beside: they are of batches of all
classes, as no such training has them, so that they would put right what is asked about.
"""

from functools import partial

from normlab.runs.chosen_rates import FIRST
from normlab.runs.config import Experiment, Run
from normlab.runs.early import score_at_end
from normlab.runs.registry import RACE

BATCH = 32
TWO_CLASSES, SHUFFLED = "two_classes", ""  # arrangements
# What a run has besides: a network, and what normalizes it.
ARMS = {
    "batch": {"norm": "torch_batch"},
    "batch_slow": {"norm": "torch_batch_slow"},
    "renorm": {"norm": f"renorm_over_{RACE}"},
    "group": {"norm": "torch_group_4"},
    "filter_response": {"norm": "filter_response", "model": "deep_cnn_linear"},
}
# Batch normalization with the other's memory of a hundred batches: it learns the same
# and remembers longer.
CONTROL = "batch_slow"


def trained(name: str, lr: float, arrange: str = TWO_CLASSES) -> Run:
    """Return an arm's run of seed 0 at a rate."""
    return Run(
        **{"model": "deep_cnn"} | ARMS[name],
        lr=lr,
        batch_size=BATCH,
        epochs=1,
        seed=0,
        evaluate_on="validation",
        momentum=0.9,
        init="he",
        steps=RACE,
        schedule="warm_cooled",
        drop_last=True,
        arrange=arrange,
    )


GRID = (0.0003, 0.001, 0.003, 0.01, 0.03)
# The rates with the best and the second-best mean accuracy on validation images,
# running statistics, in "two-classes-rates"; a test recomputes them. Second-best ones
# are of those that are judged.
BEST = {"batch": 0.001, "renorm": 0.01, "group": 0.003, "filter_response": 0.01}
SECOND = {"batch": 0.003, "renorm": 0.003}
END = ("validation", "test")


def tried(*names: str) -> tuple[Run, ...]:
    """Return these arms' runs of seed 0, at each rate of the grid."""
    return tuple(trained(name, lr) for name in names for lr in GRID)


def chosen(*names: str, rates: dict[str, float], arrange: str = TWO_CLASSES):
    """Return these arms' runs of seed 0, each at the rate that was chosen.

    The control has the rate of what it is a control of.
    """
    return tuple(
        trained(name, rates["batch" if name == CONTROL else name], arrange)
        for name in names
    )


JUDGED = ("renorm", "batch")

TWO_CLASSES_RATES = Experiment(
    name="two-classes-rates",
    question="Which rate suits each normalizer in batches of two classes?",
    variants=tried(*BEST),
    seeds=2,
    carry_out=partial(score_at_end, on=("validation",)),
)
TWO_CLASSES_RUNS = Experiment(
    name="two-classes",
    question="What becomes of a normalizer whose batches are no fair sample?",
    variants=chosen(*JUDGED, CONTROL, rates=BEST),
    seeds=10,
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=END),
)
TWO_CLASSES_SECOND = Experiment(
    name="two-classes-second",
    question="Is it the same at the second-best rates?",
    variants=chosen(*JUDGED, rates=SECOND),
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=END),
)
TWO_CLASSES_OTHERS = Experiment(
    name="two-classes-others",
    question="And without statistics of the batch, or in batches of all classes?",
    variants=chosen("group", "filter_response", rates=BEST)
    + chosen(*JUDGED, rates=BEST, arrange=SHUFFLED),
    seeds=3,
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=END),
)
