"""A training that is scored once, at its end, which comes early if it breaks off."""

import math
from collections.abc import Sequence

import numpy as np
from torch import Tensor, nn

from normlab.runs.config import Outcome, Run
from normlab.runs.execute import build, data, train_on, trained_on, updates
from normlab.runs.rows import STEPS_KEPT, row
from normlab.runs.score import scored
from normlab.training import History, Pair

POINTS = 40  # of a loss curve: means of as many blocks of updates
LARGE = 1e30  # a loss that is no longer one
CHANCE = 0.1  # what is right by chance, of ten classes


def score_at_end(run: Run, device: str, *, on: Sequence[str]) -> Outcome:
    """Train the run and score it once, at its end; keep its loss curve.

    A training that breaks off is scored as guessing, so that its place is not empty.

    Args:
        run: what to train, evaluated on validation images.
        device: where.
        on: "validation", or that and "test".
    """
    model = build(run)
    history = train_while_finite(model, run, device)
    return Outcome(
        [*first_losses(history), *ending(model, run, history, on)],
        history.diverged,
        curve(history.step_losses, updates(run)),
    )


def ending(
    model: nn.Module, run: Run, history: History, on: Sequence[str]
) -> list[dict]:
    """Return the rows of a run's end: scores, updates that were finite, seconds."""
    at = last(run)
    finite = len(history.step_losses) - (history.diverged is not None)
    rows = [row("finite_updates", finite, split="train", **at)]
    training, _ = data(run.evaluate_on)
    round_up = 0 if run.drop_last else run.batch_size - 1
    rows += seconds(history, (len(trained_on(run)[1]) + round_up) // run.batch_size)
    for split in on:
        if history.diverged:
            rows += [guessing(split, kind, **at) for kind in ("running", "recomputed")]
        else:
            rows += scored(model, run, training, data(split)[1], split=split, **at)
    return rows


def last(run: Run) -> dict[str, int]:
    """Return the epoch and the step at which a run ends."""
    return {"epoch": run.epochs, "step": updates(run)}


def guessing(split: str, statistics: str = "recomputed", **at) -> dict:
    """Return the accuracy of guessing as a row; such a network has no loss."""
    return row("accuracy", CHANCE, split=split, statistics=statistics, **at)


def late_loss(run: Run, history: History, over: int) -> list[dict]:
    """Return the mean training loss of the last updates as a row; none if it broke off.

    Args:
        run: the run.
        history: of its training.
        over: how many updates.
    """
    if history.diverged:
        return []
    late = float(np.mean(history.step_losses[-over:]))
    return [row("late_loss", late, split="train", **last(run))]


def curve(losses: list[float], steps: int) -> dict[str, np.ndarray]:
    """Return "loss/mean": means over ``POINTS`` blocks of a training's updates.

    A block in which a loss is missing, or too large for a float32, is nan.
    """
    whole = np.full(steps, np.nan)
    whole[: len(losses)] = losses
    whole[~(whole < LARGE)] = np.nan
    means = [block.mean() for block in np.array_split(whole, POINTS)]
    return {"loss/mean": np.array(means, np.float32)}


class _EndedError(Exception):
    """The loss is not finite; nothing that follows would be."""


def train_while_finite(model: nn.Module, run: Run, device: str, **options) -> History:
    """Train as ``execute.train_on`` does, without evaluation, and stop at once.

    ``fit`` would finish the epoch, which costs as much as one that learns. A history
    that ended early has the losses up to there and no epoch.
    """
    losses: list[float] = []

    def watch(step: int, model: nn.Module, batch: Pair, loss: Tensor) -> None:
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            raise _EndedError

    try:
        return train_on(model, run, device, statistics=(), recorders=[watch], **options)
    except _EndedError:
        said = f"the loss became {losses[-1]} at step {len(losses) - 1}"
        return History(
            step_losses=losses, diverged=f"{said} (learning rate {run.lr:g})"
        )


def first_losses(history: History) -> list[dict]:
    """Return the finite ones of the first losses as rows."""
    return [
        row("step_loss", loss, split="train", epoch=1, step=step)
        for step, loss in enumerate(history.step_losses[:STEPS_KEPT])
        if math.isfinite(loss)
    ]


def seconds(history: History, steps_per_epoch: int) -> list[dict]:
    """Return the seconds of each epoch as rows; none if the training ended early."""
    return [
        row(
            "seconds",
            epoch.seconds,
            split="train",
            epoch=number,
            step=min(number * steps_per_epoch, len(history.step_losses)),
        )
        for number, epoch in enumerate(history.epochs, start=1)
    ]
