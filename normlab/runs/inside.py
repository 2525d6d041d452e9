"""What happens inside a network while it trains, recorded."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from normlab.evaluation import loss_and_accuracy, tracking_layers
from normlab.recorders import (
    Activations,
    GammaAndBeta,
    Snapshots,
    Statistics,
    Updates,
    snapshot_steps,
)
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.execute import data, train
from normlab.runs.protocol import SOURCE_RATE
from normlab.runs.rows import history_rows, row, thin
from normlab.training import Pair

PROBE = 100  # images; with more a recording costs over a tenth of the training
SHARES = range(0, 101, 10)  # per cent of each layer's channels
DECAY = 5e-4

_LENET = Run("lenet", "torch_batch", SOURCE_RATE, batch_size=256, epochs=10, seed=0)
# 50,000 steps of 60 images, as in the paper; its learning rate is not known to us.
_TOY = Run("sigmoid_mlp", "none", 0.1, 60, epochs=50, seed=0, init="gaussian_0.1")


def watch(run: Run, device: str, *, max_steps: int | None = None) -> Outcome:
    """Train the run with recorders and keep what they saw.

    Of runs with weight decay or another start only gamma and beta are kept, and
    histograms of the first seed only, since they are large.
    """
    (x, y), held_out = data(run.evaluate_on)
    probe = x[:PROBE], y[:PROBE]
    steps = snapshot_steps(run.epochs * -(-len(y) // run.batch_size))
    recorders: list[Snapshots] = []
    if run.norm != "none":
        recorders.append(GammaAndBeta(steps))
    if run.weight_decay == 0 and run.init != "xavier_gamma_0":
        first = run.seed == 0
        recorders += [Activations(probe, steps, histograms=first), Updates(steps)]
        if first and run.norm != "none":
            recorders.append(Statistics(probe, steps))
    model, history = train(run, device, recorders=recorders, max_steps=max_steps)
    arrays = {
        f"{type(r).__name__}/{name}": values
        for r in recorders
        for name, values in r.arrays().items()
    }
    arrays |= thin(history.step_losses)
    rows = history_rows(history)
    if run.model == "lenet" and run.norm != "none":
        rows += prune(model, held_out, run, len(history.step_losses))
    return Outcome(rows, history.diverged, arrays)


@torch.no_grad()
def prune(model: nn.Module, held_out: Pair, run: Run, step: int) -> list[dict]:
    """Evaluate with shares of every layer's channels silenced, chosen in three ways.

    A silenced channel has gamma 0 and is the constant beta, which the next layer's
    bias could take over: the channel could go. ``step`` says how many updates the
    model has had.
    """
    generator = np.random.default_rng(run.seed)
    gammas = [layer.weight for layer in tracking_layers(model).values()]
    sizes = [gamma.abs().cpu().numpy() for gamma in gammas]
    orders = {
        "smallest": [np.argsort(size) for size in sizes],
        "largest": [np.argsort(-size) for size in sizes],
        "random": [generator.permutation(len(size)) for size in sizes],
    }
    x, y = (tensor.to(gammas[0].device) for tensor in held_out)
    at = {"split": run.evaluate_on, "epoch": run.epochs, "step": step}
    rows = []
    for name, order in orders.items():
        for share in SHARES:
            before = [gamma.clone() for gamma in gammas]
            for gamma, channels in zip(gammas, order, strict=True):
                gamma[channels[: round(share / 100 * len(channels))]] = 0.0
            _, accuracy = loss_and_accuracy(model, x, y)
            which = {"statistics": "running", "order": name, "share": share}
            rows.append(row("accuracy", accuracy, **at, **which))
            for gamma, old in zip(gammas, before, strict=True):
                gamma.copy_(old)
    return rows


INSIDE = Experiment(
    name="inside",
    question="What do gamma, beta and the activations do while LeNet learns?",
    variants=(
        replace(_LENET, norm="none"),
        _LENET,
        replace(_LENET, weight_decay=DECAY),
        replace(_LENET, weight_decay=DECAY, decay_norms=False),
        replace(_LENET, init="xavier_gamma_0"),
    ),
    carry_out=watch,
)

INSIDE_TOY = Experiment(
    name="inside-toy",
    question="What do the activations of three layers of sigmoids do in 50,000 steps?",
    variants=(_TOY, replace(_TOY, norm="torch_batch")),
    carry_out=watch,
)
