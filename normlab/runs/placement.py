"""Before the activation, behind it, or behind it and followed by dropout.

Eight convolutions in two regimes: a short training on many images, and one three times
as long on a fifth of them, which it learns by heart. LeNet with sigmoids beside.
"""

from functools import partial

from normlab.runs.chosen_rates import FIRST
from normlab.runs.config import Experiment, Run
from normlab.runs.early import score_at_end
from normlab.runs.registry import RACE

BATCH = 128
LONGER, FEW_IMAGES = 3 * RACE, 10_000
ARMS = {  # name -> network, what normalizes it
    "before": ("deep_cnn", "torch_batch"),
    "behind": ("deep_cnn_norm_last", "torch_batch"),
    "independent": ("deep_cnn_norm_last", "torch_independent"),
    "before_dropout": ("deep_cnn_dropping", "torch_batch"),
}
GRID = (0.03, 0.1, 0.3, 1.0)
# Of the grid the rates with the best and the second-best mean accuracy on validation
# images, statistics recomputed, in "placement-rates"; a test recomputes them. The long
# training has them too.
BEST = {"before": 0.3, "behind": 0.1, "independent": 0.3, "before_dropout": 0.3}
SECOND = {"before": 0.1, "behind": 0.3, "independent": 0.1}
END = ("validation", "test")


def trained(name: str, lr: float, *, long: bool = False) -> Run:
    """Return an arm's run of seed 0 at a rate."""
    model, norm = ARMS[name]
    steps, images = (LONGER, FEW_IMAGES) if long else (RACE, 0)
    return Run(
        model,
        norm,
        lr,
        batch_size=BATCH,
        epochs=-(-steps // ((images or 50_000) // BATCH)),
        seed=0,
        evaluate_on="validation",
        momentum=0.9,
        init="he",
        steps=steps,
        schedule="warm_cooled",
        drop_last=True,
        images=images,
    )


def sigmoids(model: str) -> Run:
    """Return LeNet's run of seed 0, with the layer before its sigmoids or behind."""
    return Run(
        model,
        "torch_batch",
        1.0,
        batch_size=256,
        epochs=-(-RACE // (50_000 // 256)),
        seed=0,
        evaluate_on="validation",
        steps=RACE,
        schedule="cooled",
        drop_last=True,
    )


JUDGED = ("before", "behind", "independent")

PLACEMENT_RATES = Experiment(
    name="placement-rates",
    question="Which rate suits the layer before the activation, and behind it?",
    variants=tuple(trained(name, lr) for name in ARMS for lr in GRID),
    seeds=2,
    carry_out=partial(score_at_end, on=("validation",)),
)
PLACEMENT = Experiment(
    name="placement",
    question="Where is the layer better: before the activation, or behind it?",
    variants=tuple(trained(name, BEST[name]) for name in JUDGED),
    seeds=10,
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=END),
)
PLACEMENT_SECOND = Experiment(
    name="placement-second",
    question="Is it the same at the second-best rates?",
    variants=tuple(trained(name, SECOND[name]) for name in JUDGED),
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=END),
)
PLACEMENT_LONG = Experiment(
    name="placement-long",
    question="And in a long training on few images?",
    variants=tuple(trained(name, BEST[name], long=True) for name in JUDGED),
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=END),
)
PLACEMENT_OTHERS = Experiment(
    name="placement-others",
    question="What does dropout do by itself, and what of sigmoids?",
    variants=(
        trained("before_dropout", BEST["before_dropout"]),
        trained("before_dropout", BEST["before_dropout"], long=True),
        sigmoids("lenet"),
        sigmoids("lenet_norm_last"),
    ),
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=END),
)
