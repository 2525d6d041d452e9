"""A hundred and ten layers: with shortcuts and without, with the layer and without."""

from functools import partial

from normlab.runs.chosen_rates import FIRST
from normlab.runs.config import Experiment, Run
from normlab.runs.early import score_at_end

IMAGES, BATCH, EPOCHS = 20_000, 128, 2
ARMS = {  # name -> network, what normalizes it, its first weights
    "batch": ("residual_110", "torch_batch", "he"),
    "closed": ("residual_110", "torch_batch", "he_closed"),
    "none": ("residual_110", "none", "he"),
    "scaled": ("residual_110_scaled", "none", "he"),
    "learned": ("residual_110_learned", "none", "he"),
    "plain": ("plain_110", "torch_batch", "he"),
}
DEPTHS = (20, 56)  # of plain networks, beside
HIGH = (0.01, 0.03, 0.1, 0.3)
GRIDS = dict.fromkeys(ARMS, (0.003, *HIGH)) | {
    # its gradient at the first weights is of 1e8
    "none": (1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-6, 1e-4, 0.001, 0.01, 0.1),
    "closed": HIGH,
    "scaled": HIGH,
}
# Of each grid the rate with the best accuracy on validation images, statistics
# recomputed, in "residual-rates"; a test recomputes it.
BEST = {
    "batch": 0.01,
    "closed": 0.1,
    "none": 1e-9,
    "scaled": 0.1,
    "learned": 0.01,
    "plain": 0.03,
}


def trained(name: str, lr: float) -> Run:
    """Return an arm's run of seed 0 at a rate."""
    return _run(*ARMS[name], lr)


def plain(depth: int) -> Run:
    """Return the run of seed 0 of a plain network with the layer."""
    return _run(f"plain_{depth}", "torch_batch", "he", BEST["plain"])


def _run(model: str, norm: str, init: str, lr: float) -> Run:
    return Run(
        model,
        norm,
        lr,
        batch_size=BATCH,
        epochs=EPOCHS,
        seed=0,
        evaluate_on="validation",
        momentum=0.9,
        init=init,
        steps=EPOCHS * (IMAGES // BATCH),
        schedule="cooled",
        drop_last=True,
        images=IMAGES,
    )


RESIDUAL_RATES = Experiment(
    name="residual-rates",
    question="Which rate suits 110 layers, with the layer and without?",
    variants=tuple(trained(name, lr) for name in ARMS for lr in GRIDS[name]),
    seeds=1,
    carry_out=partial(score_at_end, on=("validation",)),
)
RESIDUAL = Experiment(
    name="residual",
    question="Do 110 layers train because of the layer?",
    variants=tuple(trained(name, BEST[name]) for name in ARMS),
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=("validation", "test")),
)
RESIDUAL_PLAIN = Experiment(
    name="residual-plain",
    question="How deep may a plain network with the layer be?",
    variants=tuple(plain(depth) for depth in DEPTHS),
    seeds=3,
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=("validation", "test")),
)
