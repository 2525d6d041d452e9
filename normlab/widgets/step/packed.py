"""Recorded looks along steps, packed for the widget."""

from typing import Any

import numpy as np

from normlab.runs import recordings
from normlab.runs.shift import LINE, RATE, STEPS

NAME = "shift-line"


def packed() -> dict[str, Any]:
    """Return what the module reads: a network -> what each look found.

    Raises:
        ResultsError: nothing is recorded; the message says how to record it.
    """
    return {
        "rate": RATE,
        "factors": [0.0, *LINE],
        "updates": list(STEPS),
        "networks": {
            {"none": "none", "torch_batch": "batch"}[run.norm]: _looks(arrays)
            for run, arrays in recordings(NAME)
        },
    }


def _looks(arrays: dict[str, np.ndarray]) -> dict[str, list]:
    """Return losses along the step, the slope's promise, changes of the gradient."""
    found = {name: arrays[f"look/{name}"].astype(float) for name in ("loss", "length")}
    promised = found["length"][:, None] ** 2 * RATE * np.array(LINE)  # (looks, steps)
    losses = found["loss"][:, None] - arrays["look/decrease"] * promised
    along = np.concatenate([found["loss"][:, None], losses], axis=1)
    return {
        "losses": _short(along),
        "slopes": _short(found["length"] ** 2 * RATE),  # what one rate promises
        "changes": _short(np.pad(arrays["look/roughness"], ((0, 0), (1, 0)))),
    }


def _short(values: np.ndarray) -> list:
    """Four digits of each, as nested lists."""
    if values.ndim > 1:
        return [_short(row) for row in values]
    return [float(f"{value:.4g}") for value in values]
