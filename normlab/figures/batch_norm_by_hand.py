"""Figures of the chapter on the layer itself."""

import numpy as np
from matplotlib.figure import Figure

from normlab.figures.style import (
    COLORS,
    WIDE,
    label,
    new_figure,
    spread_both_ways,
)


def five_numbers(stages: dict[str, np.ndarray]) -> Figure:
    """Draw the same few numbers, a row a stage, thin lines joining each with itself.

    Args:
        stages: name -> values (n,), from top to bottom.
    """
    figure, ax = new_figure((6.8, 2.9))
    heights = -np.arange(len(stages), dtype=float)
    values = np.stack(list(stages.values()))  # (stages, n)
    ax.plot(values, heights, color="#BBBBBB", linewidth=0.9, zorder=1)
    colors = [COLORS["none"], COLORS["batch"], COLORS["changed"]]
    for height, row, color in zip(heights, values, colors, strict=False):
        ax.scatter(row, np.full(row.shape, height), color=color, s=45, zorder=2)
        ax.plot(row.mean(), height - 0.17, marker="^", color=color, markersize=7)
    ax.set_yticks(heights, list(stages))
    ax.axvline(0, color=COLORS["theory"], linestyle="--", linewidth=1)
    ax.set(xlabel="value (dimensionless); the triangle is the mean")
    ax.set_ylim(heights[-1] - 0.5, 0.4)
    ax.grid(axis="y", visible=False)
    return figure


def map_shapes(before: np.ndarray, after: np.ndarray) -> Figure:
    """Draw histograms of a channel's values (n,) before and after the layer."""
    figure, axes = new_figure(WIDE, columns=2, sharey=True)
    for ax, values, name, color in zip(
        axes,
        (before, after),
        ("before", "after"),
        (COLORS["none"], COLORS["batch"]),
        strict=True,
    ):
        edges = np.linspace(*np.quantile(values, [0.001, 0.999]), 51)
        counts, _ = np.histogram(values, edges)
        ax.stairs(100 * counts / len(values), edges, color=color, fill=True, alpha=0.6)
        ax.set(xlabel=f"value {name} the layer (dimensionless)")
    axes[0].set_ylabel("share of values (%)")
    return figure


def running_estimates(runs: dict[str, np.ndarray], truth: float, unit: str) -> Figure:
    """Draw running averages (steps,) against the number of batches seen."""
    figure, ax = new_figure(WIDE)
    palette = (COLORS["changed"], COLORS["evaluation"], COLORS["other"])
    ends = []
    for (name, values), color in zip(runs.items(), palette, strict=False):
        ax.plot(values, color=color, linewidth=1.4)
        ends.append((values[-1], name, color))
    low, high = ax.get_ylim()
    heights = spread_both_ways([end for end, _, _ in sorted(ends)], (high - low) / 11)
    for (_, name, color), height in zip(sorted(ends), heights, strict=True):
        label(ax, len(values) - 1, height, name, color)
    last = len(values) - 1
    ax.plot([0, last], [truth] * 2, color=COLORS["theory"], linestyle="--", linewidth=1)
    ax.set(xlabel="batches seen", ylabel=unit)
    ax.set_xlim(0, 1.28 * last)
    ax.set_xticks(np.linspace(0, last, 7).round())
    return figure
