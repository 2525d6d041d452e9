"""Figures of the chapter on PyTorch's layer."""

import numpy as np
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, WIDE, label, new_figure, spread


def gap_against_step(gaps: dict[str, np.ndarray], colors: dict[str, str]) -> Figure:
    """Draw differences of a loss (steps,) on a log axis; zeros leave a gap."""
    figure, ax = new_figure(WIDE)
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


def throughput_bars(bars: dict[str, tuple[float, str]]) -> Figure:
    """Draw examples per second, relative to the first bar; name -> (ratio, colour)."""
    figure, ax = new_figure((6.8, 0.7 + 0.42 * len(bars)))
    for row, (ratio, color) in enumerate(bars.values()):
        ax.barh(-row, ratio, color=color, height=0.6)
        label(ax, ratio, -row, f"{ratio:.2f}", COLORS["data"])
    ax.set_yticks(-np.arange(len(bars)), list(bars))
    first = next(iter(bars))
    ax.set(xlabel=f"examples per second, {first} = 1 (ratio)")
    ax.set_xlim(0, 1.15 * max(ratio for ratio, _ in bars.values()))
    ax.grid(axis="y", visible=False)
    return figure
