"""Figures of the chapter on learning rates and first weights."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from normlab.figures.style import COLORS, label, new_figure, seed_band

GREY = COLORS["theory"]
ARMS = {"none": ("without", COLORS["none"]), "torch_batch": ("with", COLORS["batch"])}
SHOWN = (10, 30, 50, 60, 70, 80, 85, 90)  # accuracies, in per cent
LEARNS = 0.15  # accuracy that is no chance among ten classes
Tables = Mapping[str, pd.DataFrame]  # key of ARMS -> accuracy: a row a seed


def rate_maps(maps: Mapping[str, Tables]) -> Figure:
    """Draw accuracy over rate and k: a row a network, without and with the layer.

    Args:
        maps: network -> key of ``ARMS`` -> mean accuracy, a row a k, a column a rate.
    """
    figure, axes = new_figure((7.2, 5.6), columns=2, rows=len(maps), squeeze=False)
    for row, (network, tables) in zip(axes, maps.items(), strict=True):
        for ax, (arm, table) in zip(row, tables.items(), strict=True):
            said, color = ARMS[arm]
            _map(ax, table, color)
            ax.set_title(f"{network}, {said} the layer", fontsize=11)
            ax.set(xlabel="learning rate (log scale)", ylabel="k (log scale)")
    return figure


def _map(ax: Axes, table: pd.DataFrame, color: str) -> None:
    shades = LinearSegmentedColormap.from_list("accuracy", ["#FFFFFF", color])
    per_cent = 100 * table.to_numpy()
    ax.imshow(per_cent, cmap=shades, vmin=0, vmax=100, origin="lower", aspect="auto")
    for (i, j), value in np.ndenumerate(per_cent):
        dark = value > 55
        words = {"ha": "center", "va": "center", "fontsize": 8}
        ax.text(j, i, f"{value:.0f}", color="white" if dark else "#333333", **words)
    ax.set_xticks(range(table.shape[1]), [f"{rate:g}" for rate in table.columns])
    ax.set_yticks(range(table.shape[0]), [f"{k:g}" for k in table.index])
    ax.grid(visible=False)


def accuracy_by_rate(
    panels: Mapping[str, Tables], largest: Mapping[str, Mapping[str, float]]
) -> Figure:
    """Draw accuracy against the rate: a dot a seed, a line for the mean.

    Args:
        panels: network -> key of ``ARMS`` -> accuracy, a row a seed, a column a rate.
        largest: network -> key of ``ARMS`` -> the rate to mark by an upright line.
    """
    figure, axes = new_figure((6.8, 3.6), columns=len(panels), squeeze=False)
    for ax, (network, tables) in zip(axes[0], panels.items(), strict=True):
        for arm, table in tables.items():
            name, color = ARMS[arm]
            _dots_and_mean(ax, table, color, name)
            ax.axvline(
                largest[network][arm], color=color, linestyle="--", linewidth=1.2
            )
        ax.set_title(network, fontsize=11)
        ax.set(xscale="log", xlabel="learning rate (log scale)")
        tried = {rate for table in tables.values() for rate in table.columns}
        marks = (0.1, 0.3, 1.0, 3.0, 10.0)
        _plain(ax, [m for m in marks if min(tried) <= m <= max(tried)])
        _error_axis(ax)
    axes[0][0].set_ylabel("validation accuracy (%)")
    _legend(figure, axes[0][0])
    return figure


def accuracy_by_gain(tables: Tables, rates: Mapping[str, Mapping[float, float]]):
    """Draw accuracy against k, and beside it the rate that suits each k.

    Args:
        tables: key of ``ARMS`` -> accuracy, a row a seed, a column a k.
        rates: key of ``ARMS`` -> k -> rate. Where accuracy is no better than chance
            its point is hollow, and no line leads to it.
    """
    figure, (left, right) = new_figure((6.8, 3.6), columns=2)
    for arm, table in tables.items():
        name, color = ARMS[arm]
        _dots_and_mean(left, table, color, name)
        _rates_of_gain(right, table, rates[arm], color)
    _error_axis(left)
    left.set(xscale="log", xlabel="k (log scale)", ylabel="test accuracy (%)")
    gains = np.array(sorted(rates["torch_batch"]))
    through = rates["torch_batch"][1.0]
    right.plot(gains, through * gains**2, color=GREY, linestyle="--")
    label(right, 0.1, through * 0.01, "∝ k²", GREY, xytext=(8, -6))
    right.set(xscale="log", yscale="log", xlabel="k (log scale)")
    for ax in (left, right):
        _plain(ax, (0.1, 1.0, 10.0))
    right.set_ylabel("best rate (log scale)")
    right.set_ylim(3e-4, 3e2)
    _legend(figure, left)
    return figure


def _rates_of_gain(
    ax: Axes, table: pd.DataFrame, rates: Mapping[float, float], color: str
) -> None:
    """Draw the best rate of each k, hollow where it is the best of chances."""
    learns = (table.mean() > LEARNS).to_numpy()
    gains, found = np.array(list(rates)), np.array(list(rates.values()))
    ax.plot(gains[learns], found[learns], "o-", color=color)
    ax.plot(gains[~learns], found[~learns], "o", color=color, fillstyle="none")


def accuracy_by_updates(
    curves: Mapping[str, tuple[pd.DataFrame, str, str]], target: float
) -> Figure:
    """Draw accuracy against the number of updates: a band a line, and the target.

    Args:
        curves: name -> (accuracy, a row a seed, a column a step; colour; line style).
        target: accuracy 0 to 1, the mean over seeds.
    """
    figure, ax = new_figure((6.8, 3.8))
    for name, (table, color, style) in curves.items():
        error = 100 * (1 - table)
        seed_band(ax, table.columns, error, color, linestyle=style, label=name)
    ax.axhline(100 * (1 - target), color=GREY, linestyle="--", linewidth=1.2)
    ax.set(xscale="log", xlabel="updates (log scale)")
    ax.set_ylabel("validation accuracy (%)")
    label(ax, 100, 100 * (1 - target), "target", GREY, xytext=(0, 7))
    steps = (100, 200, 500, 1000, 2000)
    ax.set_xticks(steps, [f"{step:,}" for step in steps])
    _error_axis(ax)
    ax.legend(loc="lower right", fontsize=10)
    return figure


def weights_grow(lines: Mapping[float, tuple[Sequence[float], str]]) -> Figure:
    """Draw how the squared length of weights grows in a training, a line a rate.

    Args:
        lines: rate -> (squared length over that at the start, by updates; colour).
    """
    figure, ax = new_figure((6.8, 3.0))
    for rate, (lengths, color) in lines.items():
        ax.plot(lengths, color=color)
        label(ax, len(lengths) - 1, lengths[-1], f"rate {rate:g}", color)
    ax.set(yscale="log", xlabel="step", xlim=(0, 1.2 * len(lengths)))
    ax.set_ylabel("‖W‖² (times the first)")
    ax.set_yticks([1, 2, 5, 10], ["1", "2", "5", "10"])
    ax.minorticks_off()
    return figure


def _dots_and_mean(ax: Axes, table: pd.DataFrame, color: str, name: str) -> None:
    """Draw errors in per cent: a dot a seed, a line through the means."""
    error = 100 * (1 - table)
    ax.plot(table.columns, error.mean(), color=color, label=name)
    for _, values in error.iterrows():
        ax.plot(table.columns, values, "o", color=color, markersize=3, alpha=0.6)


def _error_axis(ax: Axes) -> None:
    """Let a logarithmic axis of errors say accuracy, the best on top."""
    ax.set_yscale("log")
    low, high = sorted(ax.get_ylim())
    ax.set_ylim(min(high, 95), low)
    kept = [s for s in SHOWN if low <= 100 - s <= 95]
    ax.set_yticks([100 - s for s in kept], [f"{s}" for s in kept])
    ax.minorticks_off()


def _plain(ax: Axes, marks: Sequence[float]) -> None:
    """Mark these places along the bottom, in plain numbers."""
    ax.set_xticks(marks, [f"{mark:g}" for mark in marks])
    ax.xaxis.set_minor_locator(NullLocator())


def _legend(figure: Figure, ax: Axes) -> None:
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
