"""Time two or more sides in turn, so that a slow spell of the machine hits all."""

import time
from collections.abc import Callable, Hashable
from statistics import median
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

REPEATS = 10
Side = TypeVar("Side", bound=Hashable)


def take_turns(
    sides: dict[Side, Callable[[], object]], device: str
) -> dict[Side, float]:
    """Return the median wall seconds of each side over ``REPEATS`` rounds.

    One round to warm up comes first and does not count.
    """
    seconds: dict[Side, list[float]] = {name: [] for name in sides}
    for _ in range(1 + REPEATS):
        for name, work in sides.items():
            seconds[name].append(wall_seconds(work, device))
    return {name: median(times[1:]) for name, times in seconds.items()}


def wall_seconds(work: Callable[[], object], device: str) -> float:
    """Return the wall seconds of one call, the device's work included."""
    began = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def training_step(
    model: nn.Module, x: Tensor, y: Tensor, lr: float, momentum: float = 0.0
) -> Callable[[], None]:
    """Return a function that takes one step on this batch: forward, back, update."""
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)

    def step() -> None:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def repeated(step: Callable[[], None], times: int) -> Callable[[], None]:
    """Return a function that does so many steps."""

    def many() -> None:
        for _ in range(times):
            step()

    return many
