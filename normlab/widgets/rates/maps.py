"""The recorded maps of rate and first weights, packed for the widget."""

from typing import Any

import numpy as np
import pandas as pd

from normlab.runs import load, recordings
from normlab.runs.rate_map import GAINS, NORMS, RATES

# Network -> (what the reader calls it, its experiment).
NETWORKS = {
    "lenet_relu": ("ReLU", "rate-map"),
    "lenet": ("sigmoid", "rate-map-sigmoid"),
}


def accuracy(network: str) -> pd.DataFrame:
    """Return accuracy on validation images with recomputed statistics.

    A row each norm, k and rate of the map, a column a seed.
    """
    table = load(NETWORKS[network][1])
    asked = {"measure": "accuracy", "statistics": "recomputed", "split": "validation"}
    for column, content in asked.items():
        table = table[table[column] == content]
    columns = ["norm", "gain", "lr"]
    wide = table.pivot(index=columns, columns="seed", values="value")
    cells = pd.MultiIndex.from_product([NORMS, GAINS, RATES], names=columns)
    return wide.loc[cells]  # the experiment has a few cells beside the map


def packed() -> dict[str, Any]:
    """Return the recorded runs as the module reads them.

    Accuracies in thousandths: k, rate, seed; loss curves in thousandths of a nat, the
    mean over seeds: k, rate, block of updates, null where no seed has a loss.
    """
    arms = {}
    for network in NETWORKS:
        found, curves = accuracy(network), _curves(network)
        for norm in NORMS:
            arms[f"{network}/{norm}"] = {
                "accuracy": [
                    [_thousandths(found.loc[norm, k, r]) for r in RATES] for k in GAINS
                ],
                "curves": [[curves[norm, k, r] for r in RATES] for k in GAINS],
            }
    return {"rates": list(RATES), "gains": list(GAINS), "arms": arms}


def _curves(network: str) -> dict[tuple, list[int | None]]:
    losses: dict[tuple, list[np.ndarray]] = {}
    for run, arrays in recordings(NETWORKS[network][1]):
        losses.setdefault((run.norm, run.gain, run.lr), []).append(arrays["loss/mean"])
    return {cell: _mean(np.array(curves)) for cell, curves in losses.items()}


def _mean(curves: np.ndarray) -> list[int | None]:
    """Return the mean over the seeds that go on, (seeds, T) -> T."""
    alive = np.isfinite(curves)
    total = np.where(alive, curves, 0).sum(0)
    means = total / np.maximum(alive.sum(0), 1)
    return [
        round(1000 * min(float(mean), 1e4)) if any_ else None
        for mean, any_ in zip(means, alive.any(0), strict=True)
    ]


def _thousandths(values: pd.Series) -> list[int]:
    return np.round(1000 * values).astype(int).tolist()
