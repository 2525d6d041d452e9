"""What ten recorded runs did that the page's own trainings are drawn over."""

from typing import Any

import numpy as np

from normlab.evidence import recorded, values
from normlab.runs.early import POINTS
from normlab.runs.execute import updates
from normlab.runs.page import BATCH, EPOCHS, trained

NAME = "lenet-page"
SIDES = {"none": "none", "batch": "torch_batch"}


def bands() -> dict[str, Any]:
    """Return the settings of the recorded runs, and the range over their seeds.

    Raises:
        ResultsError: nothing is recorded; the message says how to record it.
    """
    run = trained("torch_batch")
    total = updates(run)
    return {
        "settings": {
            "normalizer": "batch",
            "activation": "sigmoid",
            "rate": run.lr,
            "size": BATCH,
        },
        "each": total // EPOCHS,
        "bands": {side: _band(norm, total) for side, norm in SIDES.items()},
    }


def _band(norm: str, total: int) -> dict[str, Any]:
    losses = recorded(NAME, "loss/mean", norm=norm)  # (seeds, blocks)
    middles = [block.mean() + 1 for block in np.array_split(np.arange(total), POINTS)]
    scores = np.stack(
        [
            100
            * values(
                NAME,
                "accuracy",
                norm=norm,
                split="test",
                statistics="running",
                epoch=epoch,
            ).to_numpy()
            for epoch in range(1, EPOCHS + 1)
        ],
        axis=1,
    )
    return {
        "steps": [round(middle, 1) for middle in middles],
        "losses": _range(losses, 4),
        "epochs": list(range(1, EPOCHS + 1)),
        "accuracies": _range(scores, 2),
    }


def _range(found: np.ndarray, digits: int) -> dict[str, list[float]]:
    """Return the lowest and the highest of the seeds, (seeds, T)."""
    ends = {"low": found.min(0), "high": found.max(0)}
    return {
        name: [round(float(value), digits) for value in row]
        for name, row in ends.items()
    }
