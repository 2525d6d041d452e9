"""Time two or more sides in turn, so that a slow spell of the machine hits all."""

import time
from collections.abc import Callable, Hashable
from statistics import median
from typing import TypeVar

import torch

REPEATS = 5
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
