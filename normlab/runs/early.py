"""A training that ends at its first loss that is not finite, and what it leaves."""

import math

from torch import Tensor, nn

from normlab.runs.config import Run
from normlab.runs.execute import train_on
from normlab.runs.rows import STEPS_KEPT, row
from normlab.training import History, Pair


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
