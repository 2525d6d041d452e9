"""Scores of a network in both modes, which it leaves as it was."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from normlab.arguments import check_answer, check_labels, check_pair, check_whole

EVAL_BATCH = 1000  # images; bounds memory, changes no number


@torch.no_grad()
def loss_and_accuracy(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    *,
    statistics: str = "running",
    batch_size: int = EVAL_BATCH,
) -> tuple[float, float]:
    """Return (mean cross-entropy in nats, accuracy in 0 to 1) over a data set.

    With ``statistics="running"`` the model is in eval mode; with "batch" it is in
    train mode, so that normalizers use the statistics of each ``batch_size`` images
    (and dropout drops).
    Mode and buffers are afterwards what they were.

    Raises:
        TypeError: ``x`` or ``y`` is no tensor.
        ValueError: ``statistics`` is neither; images or labels of a wrong shape, type
            or number; a label that is none of the model's classes.
    """
    checked_kinds([statistics])
    check_pair("(x, y)", (x, y))
    check_whole(batch_size=batch_size)
    loss = torch.zeros((), dtype=torch.float64, device=x.device)
    hits = torch.zeros((), dtype=torch.long, device=x.device)
    with preserved(model):
        model.train(statistics == "batch")
        batches = zip(x.split(batch_size), y.split(batch_size), strict=True)
        for number, (batch, labels) in enumerate(batches):
            logits = model(to_float(batch, model))
            if number == 0:
                check_answer("(x, y)", logits, len(batch))
                check_labels("(x, y)", y, logits.shape[1])
            loss += F.cross_entropy(logits, labels, reduction="sum")
            hits += (logits.argmax(1) == labels).sum()
    return loss.item() / len(y), hits.item() / len(y)


@contextmanager
def preserved(model: nn.Module) -> Iterator[None]:
    """Give every module its mode, and every buffer its content, back at the end."""
    modes = {module: module.training for module in model.modules()}
    buffers = [b.clone() for b in model.buffers()]
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode
        with torch.no_grad():
            for buffer, before in zip(model.buffers(), buffers, strict=True):
                buffer.copy_(before)


def to_float(x: Tensor, model: nn.Module) -> Tensor:
    """Return images in the model's own float type: uint8 0..255 becomes 0..1.

    Raises:
        ValueError: the model has no parameters, and so no type of its own.
    """
    first = next(model.parameters(), None)
    if first is None:
        raise ValueError(
            f"a {type(model).__name__} has no parameters, so no float type"
        )
    images = x.to(first.dtype)
    return images if x.is_floating_point() else images.div_(255)


def tracking_layers(model: nn.Module) -> dict[str, nn.Module]:
    """Return the layers that keep running statistics, by name and in order."""
    return {
        name: layer
        for name, layer in model.named_modules()
        if getattr(layer, "running_mean", None) is not None
    }


def kinds_of_statistics(model: nn.Module) -> tuple[str, ...]:
    """Return what there is to evaluate the model with, as ``fit`` calls it."""
    return ("running", "batch") if tracking_layers(model) else ("running",)


def checked_kinds(statistics: Iterable[str]) -> tuple[str, ...]:
    """Return kinds of statistics, one name or several, as a tuple.

    Raises:
        ValueError: one is neither "running" nor "batch".
    """
    kinds = (statistics,) if isinstance(statistics, str) else tuple(statistics)
    for kind in kinds:
        if kind not in ("running", "batch"):
            raise ValueError(f"statistics={kind!r}; use 'running' or 'batch'")
    return kinds
