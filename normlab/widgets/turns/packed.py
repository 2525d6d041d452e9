"""Recorded lengths and angles of weights that decay, packed for the widget."""

from typing import Any

import numpy as np

from normlab.evidence import recorded
from normlab.evidence.claims.scale import DECAYS, TOLD
from normlab.evidence.records import told
from normlab.runs.config import Run
from normlab.runs.scale import EVERY, RATE, UPDATES, decayed

MOMENTUM = 0.9  # of what is recorded


def packed() -> dict[str, Any]:
    """Return what is recorded, means over seeds and layers, and the gradients' size.

    Raises:
        ResultsError: nothing is recorded; the message says how to record it.
    """
    plain = decayed(0.0)
    runs = {run: curves(run) for run in (plain, *DECAYS)}
    lengths, angles = runs[plain]
    # Without decay, and with gradients that have nothing to do with each other, a
    # step is 1 / sqrt(1 - momentum^2) times as long as a gradient times the rate.
    strengths = angles * lengths**2 * (1 - MOMENTUM**2) ** 0.5 / RATE
    return {
        "updates": UPDATES,
        "every": EVERY,
        "strength": float(f"{np.median(strengths):.4g}"),
        "runs": {
            f"{run.lr:g}/{DECAYS.get(run, 0.0):g}": {
                "lengths": [float(f"{v:.4g}") for v in lengths],
                "angles": [float(f"{v:.4g}") for v in angles],
            }
            for run, (lengths, angles) in runs.items()
        },
    }


def curves(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return lengths over the first ones, and angles in radians, (T,) each."""
    first, norms, angles = (
        recorded("scale", f"turns/{name}", **told(run, *TOLD))
        for name in ("first", "norms", "angles")
    )  # (seeds, layers), (seeds, T, layers) twice
    ratios = np.log(norms / first[:, None])
    return np.exp(ratios.mean((0, 2))), angles.mean((0, 2))
