"""``fit``, the loop that trains every network of a recorded run."""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from tqdm.auto import tqdm

from normlab.arguments import (
    check_answer,
    check_held_out,
    check_labels,
    check_numbers,
    check_optimizer,
    check_pair,
    checked_callables,
    checked_order,
    checked_rates,
)
from normlab.evaluation import (
    EVAL_BATCH,
    checked_kinds,
    loss_and_accuracy,
    preserved,
    to_float,
)
from normlab.models import gamma_and_beta
from normlab.randomness import random_numbers_kept
from normlab.schedules import Schedule

Pair = tuple[Tensor, Tensor]
# Called after the backward pass and before the update, so gradients are there:
# recorder(step, model, (x, y), loss). What it reads from the device it waits for.
Recorder = Callable[[int, nn.Module, Pair, Tensor], None]
# Called after an update: after(updates done, model).
After = Callable[[int, nn.Module], None]
# augment(images (N, 1, 28, 28), generator) -> (M * N, 1, 28, 28): M versions of the
# first image, then M of the second, ...
Augment = Callable[[Tensor, torch.Generator], Tensor]
# arrange(labels (N,), batch_size, generator) -> the order of the N examples (N,)
Arrange = Callable[[Tensor, int, torch.Generator], Tensor]
AUGMENTS_APART = 1_000_003  # added to the seed: not the numbers that order the examples


@dataclass
class Epoch:
    """What one epoch left behind.

    ``loss`` (nats) and ``accuracy`` (0 to 1) are means over the epoch's training
    batches as they were seen, in train mode; ``evaluated`` maps (name of a held-out
    set, "running" or "batch" statistics) to (loss, accuracy); ``seconds`` is the
    training part's wall time, without what was called after updates, and
    ``eval_seconds`` the evaluation's.
    """

    loss: float
    accuracy: float
    evaluated: dict[tuple[str, str], tuple[float, float]]
    seconds: float
    eval_seconds: float


@dataclass
class History:
    """The record of one training: epochs, the loss of every step, and its end."""

    epochs: list[Epoch] = field(default_factory=list)
    step_losses: list[float] = field(default_factory=list)
    diverged: str | None = None  # says when, in a sentence; None if all was finite

    def extend(self, later: "History") -> None:
        """Append a training of the same model that went on where this one ended."""
        self.epochs += later.epochs
        self.step_losses += later.step_losses
        self.diverged = self.diverged or later.diverged


def fit(
    model: nn.Module,
    train: Pair,
    evaluate: Mapping[str, Pair] | None = None,
    *,
    epochs: int,
    lr: float | Schedule,
    batch_size: int = 256,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    decay_norms: bool = True,
    seed: int = 0,
    device: torch.device | str = "cpu",
    optimizer: str = "sgd",
    transforms: Iterable[Recorder] = (),
    augment: Augment | None = None,
    arrange: Arrange | None = None,
    recorders: Iterable[Recorder] = (),
    after: Iterable[After] = (),
    statistics: Iterable[str] = ("running",),
    eval_batch_size: int = EVAL_BATCH,
    max_steps: int | None = None,
    drop_last: bool = False,
    progress: bool = False,
) -> History:
    """Train ``model`` in place by its cross-entropy; return what happened.

    Data stay on the device; batches are indexed there. The order of the examples
    depends on ``seed`` alone, whatever the device.
    The host waits for the device once an epoch, and where a recorder asks.

    What cannot end well is refused before the first step. For that a batch of each
    size to come passes through the model, without gradients and without a trace:
    weights, buffers, modes and random numbers stay as they were. (PyTorch's lazy
    layers, which draw their weights at the first batch, are spared this.)

    Args:
        model: logits (N, classes) from floats (N, 1, 28, 28) in 0 to 1.
        train: images (N, 1, 28, 28) uint8 or float, labels (N,) int64 from 0.
        evaluate: named pairs like ``train``, evaluated after each epoch.
        epochs: passes over ``train``.
        lr: learning rate, or a schedule: updates done -> rate of the next one.
        batch_size: examples a step.
        momentum: of SGD.
        weight_decay: of the optimizer, on every parameter.
        decay_norms: False spares gamma and beta the weight decay.
        seed: orders the examples and augments them; the weights are the caller's.
        device: "cpu", "cuda", ...
        optimizer: "sgd", or "adam" (Kingma and Ba 2015), which has no ``momentum``.
        transforms: called as recorders are, before them; they may change the gradients
            in place, so that recorders see what the update uses.
        augment: what becomes of a batch's images before the model sees them; labels
            are repeated where there are several versions of each. See ``Augment``.
        arrange: orders the examples of an epoch; by default at random. See ``Arrange``.
        recorders: called at each step, before its update; see ``Recorder``.
        after: called after each update; see ``After``.
        statistics: what normalizers use in evaluation: "running" (eval mode, what
            one ships), "batch" (the held-out batches' own), or both.
        eval_batch_size: images a batch in evaluation; a number changes with it only
            where normalizers use the batch's own statistics.
        max_steps: stop after this many steps, in mid-epoch too.
        drop_last: leave out the last, smaller batch of an epoch.
        progress: show a bar, one tick an epoch.

    Raises:
        TypeError: data that are no pairs of tensors, or recorders that are no list of
            callables.
        ValueError: an argument that no training can have; images or labels of a wrong
            shape, type or number; a label that is none of the model's classes; a batch
            that the model cannot take, such as one image left over where a normalizer
            needs several; a model without parameters, or without gradients; what
            ``augment`` or ``arrange`` returns is not what they have to.
    """
    calls = [
        *checked_callables("transforms", transforms),
        *checked_callables("recorders", recorders),
    ]
    after, statistics = checked_callables("after", after), checked_kinds(statistics)
    check_numbers(
        epochs, batch_size, momentum, weight_decay, seed, eval_batch_size, max_steps
    )
    check_optimizer(optimizer, momentum)
    check_pair("train", train)
    plan = _Plan(len(train[1]), batch_size, drop_last, epochs, max_steps)
    rates = checked_rates(lr, plan.steps)
    evaluate = check_held_out(evaluate)
    _check_learns(model)
    model.to(device)
    train = _on(device, train)
    evaluate = {name: _on(device, pair) for name, pair in evaluate.items()}
    _try_model(model, train, evaluate, statistics, plan, eval_batch_size, augment)
    groups = _parameters(model, decay_norms)
    updater = _optimizer(optimizer, groups, rates[0], momentum, weight_decay)
    order = torch.Generator().manual_seed(seed)
    draws = torch.Generator().manual_seed(seed + AUGMENTS_APART)
    prepare = partial(_augmented, augment=augment, generator=draws)
    history = History()
    bar = tqdm(range(epochs), desc="epoch", disable=not progress, leave=False)
    for _ in bar:
        done = len(history.step_losses)
        batches = plan.batches(_order(train[1], batch_size, arrange, order), done)
        now = rates[done : done + len(batches)]
        steps = _train_epoch(
            model, train, prepare, updater, batches, now, calls, after, done
        )
        history.step_losses += steps.losses
        began = time.perf_counter()
        scores = {
            (name, which): loss_and_accuracy(
                model, *pair, statistics=which, batch_size=eval_batch_size
            )
            for name, pair in evaluate.items()
            for which in statistics
        }
        history.epochs.append(
            Epoch(
                loss=steps.loss,
                accuracy=steps.accuracy,
                evaluated=scores,
                seconds=steps.seconds,
                eval_seconds=time.perf_counter() - began,
            )
        )
        bar.set_postfix(loss=f"{steps.loss:.3f}")
        history.diverged = _first_bad_step(steps.losses, done, now)
        if history.diverged or len(history.step_losses) == plan.steps:
            break
    return history


@dataclass(frozen=True)
class _Plan:
    """Which batches are to come."""

    images: int
    batch_size: int
    drop_last: bool
    epochs: int
    max_steps: int | None

    def __post_init__(self) -> None:
        if self.drop_last and self.images < self.batch_size:
            raise ValueError(
                f"drop_last leaves nothing of {self.images} images at "
                f"batch_size={self.batch_size}; use smaller batches, or keep the last"
            )

    @property
    def sizes(self) -> list[int]:
        """The sizes of the batches to come: of the whole ones, then of a rest."""
        whole, rest = divmod(self.images, self.batch_size)
        comes = rest > 0 and not self.drop_last and self.steps > whole
        return [self.batch_size] * (whole > 0) + [rest] * comes

    @property
    def steps(self) -> int:
        """How many updates there will be."""
        whole, rest = divmod(self.images, self.batch_size)
        steps = self.epochs * (whole + (rest > 0 and not self.drop_last))
        return steps if self.max_steps is None else min(steps, self.max_steps)

    def batches(self, order: Tensor, done: int) -> tuple[Tensor, ...]:
        """Return the examples of each batch of the epoch that begins now."""
        batches = order.split(self.batch_size)
        if self.drop_last:
            batches = batches[: self.images // self.batch_size]
        return batches[: self.steps - done]


@dataclass(frozen=True)
class _Steps:
    """What one pass over the data left."""

    losses: list[float]
    loss: float
    accuracy: float
    seconds: float


def _order(labels, batch_size, arrange, generator) -> Tensor:
    """Return the order of an epoch's examples, on the processor."""
    if arrange is None:
        return torch.randperm(len(labels), generator=generator)
    order = arrange(labels.cpu(), batch_size, generator)
    return checked_order(order, len(labels))


def _augmented(images, labels, augment, generator) -> Pair:
    """Return the images that the model sees, each with its label."""
    if augment is None:
        return images, labels
    seen = augment(images, generator)
    copies, rest = divmod(len(seen), len(images))
    if rest or not copies:
        raise ValueError(
            f"augment makes {len(seen)} images of {len(images)}; it must make as many "
            "of each, those of the first image first"
        )
    return seen, labels.repeat_interleave(copies)


def _train_epoch(
    model, train, prepare, optimizer, batches, rates, calls, after, done
) -> _Steps:
    x, y = train
    model.train()
    losses, sizes, hits = [], [], torch.zeros((), device=x.device)
    began, elsewhere = time.perf_counter(), 0.0
    indices = torch.cat(batches).to(x.device).split([len(batch) for batch in batches])
    for step, (index, rate) in enumerate(zip(indices, rates, strict=True), start=done):
        batch, labels = prepare(to_float(x[index], model), y[index])
        logits = model(batch)
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        for call in calls:
            call(step, model, (batch, labels), loss)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        losses.append(loss.detach())
        sizes.append(len(labels))
        hits += (logits.detach().argmax(1) == labels).sum()
        if after:
            left = time.perf_counter()
            for call in after:
                call(step + 1, model)
            elsewhere += time.perf_counter() - left
    losses = torch.stack(losses).tolist()  # the one wait for the device
    weighted = sum(loss * n for loss, n in zip(losses, sizes, strict=True))
    seconds = time.perf_counter() - began - elsewhere
    return _Steps(losses, weighted / sum(sizes), int(hits) / sum(sizes), seconds)


def _check_learns(model: nn.Module) -> None:
    learns = [parameter.requires_grad for parameter in model.parameters()]
    if not learns:
        raise ValueError(
            f"the model, a {type(model).__name__}, has no parameters to train; "
            "give it a layer that has weights"
        )
    if not any(learns) or not torch.is_grad_enabled():
        raise ValueError(
            "nothing would have a gradient: the model is frozen or gradients are off; "
            "model.requires_grad_() or torch.enable_grad() brings them back"
        )


@torch.no_grad()  # what watches the training from outside knows it by its gradients
def _try_model(
    model, train, evaluate, statistics, plan, eval_batch_size, augment
) -> None:
    """Send a batch of each size to come through the model, without a trace.

    What would fail in the last batch of an epoch, or in the evaluation after it, and
    take the history with it, fails here.
    """
    if any(map(is_lazy, chain(model.parameters(), model.buffers()))):
        return  # its first batch draws its weights, and must be the training's own
    x, y = train
    grow = partial(_augmented, augment=augment, generator=torch.Generator())
    with preserved(model), random_numbers_kept():
        model.train()
        for size in plan.sizes:
            logits = _try_batch(
                model, "train", x, size, "batch_size", plan.batch_size, grow
            )
        check_labels("train", y, logits.shape[1])
        for name, pair in evaluate.items():
            for which in statistics:
                _try_evaluation(
                    model, f"evaluate[{name!r}]", pair, which, eval_batch_size
                )


def _try_evaluation(model, name, pair, which, batch_size) -> None:
    x, y = pair
    model.train(which == "batch")
    sizes = _Plan(len(x), batch_size, False, 1, None).sizes
    for size in sizes if model.training else sizes[-1:]:  # the smallest is the hardest
        logits = _try_batch(model, name, x, size, "eval_batch_size", batch_size)
    check_labels(name, y, logits.shape[1])


def _try_batch(model, name, images, size, argument, batch_size, grow=None) -> Tensor:
    """Return the logits of the first ``size`` images, or say why there are none."""
    batch = to_float(images[:size], model)
    if grow is not None:
        batch, _ = grow(batch, torch.zeros(size, dtype=torch.int64))
    try:
        logits = model(batch)
    except torch.cuda.OutOfMemoryError:
        raise
    except Exception as error:  # a model may raise anything
        mode = "training mode" if model.training else "evaluation mode"
        if model.training and argument == "eval_batch_size":
            mode += ", which statistics='batch' asks for"
        raise ValueError(
            f"the model cannot take {size} of the {len(images)} images of {name}, of "
            f"shape {tuple(images.shape[1:])}, in {mode}: "
            f"{_remedy(size, len(images), argument, batch_size)}. "
            f"It says: {type(error).__name__}: {error}"
        ) from error
    check_answer(name, logits, len(batch))
    return logits


def _remedy(size: int, images: int, argument: str, batch_size: int) -> str:
    if size < min(batch_size, images):
        return (
            f"{argument}={batch_size} leaves so many over; choose one that leaves more "
            "or none, or leave these images out"
        )
    return f"{argument}={batch_size}, the images and the model must suit each other"


def _on(device: torch.device | str, pair: Pair) -> Pair:
    return pair[0].to(device), pair[1].to(device)


def _optimizer(name, groups, lr, momentum, weight_decay) -> torch.optim.Optimizer:
    if name == "adam":
        return torch.optim.Adam(groups, lr=lr, weight_decay=weight_decay)
    return torch.optim.SGD(groups, lr=lr, momentum=momentum, weight_decay=weight_decay)


def _parameters(model: nn.Module, decay_norms: bool) -> list[dict]:
    """Return the optimizer's groups: gamma and beta apart where they are spared."""
    spared = [] if decay_norms else gamma_and_beta(model)
    ids = {id(parameter) for parameter in spared}
    rest = [p for p in model.parameters() if id(p) not in ids]
    apart = [{"params": spared, "weight_decay": 0.0}] if spared else []
    return [{"params": rest}, *apart]


def _first_bad_step(losses: list[float], done: int, rates: list[float]) -> str | None:
    for step, (loss, rate) in enumerate(zip(losses, rates, strict=True), start=done):
        if not math.isfinite(loss):
            return f"the loss became {loss} at step {step} (learning rate {rate:g})"
    return None
