"""Does the layer regularize: what a network knows by heart, and what of it holds.

A dense network, with the layer and without, with dropout and without, learns 10,000
images by heart; eight convolutions do with statistics of few images and of many.
"""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from torch import nn

from normlab.evaluation import loss_and_accuracy
from normlab.randomness import random_numbers_kept
from normlab.runs.chosen_rates import FIRST
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.early import (
    curve,
    ending,
    first_losses,
    last,
    score_at_end,
    train_while_finite,
)
from normlab.runs.execute import build, data, trained_on, updates
from normlab.runs.registry import DROPOUTS
from normlab.runs.score import scored
from normlab.training import Pair

IMAGES, BATCH = 10_000, 128
DENSE_UPDATES, UPDATES = 3900, 1560  # 50 epochs, and 20
LOOKS = 26  # on the way of the dense network
SEEN = 5000  # of the training images, at a look and at the end
PLAIN = "mlp_3x1000"


@dataclass
class Gap:
    """Losses in evaluation mode, of training images and of others, on the way.

    Called as ``fit(after=[...])``.

    Args:
        pairs: name -> images and labels.
        every: updates from one look to the next.
    """

    pairs: dict[str, Pair]
    every: int
    found: list[dict[str, float]] = field(default_factory=list)

    def __call__(self, step: int, model: nn.Module) -> None:
        """Evaluate if it is time to."""
        if step % self.every:
            return
        with random_numbers_kept():
            losses = {n: loss_and_accuracy(model, *p)[0] for n, p in self.pairs.items()}
        self.found.append({"steps": step} | losses)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return "gap/steps", and "gap/NAME" for each pair: (looks,)."""
        names = self.found[0] if self.found else ()
        kinds = {name: np.int32 if name == "steps" else np.float32 for name in names}
        return {
            f"gap/{name}": np.array([one[name] for one in self.found], kind)
            for name, kind in kinds.items()
        }


def compare(run: Run, device: str, *, looks: int = 0) -> Outcome:
    """Train the run; score training images and others at its end, and on the way.

    Args:
        run: the training.
        device: where.
        looks: how many on the way.
    """
    model, (training, held_out) = build(run), data(run.evaluate_on)
    known = tuple(t[:SEEN] for t in trained_on(run))
    pairs = {"train": known, "validation": held_out}
    on_device = {n: tuple(t.to(device) for t in pair) for n, pair in pairs.items()}
    gap = Gap(on_device, updates(run) // looks if looks else updates(run) + 1)
    history = train_while_finite(model, run, device, after=[gap])
    rows = first_losses(history) + ending(model, run, history, ("validation", "test"))
    if not history.diverged:
        rows += scored(model, run, training, known, split="train", **last(run))
    arrays = curve(history.step_losses, updates(run)) | gap.arrays()
    return Outcome(rows, history.diverged, arrays)


def dense(norm: str, lr: float, dropout: float = 0.0) -> Run:
    """Return the dense network's run of seed 0."""
    model = f"{PLAIN}_dropout_{dropout:g}" if dropout else PLAIN
    return _run(model, norm, lr, DENSE_UPDATES)


def convolutions(statistics: int, lr: float) -> Run:
    """Return the convolutions' run of seed 0, with statistics of so many images."""
    norm = "torch_batch" if statistics == BATCH else f"ghost_{statistics}"
    return _run("deep_cnn", norm, lr, UPDATES)


def _run(model: str, norm: str, lr: float, steps: int) -> Run:
    return Run(
        model,
        norm,
        lr,
        batch_size=BATCH,
        epochs=-(-steps // (IMAGES // BATCH)),
        seed=0,
        evaluate_on="validation",
        momentum=0.9,
        init="he",
        steps=steps,
        schedule="cooled",
        drop_last=True,
        images=IMAGES,
    )


ARMS = [(norm, p) for norm in ("none", "torch_batch") for p in (0.0, *DROPOUTS)]
GRIDS = dict.fromkeys(ARMS, (0.003, 0.01, 0.03, 0.1))
GRIDS["torch_batch", 0.5] += (0.3, 1.0)
# Of each grid the rates with the best and the second-best mean accuracy on validation
# images, statistics recomputed, in "regularizer-rates"; a test recomputes them.
BEST = {
    ("none", 0.0): 0.03,
    ("none", 0.2): 0.03,
    ("none", 0.5): 0.01,
    ("torch_batch", 0.0): 0.03,
    ("torch_batch", 0.2): 0.03,
    ("torch_batch", 0.5): 0.3,
}
SECOND = {("none", 0.0): 0.1, ("torch_batch", 0.0): 0.1}
STATISTICS = (2, 8, 32, 128)
RATE = 0.1  # of the convolutions: the best of statistics of 4 images in "race-rates"
FEW = (8, 32)  # images that share statistics in the dense network

REGULARIZER_RATES = Experiment(
    name="regularizer-rates",
    question="Which rate suits a dense network, with the layer and with dropout?",
    variants=tuple(dense(norm, lr, p) for norm, p in ARMS for lr in GRIDS[norm, p]),
    seeds=1,
    carry_out=partial(score_at_end, on=("validation",)),
)
REGULARIZER = Experiment(
    name="regularizer",
    question="Does the layer regularize, and does dropout do anything beside it?",
    variants=tuple(dense(norm, BEST[norm, p], p) for norm, p in ARMS),
    first_seed=FIRST,
    carry_out=partial(compare, looks=LOOKS),
)
REGULARIZER_SECOND = Experiment(
    name="regularizer-second",
    question="Is it the same at the second-best rates?",
    variants=tuple(dense(norm, lr, p) for (norm, p), lr in SECOND.items()),
    first_seed=FIRST,
    carry_out=partial(compare, looks=LOOKS),
)
NOISE = Experiment(
    name="noise",
    question="Does the gap shrink where statistics are noisier?",
    variants=tuple(convolutions(n, RATE) for n in STATISTICS),
    first_seed=FIRST,
    carry_out=compare,
)
NOISE_DENSE = Experiment(
    name="noise-dense",
    question="And in the dense network?",
    variants=tuple(dense(f"ghost_{n}", BEST["torch_batch", 0.0]) for n in FEW),
    first_seed=FIRST,
    carry_out=compare,
)
