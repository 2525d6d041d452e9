"""Figures of recorded trainings."""

from collections.abc import Collection

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from normlab.figures.style import (
    COLORS,
    WIDE,
    dots_over_rates,
    label,
    new_figure,
    seed_band,
    spread,
)


def seed_curves(
    lines: dict[str, pd.DataFrame],
    colors: dict[str, str],
    quantity: str,
    dashed: Collection[str] = (),
) -> Figure:
    """Draw a measure against the epoch: mean over seeds, band from min to max.

    Args:
        lines: label -> rows with columns seed, epoch, value.
        colors: label -> colour.
        quantity: what the vertical axis says, unit included.
        dashed: labels whose lines are dashed, to show what lies beneath.
    """
    figure, ax = new_figure(WIDE)
    scale = 100 if "%" in quantity else 1
    ends = []
    for name, rows in lines.items():
        wide = scale * rows.pivot(index="seed", columns="epoch", values="value")
        kind = (0, (3, 3)) if name in dashed else "-"
        seed_band(ax, wide.columns, wide, colors[name], linestyle=kind)
        ends.append((wide.mean().iloc[-1], name))
    low, high = ax.get_ylim()
    heights = spread([y for y, _ in sorted(ends)], (high - low) / 11)
    for (_, name), y in zip(sorted(ends), heights, strict=True):
        label(ax, wide.columns[-1], y, name, colors[name])
    ax.set(xlabel="epoch", ylabel=quantity, ylim=(low, high))
    ax.set_xlim(wide.columns[0], 1.42 * wide.columns[-1])
    ax.set_xticks(wide.columns)
    return figure


def compare_rates(rows: pd.DataFrame, names: dict[str, tuple[str, str]]) -> Figure:
    """Draw validation accuracy after the last epoch against the learning rate.

    Args:
        rows: columns norm, lr, seed, value (accuracy, 0 to 1).
        names: norm -> (label, colour).
    """
    figure, ax = new_figure(WIDE)
    rates = dots_over_rates(ax, rows.assign(value=100 * rows["value"]), "norm", names)
    ax.set(ylabel="validation accuracy after\n10 epochs (%)")
    ax.set_xlim(0.9 * rates[0], 3 * rates[-1])
    return figure


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
