"""The playground's worker in Node.js, from the text that the page gets."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from normlab.widgets.playground.data import playground_data

from .node import pack, run, unpack


@dataclass(frozen=True)
class Trained:
    """What a run of the page's worker came to."""

    losses: list  # None where a loss is not finite
    held: dict  # way of testing -> accuracy, 0 to 1
    layers: list
    values: dict  # entry of the state_dict -> numbers
    mixed: np.ndarray  # the held-out images as they are mixed (500, 196)
    diverged: bool
    parameters: int


@cache
def packed():
    return pack(playground_data())


def train(runs):
    """Train networks; ``runs`` is a list of (settings, steps)."""
    job = {"packed": packed(), "runs": [{"settings": s, "steps": n} for s, n in runs]}
    (results,) = run("playground/worker", [("playground", job)])
    return [read(result) for result in results]


def read(result):
    """A result with its arrays unpacked."""
    arrays = {
        "values": {name: unpack(text) for name, text in result["values"].items()},
        "mixed": unpack(result["mixed"]).reshape(500, 196),
    }
    return Trained(**result | arrays)
