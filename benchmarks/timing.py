"""Time two or more sides in turn, so that a slow spell of the machine hits all."""

import time
from collections.abc import Callable
from statistics import median

import torch

REPEATS = 5


def take_turns(sides: dict[str, Callable[[], object]], device: str) -> dict[str, float]:
    """Return the median wall seconds of each side over ``REPEATS`` rounds.

    One round to warm up comes first and does not count.
    """
    seconds: dict[str, list[float]] = {name: [] for name in sides}
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
