"""Repeat a run's first steps, beside twins that show how far roundings take it.

Every processor adds in an order of its own, so a record comes out again only roughly.
How roughly depends on the network: without normalizers differences stay in the last
digit; with batch normalization one rounding may move a maximum of max-pooling, and a
difference grows a thousandfold in one step, sooner on one processor than on another.
Twins find out on the processor at hand.
"""

from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
import torch

from normlab.evaluation import tracking_layers
from normlab.runs import build, execute, inside, load, recordings, train
from normlab.runs.execute import data
from normlab.runs.rows import STEPS_KEPT

STEPS = STEPS_KEPT
UNIT = 2.0**-23  # of a float32's last place, relative; nine digits of text keep all
# A sum of n products in another order is the same sum with each weight moved by n units
# at most, and by about sqrt(n) as roundings go up and down. The longest sums here have
# 784 products, of which the root is 28; 64 leaves as much again for what is no product.
# The move is large, not the multiple: twice a difference in which no maximum has moved
# would not bound one in which it has.
MOVE = 64
TWINS = 3
# The record is one more draw like the twins', of smaller moves: it may go further than
# the largest of three by chance, but not many times.
MULTIPLE = 8
# A share counts values: one of the least layer's may fall on the other side.
ONE_VALUE = 1 / (inside.PROBE * 84)


def moved(model, seed):
    """Move every weight by up to ``MOVE`` units in its last place, up or down."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in model.parameters():
            signed = 2 * torch.rand(weights.shape, generator=generator) - 1
            weights *= 1 + MOVE * UNIT * signed
    return model


@contextmanager
def only_training(twin, momentum):
    """Start as a twin, if it is to be one; leave out what follows the training."""

    def start(run):
        model = build(run)
        for layer in tracking_layers(model).values():
            layer.momentum = momentum
        return model if twin is None else moved(model, twin)

    def hardly_evaluated(evaluate_on):
        training, (x, y) = data(evaluate_on)
        return training, (x[:96], y[:96])  # some take no other parts than 8

    with (
        patch.object(execute, "build", start),
        patch.object(execute, "data", hardly_evaluated),
        patch.object(inside, "prune", lambda *_: []),
    ):
        yield


def first_steps(run, watched, twin=None, momentum=0.1):
    """Name -> what a run leaves of its first steps: (steps, ...) or (snapshots, ...).

    ``momentum`` is that of the running statistics.
    """
    with only_training(twin, momentum):
        if not watched:
            _, history = train(run, max_steps=STEPS)
            return {"step_loss": np.array(history.step_losses)}
        outcome = inside.watch(run, "cpu", max_steps=STEPS)
    losses = [row["value"] for row in outcome.rows if row["measure"] == "step_loss"]
    kept = {n: a for n, a in outcome.arrays.items() if not n.startswith("loss/")}
    return {"step_loss": np.array(losses)} | kept


def recorded_steps(name, run, watched):
    """What the record says of the same steps, and of later snapshots."""
    table = load(name)
    losses = table[(table["key"] == run.key) & (table["measure"] == "step_loss")]
    then = {"step_loss": losses.sort_values("step")["value"].to_numpy()}
    if watched:
        arrays = next(a for r, a in recordings(name) if r == run)
        then |= {n: a for n, a in arrays.items() if not n.startswith("loss/")}
    return then


def strays(then, now, twins):
    """Names under which the record is further from the repeat than twins explain.

    At each step ``MULTIPLE`` times as far as the furthest twin up to there: once apart,
    twins may meet again by chance. Without twins, than roundings of one step explain.
    """
    assert then.keys() == now.keys()
    found = set()
    for name, values in now.items():
        away = largest(np.stack([t[name] for t in (now, *twins)]) - values).max(0)
        least = UNIT * largest(values[None])[0]
        if name.endswith(("_histogram", "flat", "stuck")):
            least = np.maximum(least, ONE_VALUE)
        allowed = MULTIPLE * np.maximum.accumulate(np.maximum(away, least))
        differences = largest((then[name][: len(values)] - values)[None])[0]
        if not (differences <= allowed).all():
            found.add(name)
    return found


def largest(arrays):
    """The largest size at each step: (arrays, steps, ...) -> (arrays, steps)."""
    return np.abs(arrays.astype(float)).reshape(*arrays.shape[:2], -1).max(2)
