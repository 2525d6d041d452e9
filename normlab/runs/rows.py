"""Numbers of a run as rows of the tidy table; ``table`` has the columns' meanings."""

from collections.abc import Iterable

import numpy as np
from torch import nn

from normlab.evaluation import EVAL_BATCH, loss_and_accuracy
from normlab.training import History, Pair

STEPS_KEPT = 20  # losses of the first steps, to compare layers and machines by
LOSSES = 500  # the most numbers kept of a loss curve


def row(
    measure: str,
    value: float,
    *,
    split: str,
    epoch: int,
    step: int,
    statistics: str = "",
    **columns: str | float,
) -> dict:
    """Return one row; ``columns`` are optional ones of the table, by name."""
    at = {"split": split, "statistics": statistics, "measure": measure}
    return at | {"epoch": epoch, "step": step} | columns | {"value": value}


def score_rows(scores: tuple[float, float], **at) -> list[dict]:
    """Return (loss, accuracy) as two rows; ``at`` is what ``row`` takes by name."""
    named = zip(("loss", "accuracy"), scores, strict=True)
    return [row(measure, value, **at) for measure, value in named]


def evaluated(
    model: nn.Module,
    held_out: Pair,
    kinds: Iterable[str],
    *,
    batch_size: int = EVAL_BATCH,
    **at,
) -> list[dict]:
    """Score a model with each of these kinds of statistics, as rows.

    Args:
        model: a network on any device.
        held_out: images and labels, which are moved there.
        kinds: "running", "batch" or both.
        batch_size: images that share statistics where those are the batch's own.
        at: what ``row`` takes by name.
    """
    device = next(model.parameters()).device
    x, y = (tensor.to(device) for tensor in held_out)
    rows = []
    for kind in kinds:
        size = batch_size if kind == "batch" else EVAL_BATCH
        scores = loss_and_accuracy(model, x, y, statistics=kind, batch_size=size)
        rows += score_rows(scores, statistics=kind, **at)
    return rows


def history_rows(history: History) -> list[dict]:
    """Return the first losses of a history, and all of its epochs."""
    first = history.step_losses[:STEPS_KEPT]
    rows = [
        row("step_loss", loss, split="train", epoch=1, step=step)
        for step, loss in enumerate(first)
    ]
    steps_per_epoch = len(history.step_losses) / max(len(history.epochs), 1)
    for number, epoch in enumerate(history.epochs, start=1):
        at = {"epoch": number, "step": round(number * steps_per_epoch)}
        rows += score_rows((epoch.loss, epoch.accuracy), split="train", **at)
        rows += [row("seconds", epoch.seconds, split="train", **at)]
        for (split, statistics), scores in epoch.evaluated.items():
            rows += score_rows(scores, split=split, statistics=statistics, **at)
    return rows


def thin(losses: list[float]) -> dict[str, np.ndarray]:
    """Average the losses over blocks of steps: "loss/steps", the middles, "loss/mean".

    A last, shorter block is left out.
    """
    block = -(-len(losses) // LOSSES)
    whole = len(losses) // block * block
    blocks = np.array(losses[:whole]).reshape(-1, block)
    middles = np.arange(len(blocks)) * block + (block - 1) / 2
    return {"loss/steps": middles, "loss/mean": blocks.mean(1).astype(np.float32)}
