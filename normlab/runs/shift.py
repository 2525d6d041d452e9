"""Covariate shift and smoothness, measured while a network learns.

Eight convolutions with batch normalization, without, and with a shift that is put in
behind the layer at random, all at the highest rate of those tried at which the network
without the layer trains; and LeNet with sigmoids, with the layer and without.
"""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from normlab.evaluation import preserved, to_float
from normlab.layers import RandomShift
from normlab.randomness import random_numbers_kept
from normlab.recorders import inputs_of
from normlab.runs.chosen_rates import FIRST
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.early import (
    curve,
    ending,
    first_losses,
    late_loss,
    train_while_finite,
)
from normlab.runs.execute import build, data, updates
from normlab.runs.registry import RACE, SHIFTS
from normlab.training import Pair

RATE = 0.03  # the best one without the layer in "race-rates-others"
SIGMOID_RATE, SIGMOID_UPDATES = 1.0, 1400
IMAGES = 1024
STEPS = (25, 50, 100, 200, 300, 400, 550, 700, 850, 1000, 1200, 1400)
FACTORS = (0.25, 1.0, 4.0)  # of the rate, along the gradient
LINE = tuple(i / 4 for i in range(1, 33))  # the same, for a line to walk along
LATE = 140  # updates at the end over which the loss is averaged


@dataclass
class Look:
    """Looks at a network after some of its updates; called as ``fit(after=[...])``.

    Everything is of one batch of training images, with its own statistics.

    Args:
        batch: images (N, 1, 28, 28) and labels (N,).
        lr: the rate that steps are measured against.
        steps: updates after which to look.
        factors: lengths of steps along the gradient, in rates.
    """

    batch: Pair
    lr: float
    steps: tuple[int, ...] = STEPS
    factors: tuple[float, ...] = FACTORS
    found: list[dict[str, np.ndarray]] = field(default_factory=list)
    moments: list[tuple[Tensor, Tensor]] = field(default_factory=list)

    def __call__(self, step: int, model: nn.Module) -> None:
        """Look if it is time to; the model and all random numbers stay as they were."""
        if step not in self.steps:
            return
        with random_numbers_kept(), preserved(model):
            model.train()
            shifts = self._shifts(model)
            quiet(model)
            loss, gradients = self._gradients(model, list(model.parameters()))
            found = {"loss": np.float32(loss), "shift": shifts}
            found |= {"cosine": self._cosines(model)}
            found |= self._along(model, loss, gradients)
        self.found.append(found | {"steps": np.int32(step)})

    def _shifts(self, model: nn.Module) -> np.ndarray:
        """How far each layer's input has moved since the last look, (layers,).

        The root mean square over channels, of the changes of mean and deviation
        together, in deviations; NaN at the first look.
        """
        x, _ = self.batch
        with torch.no_grad(), inputs_of(weighted(model)) as met:
            model(to_float(x, model))
        now = [_moments(entering) for _, entering in met]
        before, self.moments = self.moments or now, now
        moved = [
            ((m - m0) ** 2 + (s - s0) ** 2).mean().sqrt() / (s0**2).mean().sqrt()
            for (m, s), (m0, s0) in zip(now, before, strict=True)
        ]
        first = not self.found
        return np.array([np.nan if first else float(d) for d in moved], np.float32)

    def _gradients(self, model: nn.Module, wanted: list) -> tuple[float, list[Tensor]]:
        x, y = self.batch
        with torch.enable_grad():
            loss = F.cross_entropy(model(to_float(x, model)), y)
            return loss.item(), list(torch.autograd.grad(loss, wanted))

    @torch.no_grad()
    def _cosines(self, model: nn.Module) -> np.ndarray:
        """Of each layer's gradient before and after those below took a step."""
        weights = [layer.weight for layer in weighted(model)]
        _, gradients = self._gradients(model, weights)
        kept, found = [w.clone() for w in weights], []
        for below, (weight, gradient) in enumerate(
            zip(weights[1:], gradients[1:], strict=True)
        ):
            weights[below].sub_(gradients[below], alpha=self.lr)
            _, (moved,) = self._gradients(model, [weight])
            found.append(F.cosine_similarity(moved.ravel(), gradient.ravel(), dim=0))
        for weight, value in zip(weights, kept, strict=True):
            weight.copy_(value)
        return np.array([float(c) for c in found], np.float32)

    @torch.no_grad()
    def _along(
        self, model: nn.Module, loss: float, gradients: list[Tensor]
    ) -> dict[str, np.ndarray]:
        """What becomes of gradient and loss along a step, by the step's length.

        "roughness" is how far the gradient changes, as a share of its length;
        "decrease", of the loss, the actual over what the slope promised; "length", of
        the gradient.
        """
        parameters = list(model.parameters())
        kept = [p.clone() for p in parameters]
        length = _length(gradients)
        found: dict[str, list[float]] = {"roughness": [], "decrease": []}
        for factor in self.factors:
            step = factor * self.lr
            for p, value, g in zip(parameters, kept, gradients, strict=True):
                p.copy_(value - step * g)
            there, moved = self._gradients(model, parameters)
            apart = [a - b for a, b in zip(moved, gradients, strict=True)]
            found["roughness"].append(_length(apart) / length)
            found["decrease"].append((loss - there) / (step * length**2))
        for p, value in zip(parameters, kept, strict=True):
            p.copy_(value)
        return {
            n: np.array(v, np.float32) for n, v in (found | {"length": length}).items()
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what was found, by name, with the looks as first axis."""
        names = self.found[0] if self.found else ()
        return {f"look/{n}": np.stack([one[n] for one in self.found]) for n in names}


def weighted(model: nn.Module) -> list[nn.Module]:
    """Return the layers with weights, in their order."""
    return [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]


def quiet(model: nn.Module) -> None:
    """Shift nothing; ``preserved`` gives the mode back."""
    for module in model.modules():
        if isinstance(module, RandomShift):
            module.eval()


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and deviation of each channel of (N, C, *)."""
    channels = x.transpose(0, 1).flatten(1)
    return channels.mean(1), channels.std(1, correction=0)


def _length(tensors: list[Tensor]) -> float:
    return torch.stack([t.norm() for t in tensors]).norm().item()


def look_on(run: Run, device: str, factors: tuple[float, ...] = FACTORS) -> Outcome:
    """Train the run, looking on; score it at its end."""
    model, ((x, y), _) = build(run), data(run.evaluate_on)
    batch = x[:IMAGES].to(device), y[:IMAGES].to(device)
    look = Look(batch, run.lr, factors=factors)
    history = train_while_finite(model, run, device, after=[look])
    rows = first_losses(history) + late_loss(run, history, LATE)
    rows += ending(model, run, history, on=("validation", "test"))
    arrays = curve(history.step_losses, updates(run)) | look.arrays()
    return Outcome(rows, history.diverged, arrays)


def convolutions(norm: str, lr: float = RATE) -> Run:
    """Return the eight convolutions' run of seed 0."""
    return Run(
        "deep_cnn",
        norm,
        lr,
        batch_size=128,
        epochs=-(-RACE // (50_000 // 128)),
        seed=0,
        evaluate_on="validation",
        momentum=0.9,
        init="he",
        steps=RACE,
        schedule="cooled",
        drop_last=True,
    )


def sigmoids(norm: str) -> Run:
    """Return the run of seed 0 of LeNet with sigmoids."""
    return Run(
        "lenet",
        norm,
        SIGMOID_RATE,
        batch_size=256,
        epochs=-(-SIGMOID_UPDATES // (50_000 // 256)),
        seed=0,
        evaluate_on="validation",
        steps=SIGMOID_UPDATES,
        schedule="cooled",
        drop_last=True,
    )


HIGHER = 0.3  # the layer's best rate in "race-rates"
SHIFT = Experiment(
    name="shift",
    question="Is it a shift of the inputs that makes training hard?",
    variants=(
        convolutions("none"),
        convolutions("torch_batch"),
        *(convolutions(f"batch_shifted_{strength:g}") for strength in SHIFTS),
        convolutions("torch_batch", HIGHER),
    ),
    first_seed=FIRST,
    carry_out=look_on,
)
SHIFT_LINE = Experiment(
    name="shift-line",
    question="What does the loss do along a step?",
    variants=(convolutions("none"), convolutions("torch_batch")),
    seeds=1,
    first_seed=FIRST,
    carry_out=partial(look_on, factors=LINE),
)
SHIFT_SIGMOID = Experiment(
    name="shift-sigmoid",
    question="And in LeNet with sigmoids?",
    variants=(sigmoids("none"), sigmoids("torch_batch")),
    first_seed=FIRST,
    carry_out=look_on,
)
