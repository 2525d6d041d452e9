"""Batches of 32 images of two classes each: no fair sample of what there is.

A class has sixteen images in a batch or, nearly always, none, and its statistics are
those of the pair that was drawn. The primary score is that of running statistics, as
they are at the end. Those that are recomputed stand beside: they are of batches of all
classes, as no such training has them, so that they would put right what is asked about.
"""

from functools import partial

from normlab.runs.config import Experiment, Run
from normlab.runs.early import score_at_end
from normlab.runs.registry import RACE

BATCH = 32
MIXED = ""  # an arrangement: none
# What a run has besides: a network, and what normalizes it.
ARMS = {
    "batch": {"norm": "torch_batch"},
    "renorm": {"norm": f"renorm_over_{RACE}"},
    "group": {"norm": "torch_group_4"},
    "filter_response": {"norm": "filter_response", "model": "deep_cnn_linear"},
}


def trained(name: str, lr: float, arrange: str = "two_classes") -> Run:
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


GRID = (0.003, 0.01, 0.03, 0.1)


def tried(*names: str) -> tuple[Run, ...]:
    """Return these arms' runs of seed 0, at each rate of the grid."""
    return tuple(trained(name, lr) for name in names for lr in GRID)


TWO_CLASSES_RATES = Experiment(
    name="two-classes-rates",
    question="Which rate suits each normalizer in batches of two classes?",
    variants=tried(*ARMS),
    seeds=2,
    carry_out=partial(score_at_end, on=("validation",)),
)
