"""Preconditioned gradients in large and small batches, down to one image.

LeNet with ReLU goes once through 20,000 images, whatever the batch. The descent is
plain: with momentum an update at a batch of one would rest on the gradients of ten
images. All warm up and are cooled.
"""

from functools import partial

import torch
from torch import Tensor, nn

from normlab.evaluation import preserved, to_float
from normlab.recorders import captured
from normlab.runs.chosen_rates import FIRST
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.early import (
    curve,
    ending,
    first_losses,
    last,
    train_while_finite,
)
from normlab.runs.execute import build, data, updates
from normlab.runs.rows import row

IMAGES = 20_000
LARGE, EIGHT, ONE = 128, 8, 1  # images a batch
PROBE = 2000  # held-out images, of which a dead unit passes none on
# What a run has besides: what normalizes, what turns the gradients.
ARMS = {
    "none": {"norm": "none"},
    "batch": {"norm": "torch_batch"},
    "precondition": {"norm": "none", "transform": "precondition"},
}
JUDGED = ("precondition", "none")


def trained(name: str, batch: int, lr: float) -> Run:
    """Return an arm's run of seed 0 with this batch and rate."""
    return Run(
        "lenet_relu",
        **ARMS[name],
        lr=lr,
        batch_size=batch,
        epochs=1,
        seed=0,
        evaluate_on="validation",
        init="he",
        schedule="warm_cooled",
        drop_last=True,
        images=IMAGES,
    )


def score_and_count(run: Run, device: str, *, on: tuple[str, ...]) -> Outcome:
    """Train the run; score it once, at its end, and count what is dead then."""
    model = build(run)
    history = train_while_finite(model, run, device)
    rows = [*first_losses(history), *ending(model, run, history, on)]
    if not history.diverged:
        x, _ = data(on[0])[1]
        dead = dead_units(model, x[:PROBE].to(device))
        rows.append(row("dead_units", dead, split=on[0], **last(run)))
    return Outcome(rows, history.diverged, curve(history.step_losses, updates(run)))


@torch.no_grad()
def dead_units(model: nn.Module, images: Tensor) -> float:
    """Return the share of units that are 0 for all images, in the layer with most.

    Of a network with ReLU, in evaluation mode.
    """
    with preserved(model), captured(model) as met:
        model.eval()(to_float(images, model))
    dead = [(x <= 0).transpose(0, 1).flatten(1).all(1) for x in met["post"]]
    return max(layer.float().mean().item() for layer in dead)


# (arm, images a batch) -> the rates that are tried. A batch of one has no variance of
# its own, so batch normalization has no place there. Preconditioned gradients are
# divided by the inputs of a unit over the images of a batch, and bear larger rates.
GRIDS = {
    ("none", LARGE): (0.03, 0.1, 0.3, 1.0),
    ("batch", LARGE): (0.1, 0.3, 1.0, 3.0),
    ("precondition", LARGE): (0.03, 0.1, 0.3, 1.0),
    ("none", EIGHT): (0.01, 0.03, 0.1, 0.3),
    ("batch", EIGHT): (0.03, 0.1, 0.3, 1.0),
    ("precondition", EIGHT): (0.03, 0.1, 0.3, 1.0),
    ("none", ONE): (0.001, 0.003, 0.01, 0.03),
    ("precondition", ONE): (0.03, 0.1, 0.3, 1.0),
}
# Of each grid the rates with the best and the second-best mean accuracy on validation
# images, statistics recomputed, in "bnp-rates"; a test recomputes them. Second-best
# ones are of what is judged.
BEST = {
    ("none", LARGE): 0.3,
    ("batch", LARGE): 1.0,
    ("precondition", LARGE): 0.3,
    ("none", EIGHT): 0.1,
    ("batch", EIGHT): 0.3,
    ("precondition", EIGHT): 0.3,
    ("none", ONE): 0.01,
    ("precondition", ONE): 0.3,
}
SECOND = {
    ("none", EIGHT): 0.03,
    ("precondition", EIGHT): 1.0,
    ("none", ONE): 0.03,
    ("precondition", ONE): 1.0,
}
END = ("validation", "test")


def chosen(rates: dict[tuple[str, int], float]) -> tuple[Run, ...]:
    """Return the runs of seed 0 at these rates."""
    return tuple(trained(*arm, lr) for arm, lr in rates.items())


BNP_RATES = Experiment(
    name="bnp-rates",
    question="Which rate suits preconditioned gradients, in batches of each size?",
    variants=tuple(trained(*arm, lr) for arm, grid in GRIDS.items() for lr in grid),
    seeds=2,
    carry_out=partial(score_and_count, on=("validation",)),
)
BNP = Experiment(
    name="bnp",
    question="What does preconditioning do in batches of 128, of 8, and of one?",
    variants=chosen(BEST),
    seeds=10,
    first_seed=FIRST,
    carry_out=partial(score_and_count, on=END),
)
BNP_SECOND = Experiment(
    name="bnp-second",
    question="Is it the same at the second-best rates?",
    variants=chosen(SECOND),
    first_seed=FIRST,
    carry_out=partial(score_and_count, on=END),
)
