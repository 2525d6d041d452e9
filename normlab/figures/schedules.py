"""Figures of the chapter on schedules and of the pages below it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from normlab.figures.style import COLORS, label, new_figure, spread

GREY = COLORS["theory"]
DASHES = {"original": "-", "multistep": (0, (5, 2)), "short_step": (0, (1, 1.5))}
SHOWN = (10, 30, 50, 70, 75, 80, 85, 88, 90)  # accuracies, in per cent


@dataclass(frozen=True)
class Curve:
    """A line with the range of its seeds.

    Args:
        steps: updates (T,).
        mean: accuracy, 0 to 1 (T,).
        low: the lowest seed's (T,).
        high: the highest seed's (T,).
        color: of the line.
        schedule: a key of ``DASHES``.
    """

    steps: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    color: str
    schedule: str = "original"


def curve_of(steps: np.ndarray, values: np.ndarray, color: str, schedule: str) -> Curve:
    """Return the curve of accuracies by seed (seeds, T)."""
    ends = values.min(0), values.max(0)
    return Curve(steps, values.mean(0), *ends, color, schedule)


def accuracy_curves(
    panels: Mapping[str, Mapping[str, Curve]],
    quantity: str = "validation accuracy (%)",
    level: tuple[float, float] | None = None,
) -> Figure:
    """Draw accuracy against updates, with an axis on which the error is logarithmic.

    Args:
        panels: title -> label -> curve.
        quantity: what the vertical axis says; in per cent.
        level: (updates, accuracy) of a point that the curves of the first panel are
            compared with: a dashed line leads to it from both axes.
    """
    figure, axes = new_figure((6.8, 3.6), columns=len(panels))
    axes = np.atleast_1d(axes)
    for ax, (title, lines) in zip(axes, panels.items(), strict=True):
        for name, curve in lines.items():
            _curve(ax, curve, name)
        ax.set_title(title, fontsize=11)
        ax.set(xlabel="updates", xlim=(0, None))
        _error_axis(ax, lines.values())
    if level:
        at, accuracy = level
        error = 100 * (1 - accuracy)
        bottom = axes[0].get_ylim()[0]
        corner = ([0, at, at], [error, error, bottom])
        axes[0].plot(*corner, color=GREY, linestyle="--", linewidth=1.2)
    axes[0].set_ylabel(quantity)
    handles, labels = axes[0].get_legend_handles_labels()
    columns = 2 if len(labels) > 2 else len(labels)
    place = {"loc": "outside upper center", "ncols": columns}
    figure.legend(handles, labels, frameon=False, **place)
    return figure


def _curve(ax: Axes, curve: Curve, name: str) -> None:
    low, mean, high = (100 * (1 - v) for v in (curve.low, curve.mean, curve.high))
    ax.fill_between(curve.steps, low, high, color=curve.color, alpha=0.15, linewidth=0)
    style = {"color": curve.color, "linestyle": DASHES[curve.schedule]}
    ax.plot(curve.steps, mean, label=name, **style)


def _error_axis(ax: Axes, curves) -> None:
    errors = np.concatenate([100 * (1 - curve.mean) for curve in curves])
    ends = np.nanquantile(errors, 0.98), errors.min()
    shown = [t for t in SHOWN if 0.9 * ends[1] <= 100 - t <= 1.1 * ends[0]]
    ax.set_yscale("log")
    ax.set_ylim(1.1 * ends[0], 0.92 * ends[1])
    ax.set_yticks([100 - t for t in shown], [f"{t}" for t in shown])
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.minorticks_off()


def rates(schedules: Mapping[str, tuple[np.ndarray, str, str]]) -> Figure:
    """Draw learning rates against updates.

    Args:
        schedules: label -> rates by update (T,), a key of ``DASHES``, a colour.
    """
    figure, ax = new_figure((6.8, 2.8))
    ends = []
    for name, (values, schedule, color) in schedules.items():
        ax.plot(values, color=color, linestyle=DASHES[schedule])
        ends.append((np.log10(values[-1]), name, color))
    ends.sort()
    heights = spread([height for height, _, _ in ends], 0.28)
    for (_, name, color), height in zip(ends, heights, strict=True):
        label(ax, len(values), 10**height, name, color)
    ax.set(yscale="log", xlabel="updates", ylabel="learning rate (log scale)")
    ax.set_xlim(0, 1.35 * len(values))
    return figure


def differences(rows: Mapping[str, tuple[float, float, float]], d: float) -> Figure:
    """Draw intervals of differences in points, and a grey band of those that are small.

    Args:
        rows: label -> (mean, low, high), shares.
        d: the smallest difference that counts, a share.
    """
    figure, ax = new_figure((6.8, 0.7 + 0.42 * len(rows)))
    ax.axvspan(-100 * d, 100 * d, color=GREY, alpha=0.18, linewidth=0)
    ax.axvline(0, color=GREY, linewidth=1)
    for place, (mean, low, high) in enumerate(rows.values()):
        ax.plot([100 * low, 100 * high], [place, place], color=COLORS["data"])
        ax.plot(100 * mean, place, "o", color=COLORS["data"])
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlabel="difference in test accuracy (points)")
    ax.grid(axis="y", visible=False)
    return figure


def by_factor(
    lines: Mapping[str, tuple[Mapping[float, np.ndarray], str, str]],
) -> Figure:
    """Draw accuracy against what the printed rates are multiplied by.

    Args:
        lines: label -> (accuracies, a key of ``DASHES``, a colour).
    """
    figure, ax = new_figure((6.8, 3.4))
    factors = sorted({f for values, _, _ in lines.values() for f in values})
    for name, (values, schedule, color) in lines.items():
        known = {f: 100 * np.asarray(v) for f, v in sorted(values.items())}
        means = [v.mean() for v in known.values()]
        ax.plot(list(known), means, color=color, linestyle=DASHES[schedule], label=name)
        for f, v in known.items():
            ax.plot(np.full(len(v), f), v, "o", color=color, markersize=3.6, alpha=0.7)
    ax.set(xscale="log", xlabel="printed rates times (log scale)")
    ax.set_ylabel("validation accuracy (%)")
    ax.set_xticks(factors, [f"{f:g}" for f in factors])
    ax.minorticks_off()
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure
