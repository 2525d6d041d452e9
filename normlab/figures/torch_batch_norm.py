"""Figures of the chapter on PyTorch's layer."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from normlab.figures.style import (
    COLORS,
    WIDE,
    label,
    new_figure,
    seed_curves,
    spread,
)

LAYERS = {"by hand": "batch", "built in": "torch_batch"}
OF_GAPS = {
    "by hand, 32 bits": COLORS["batch"],
    "built in, nudged": COLORS["torch_batch"],
    "by hand, 64 bits": COLORS["changed"],
}
KEYS = {"by hand": "hand", "built in": "builtin"}  # of the benchmark


def loss_by_layer(runs: pd.DataFrame) -> Figure:
    """Draw the training loss of "lenet" at the rate 1.0 with each of the two layers.

    Args:
        runs: the table of the experiment "lenet".
    """
    loss = runs.query("measure == 'loss' and split == 'train' and lr == 1.0")
    curves = {name: loss[loss["norm"] == norm] for name, norm in LAYERS.items()}
    colors = {name: COLORS[norm] for name, norm in LAYERS.items()}
    return seed_curves(curves, colors, "training loss (nats)", dashed=["built in"])


def gap_against_step(gaps: dict[str, np.ndarray]) -> Figure:
    """Draw differences of a loss (steps,) on a log axis; zeros leave a gap.

    Args:
        gaps: a name in ``OF_GAPS`` -> the differences.
    """
    figure, ax = new_figure(WIDE)
    colors = OF_GAPS
    for name, gap in gaps.items():
        values = np.where(gap > 0, gap, np.nan)
        ax.plot(values, ".-", color=colors[name], markersize=4)
    ends = sorted((np.log10(gap[gap > 0][-1]), name) for name, gap in gaps.items())
    heights = spread([end for end, _ in ends], gap=1.2)  # decades
    for (_, name), height in zip(ends, heights, strict=True):
        label(ax, len(gap) - 1, 10**height, name, colors[name])
    ax.set(
        yscale="log",
        xlabel="training step",
        ylabel="difference of the loss\n(nats, log scale)",
    )
    ax.set_xlim(-0.5, 1.35 * len(gap))
    ax.set_xticks(range(0, len(gap), 5))
    return figure


def throughput_bars(measured: dict) -> Figure:
    """Draw examples per second of both layers, eager and compiled, as ratios.

    Args:
        measured: what ``make benchmark`` left; PyTorch's layer, eager, is 1.
    """
    speeds = {
        (name, kind): measured[f"examples_per_second_{KEYS[name]}_{kind}"]
        for kind in ("eager", "compiled")
        for name in ("built in", "by hand")
    }
    first = speeds["built in", "eager"]
    figure, ax = new_figure((6.8, 0.7 + 0.42 * len(speeds)))
    for row, ((name, _), speed) in enumerate(speeds.items()):
        ax.barh(-row, speed / first, color=COLORS[LAYERS[name]], height=0.6)
        label(ax, speed / first, -row, f"{speed / first:.2f}", COLORS["data"])
    ax.set_yticks(-np.arange(len(speeds)), [", ".join(which) for which in speeds])
    ax.set(xlabel="examples per second, built in, eager = 1 (ratio)")
    ax.set_xlim(0, 1.15 * max(speeds.values()) / first)
    ax.grid(axis="y", visible=False)
    return figure
