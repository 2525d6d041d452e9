"""Weights whose size is no part of the function: how far an update turns them.

Eight normalized convolutions at a constant rate, with weight decay on the convolutions'
weights alone. Decay makes them shorter, each update longer; what the network can notice
is the angle by which an update turns them.
"""

from collections.abc import Iterable
from functools import partial

import torch
from torch import nn

from normlab.models import scale_invariant_weights
from normlab.recorders import Turns
from normlab.runs.chosen_rates import FIRST
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.early import (
    curve,
    ending,
    first_losses,
    late_loss,
    train_while_finite,
)
from normlab.runs.execute import build, updates
from normlab.runs.registry import DECAYS
from normlab.training import History

RATE, HIGHER, UPDATES = 0.1, 0.3, 4200
DECAY, STRONGER = DECAYS
EVERY = 50  # updates over which angles are averaged
LATE = 420  # updates at the end over which the loss is averaged


def decayed(decay: float, lr: float = RATE) -> Run:
    """Return the run of seed 0 with this decay of the convolutions' weights."""
    return Run(
        "deep_cnn",
        "torch_batch",
        lr,
        batch_size=128,
        epochs=-(-UPDATES // (50_000 // 128)),
        seed=0,
        evaluate_on="validation",
        momentum=0.9,
        init="he",
        steps=UPDATES,
        drop_last=True,
        transform=f"decay_{decay:g}" if decay else "",
    )


def turn(run: Run, device: str) -> Outcome:
    """Train the run; keep norms and angles of what decays, and the loss at the end."""
    model = build(run)
    turns = Turns(scale_invariant_weights(model), EVERY)
    history = train_while_finite(model, run, device, after=[turns])
    return _outcome(run, model, history, turns)


def impose(run: Run, device: str) -> Outcome:
    """Train a twin of the run, without decay and with its norms, and keep that one's.

    After each update the twin's weights are made as long as the run's were then.
    """
    model, twin = build(run), build(run)
    norms = Norms(scale_invariant_weights(model).values())
    train_while_finite(model, run, device, after=[norms])
    weights = scale_invariant_weights(twin)
    turns = Turns(weights, EVERY)
    given = partial(give_norms, list(weights.values()), norms.kept)
    history = train_while_finite(twin, run, device, transforms=[], after=[given, turns])
    return _outcome(run, twin, history, turns)


class Norms:
    """Keeps the norms of weights after each update: ``kept``, a list a weight."""

    def __init__(self, weights: Iterable[nn.Parameter]) -> None:
        self.weights = list(weights)
        self.kept: list[list[float]] = []

    def __call__(self, step: int, model: nn.Module) -> None:
        """Keep the norms of now."""
        self.kept.append([w.detach().norm().item() for w in self.weights])


@torch.no_grad()
def give_norms(
    weights: list[nn.Parameter], norms: list[list[float]], step: int, model: nn.Module
) -> None:
    """Make each weight as long as ``norms[step - 1]`` says, as far as that goes."""
    if step <= len(norms):
        for weight, norm in zip(weights, norms[step - 1], strict=True):
            weight.mul_(norm / weight.norm())


def _outcome(run: Run, model: nn.Module, history: History, turns: Turns) -> Outcome:
    rows = first_losses(history) + late_loss(run, history, LATE)
    rows += ending(model, run, history, on=("validation", "test"))
    kept = {f"turns/{name}": values for name, values in turns.arrays().items()}
    return Outcome(
        rows, history.diverged, curve(history.step_losses, updates(run)) | kept
    )


SCALE = Experiment(
    name="scale",
    question="By which angle does an update turn weights that decay?",
    variants=(
        decayed(0.0),
        decayed(DECAY),
        decayed(STRONGER),
        decayed(DECAY, HIGHER),
    ),
    first_seed=FIRST,
    carry_out=turn,
)
SCALE_IMPOSED = Experiment(
    name="scale-imposed",
    question="Is it the same without decay, if the weights are kept as short?",
    variants=(decayed(DECAY),),
    first_seed=FIRST,
    carry_out=impose,
)
