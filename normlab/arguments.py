"""Checks at the door of ``fit``: each names the argument, its value, the remedy."""

import math
import operator
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

LABELS = (torch.int64, torch.uint8)  # what PyTorch's cross-entropy takes


def check_whole(low: float = 1, **values: object) -> None:
    """Raise unless every value is a whole number of at least ``low``."""
    for name, value in values.items():
        try:
            number = operator.index(value)
        except TypeError:
            raise ValueError(f"{name} is {value!r}; use a whole number") from None
        if number < low:
            raise ValueError(f"{name} is {number}; it must be at least {low}")


def check_numbers(
    epochs: int,
    batch_size: int,
    momentum: float,
    weight_decay: float,
    seed: int,
    eval_batch_size: int,
    max_steps: int | None,
) -> None:
    """Raise unless a training can have these numbers."""
    check_whole(epochs=epochs, batch_size=batch_size, eval_batch_size=eval_batch_size)
    check_whole(low=-math.inf, seed=seed)
    if max_steps is not None:
        check_whole(max_steps=max_steps)
    for name, value in {"momentum": momentum, "weight_decay": weight_decay}.items():
        if not _is_finite(value) or value < 0:
            raise ValueError(f"{name} is {value!r}; it must be 0 or more, and finite")


def check_optimizer(optimizer: str, momentum: float) -> None:
    """Raise unless it is one of the two, and has the momentum that is asked for."""
    if optimizer not in ("sgd", "adam"):
        raise ValueError(f"optimizer={optimizer!r}; use 'sgd' or 'adam'")
    if optimizer == "adam" and momentum:
        raise ValueError(
            f"momentum is {momentum} with optimizer='adam', which averages gradients "
            "by itself; leave momentum at 0, or use 'sgd'"
        )


def checked_order(order: Tensor, examples: int) -> Tensor:
    """Return the order that ``arrange`` gave; raise unless it has each example once."""
    if not isinstance(order, Tensor) or order.dtype != torch.int64:
        raise ValueError(f"arrange gave {order!r:.60}; it must give a tensor of int64")
    if not torch.equal(order.sort().values, torch.arange(examples)):
        raise ValueError(
            f"arrange gave an order of shape {tuple(order.shape)}; it must have each "
            f"of the numbers 0 to {examples - 1} once"
        )
    return order


def checked_rates(lr: object, steps: int) -> list[float]:
    """Return the rate of each step, of a number or of a schedule; raise if one is none.

    All of them before the first step: a schedule's fault may lie at its end.
    """
    rates = [lr(step) for step in range(steps)] if callable(lr) else [lr] * steps
    for step, rate in enumerate(rates):
        if not _is_finite(rate) or rate <= 0:
            where = f"({step}), of the update after {step}," if callable(lr) else ""
            raise ValueError(
                f"lr{where} is {rate!r}; a learning rate is positive and finite"
            )
    return rates


def checked_callables(name: str, given: Iterable) -> tuple:
    """Return what is to be called during training; raise unless it can be."""
    if callable(given):
        one = name.removesuffix("s")
        raise TypeError(f"{name} is {given!r}; give a list of them: [{one}]")
    given = tuple(given)
    for one in given:
        if not callable(one):
            raise TypeError(f"{name} has {one!r}, which cannot be called")
    return given


def check_held_out(evaluate: Mapping | None) -> dict:
    """Return the held-out sets by name; raise unless each is images and labels."""
    if not isinstance(evaluate, Mapping | None):
        raise TypeError(
            f"evaluate is a {type(evaluate).__name__}; give each pair a name: "
            '{"test": (images, labels)}'
        )
    for name, pair in (evaluate or {}).items():
        check_pair(f"evaluate[{name!r}]", pair)
    return dict(evaluate or {})


def check_pair(name: str, pair: object) -> None:
    """Raise unless ``pair`` is images and labels, at least one, and one for each."""
    if not _are_two_tensors(pair):
        raise TypeError(
            f"{name} must be a pair of tensors, (images, labels), "
            f"and is a {type(pair).__name__}"
        )
    x, y = pair
    if x.ndim == 0 or (x.dtype != torch.uint8 and not x.is_floating_point()):
        raise ValueError(
            f"{name} has images of shape {tuple(x.shape)} and type {x.dtype}; they "
            "must be (N, 1, 28, 28) of torch.uint8, 0 to 255, or of floats, 0 to 1"
        )
    if y.ndim != 1 or y.dtype not in LABELS:
        raise ValueError(
            f"{name} has labels of shape {tuple(y.shape)} and type {y.dtype}; they "
            "must be (N,) of torch.int64, one class an image"
        )
    if len(x) != len(y):
        raise ValueError(
            f"{name} has {len(x)} images and {len(y)} labels; "
            "each image needs one label"
        )
    if not len(x):
        raise ValueError(f"{name} has no images; it must have at least 1")


def check_answer(name: str, logits: object, images: int) -> None:
    """Raise unless a model's answer to so many images is logits (images, classes)."""
    if not isinstance(logits, Tensor):
        found = f"a {type(logits).__name__}"
    elif logits.ndim != 2 or len(logits) != images or not logits.is_floating_point():
        found = f"shape {tuple(logits.shape)} and type {logits.dtype}"
    else:
        return
    raise ValueError(
        f"the model answers {images} images of {name} with {found}; it must answer "
        f"with floats of shape ({images}, classes), one row of logits an image"
    )


def check_labels(name: str, labels: Tensor, classes: int) -> None:
    """Raise unless every label is one of the model's classes."""
    wrong = (labels < 0) | (labels >= classes)
    if wrong.any():
        first = int(wrong.nonzero()[0])
        raise ValueError(
            f"{name} has the label {int(labels[first])} at image {first}, and the "
            f"model has {classes} outputs, for the labels 0 to {classes - 1}; "
            "number the classes from 0, or give the model an output for each"
        )


def _are_two_tensors(pair: object) -> bool:
    return (
        isinstance(pair, tuple | list)
        and len(pair) == 2
        and all(isinstance(part, Tensor) for part in pair)
    )


def _is_finite(value: object) -> bool:
    try:
        return math.isfinite(value)
    except TypeError:
        return False
