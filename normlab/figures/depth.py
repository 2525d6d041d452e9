"""Figures of the chapter on depth."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, new_figure, seed_band

GREY = COLORS["theory"]
CHANCE = 10  # per cent, of ten classes
DOTTED = 30  # the most layers that are marked one by one
# Depth -> accuracies, 0 to 1, one a seed; the colour; the line's style.
Line = tuple[Mapping[int, np.ndarray], str, str]
Sizes = tuple[np.ndarray, np.ndarray]  # of the signal, of the gradient, by layer


def accuracy_by_depth(lines: Mapping[str, Line]) -> Figure:
    """Draw accuracy against depth: a dot a seed, a line for the mean.

    Args:
        lines: what the legend says -> line.
    """
    figure, ax = new_figure((6.8, 3.9))
    for name, (values, color, style) in lines.items():
        means = [100 * np.mean(found) for found in values.values()]
        ax.plot(list(values), means, style, color=color, label=name)
        for depth, found in values.items():
            at = np.full(len(found), depth), 100 * np.asarray(found)
            ax.plot(*at, "o", color=color, markersize=3.6, alpha=0.7)
    ax.axhline(CHANCE, color=GREY, linestyle="--", linewidth=1.2, label="guessing")
    ax.set(xlabel="layers with weights", ylabel="test accuracy (%)", ylim=(0, 100))
    ax.set_xticks(sorted({depth for values, *_ in lines.values() for depth in values}))
    figure.legend(loc="outside upper center", ncols=2, fontsize=10)
    return figure


def signal_and_gradient(
    networks: Mapping[str, Sizes],
    colors: Mapping[str, str],
    expected: np.ndarray | None = None,
) -> Figure:
    """Draw the size of signal and gradient by layer, on logarithmic axes.

    Args:
        networks: name -> sizes of the signal behind each hidden layer, and of the
            gradient of each layer's weights, from layer 1.
        colors: name -> colour.
        expected: sizes of the signal by theory, likewise, drawn dashed.
    """
    figure, axes = new_figure((6.8, 3.4), columns=2)
    for name, sizes in networks.items():
        for ax, values in zip(axes, sizes, strict=True):
            layers = np.arange(1, len(values) + 1)
            kind = "o-" if len(values) <= DOTTED else "-"
            ax.plot(layers, values, kind, color=colors[name], markersize=4, label=name)
    if expected is not None:
        layers = np.arange(1, len(expected) + 1)
        axes[0].plot(layers, expected, "--", color=GREY, label="expected")
    for ax, what in zip(axes, ("signal", "gradient of the weights"), strict=True):
        ax.set(yscale="log", xlabel="layer", ylabel=f"{what}\n(root mean square, log)")
        low, high = ax.get_ylim()
        ax.set_ylim(min(low, 0.01), max(high, 10))  # what stays level looks level
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def curves_of_three(
    panels: Mapping[str, Mapping[str, np.ndarray]], colors: Mapping[str, str]
) -> Figure:
    """Draw measures against the epoch: mean over seeds, band from lowest to highest.

    Args:
        panels: what the vertical axis says -> name -> values (seeds, epochs).
        colors: name -> colour.
    """
    figure, axes = new_figure((6.8, 3.4), columns=len(panels))
    for ax, (quantity, lines) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        _bands(ax, lines, colors)
        ax.set(xlabel="epoch", ylabel=quantity)
    handles, labels = np.atleast_1d(axes)[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def _bands(ax: Axes, lines: Mapping[str, np.ndarray], colors) -> None:
    for name, values in lines.items():
        epochs = np.arange(1, values.shape[1] + 1)
        seed_band(ax, epochs, values, colors[name], label=name)
