"""Figures of the chapter on schedules and of the pages below it."""

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from normlab.figures.style import COLORS, label, new_figure, spread

GREY = COLORS["theory"]
DASHES = {"original": "-", "multistep": (0, (5, 2)), "short_step": (0, (1, 1.5))}
SHOWN = (10, 30, 50, 70, 75, 80, 85, 88, 90)  # accuracies, in per cent
UPDATES = "updates (one for 100 of the post’s)"
# Updates (T,); mean, lowest and highest seed (3, T); a key of DASHES; a colour.
Line = tuple[np.ndarray, np.ndarray, str, str]
# Mean, low and high end of its interval; each seed's (seeds,); all in points.
Difference = tuple[tuple[float, float, float], np.ndarray]


def accuracy_curves(
    panels: Mapping[str, Mapping[str, Line]],
    quantity: str = "validation accuracy (%)",
    level: tuple[float, float] | None = None,
) -> Figure:
    """Draw accuracy against updates, with an axis on which the error is logarithmic.

    Args:
        panels: title -> label -> line, accuracies 0 to 1.
        quantity: what the vertical axis says; in per cent.
        level: (updates, accuracy) of a point that the lines of the first panel are
            compared with: a dashed line leads to it from both axes.
    """
    figure, axes = new_figure((6.8, 3.6), columns=len(panels))
    axes = np.atleast_1d(axes)
    for ax, (title, lines) in zip(axes, panels.items(), strict=True):
        for name, (steps, band, schedule, color) in lines.items():
            mean, low, high = 100 * (1 - np.asarray(band))
            ax.fill_between(steps, low, high, color=color, alpha=0.15, linewidth=0)
            style = {"color": color, "linestyle": DASHES[schedule]}
            ax.plot(steps, mean, label=name, **style)
        ax.set_title(title, fontsize=11)
        ax.set(xlabel=UPDATES, xlim=(0, None), ylabel=quantity)
        _error_axis(ax, [band[0] for _, band, _, _ in lines.values()])
    if level:
        at, error = level[0], 100 * (1 - level[1])
        corner = [0, at, at], [error, error, axes[0].get_ylim()[0]]
        axes[0].plot(*corner, color=GREY, linestyle="--", linewidth=1.2)
    handles, labels = axes[0].get_legend_handles_labels()
    place = {"loc": "outside upper center", "ncols": 2}
    figure.legend(handles, labels, frameon=False, **place)
    return figure


def _error_axis(ax: Axes, means: Iterable[np.ndarray]) -> None:
    errors = 100 * (1 - np.concatenate([*means]))
    worst, best = np.quantile(errors, 0.98), errors.min()
    shown = [t for t in SHOWN if 0.9 * best <= 100 - t <= 1.1 * worst]
    ax.set_yscale("log")
    ax.set_ylim(1.1 * worst, 0.92 * best)
    ax.set_yticks([100 - t for t in shown], [f"{t}" for t in shown])
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.minorticks_off()


def rates_by_update(schedules: Mapping[str, tuple[np.ndarray, str, str]]) -> Figure:
    """Draw learning rates against updates.

    Args:
        schedules: label -> rates by update (T,), a key of ``DASHES``, a colour.
    """
    figure, ax = new_figure((6.8, 2.8))
    ends = []
    for name, (values, schedule, color) in schedules.items():
        ax.plot(values, color=color, linestyle=DASHES[schedule])
        ends.append((np.log10(values[-1]), name, color))
    heights = spread(sorted(height for height, _, _ in ends), 0.4)
    for (_, name, color), height in zip(sorted(ends), heights, strict=True):
        label(ax, len(values), 10**height, name, color)
    ax.set(yscale="log", xlabel=UPDATES, ylabel="learning rate (log scale)")
    ax.set_xlim(0, 1.3 * len(values))
    ax.set_xticks(range(0, len(values) + 1, max(len(values) // 4 // 100 * 100, 1)))
    return figure


def small_or_not(
    panels: Mapping[str, Mapping[str, Difference]], smallest: float, limit: float
) -> Figure:
    """Draw differences with their intervals, and a grey band of those that are small.

    Args:
        panels: title -> row's name -> difference; the same rows.
        smallest: the smallest difference that counts, in points.
        limit: where the axes end, in points; a seed beyond is an arrow at the end.
    """
    rows = max(len(panel) for panel in panels.values())
    figure, axes = new_figure((6.8, 1.1 + 0.5 * rows), len(panels))
    axes = np.atleast_1d(axes)
    for ax, (title, panel) in zip(axes, panels.items(), strict=True):
        ax.axvspan(-smallest, smallest, color=GREY, alpha=0.18, linewidth=0)
        ax.axvline(0, color=GREY, linewidth=1)
        for row, difference in enumerate(panel.values()):
            _difference(ax, -row, *difference, limit)
        ax.set_yticks([])
        ax.set_title(title, fontsize=11)
        ax.set(xlim=(-limit, limit), ylim=(0.45 - rows, 0.4))
        ax.set(xlabel="difference (points)")
        ax.grid(axis="y", visible=False)
    names = list(next(iter(panels.values())))
    axes[0].set_yticks(-np.arange(len(names)), names)
    return figure


def _difference(ax: Axes, row: float, interval, seeds: np.ndarray, limit: float):
    mean, *ends = interval
    color = COLORS["data"]
    ax.plot(ends, [row, row], color=color)
    ax.plot(mean, row, "o", color=color, markersize=5)
    kinds = {"o": abs(seeds) <= limit, ">": seeds > limit, "<": seeds < -limit}
    for marker, which in kinds.items():
        places = np.clip(seeds[which], -0.96 * limit, 0.96 * limit)
        below = np.full(len(places), row - 0.24)
        ax.plot(places, below, marker, color=color, markersize=3, alpha=0.6)


def by_factor(
    lines: Mapping[str, tuple[Mapping[float, np.ndarray], str, str]],
) -> Figure:
    """Draw accuracy against what the printed rates are multiplied by.

    Args:
        lines: label -> (factor -> accuracies (seeds,), a key of ``DASHES``, a colour).
    """
    figure, ax = new_figure((6.8, 3.6))
    factors = sorted({f for values, _, _ in lines.values() for f in values})
    for name, (values, schedule, color) in lines.items():
        known = {f: 100 * np.asarray(values[f]) for f in sorted(values)}
        means = [v.mean() for v in known.values()]
        ax.plot(list(known), means, color=color, linestyle=DASHES[schedule], label=name)
        for f, v in known.items():
            ax.plot(np.full(len(v), f), v, "o", color=color, markersize=3.6, alpha=0.7)
    ax.set(xscale="log", xlabel="factor of the printed rates (log scale)")
    ax.set(ylabel="validation accuracy (%)")
    ax.set_xticks(factors, [f"{f:g}" for f in factors])
    ax.minorticks_off()
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure
