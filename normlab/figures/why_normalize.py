"""Figures of the chapter on normalizing inputs."""

import numpy as np
from matplotlib.figure import Figure

from normlab.figures.style import (
    COLORS,
    SQUARE_PAIR,
    WIDE,
    label,
    new_figure,
    spread_both_ways,
)


def two_valleys(
    valleys: dict[str, tuple],
    names: tuple[str, str] = ("weight of pixel A", "weight of pixel B"),
) -> Figure:
    """Draw quadratic losses as contours, with the path of gradient descent.

    Args:
        valleys: title -> (hessian (2, 2), minimum (2,), path (steps, 2), color),
            in the units of the weights.
        names: of the two weights.
    """
    figure, axes = new_figure(SQUARE_PAIR, columns=len(valleys))
    for ax, (title, (hessian, minimum, path, color)) in zip(
        axes, valleys.items(), strict=True
    ):
        reach = 1.25 * np.abs(path - minimum).max()
        span = np.linspace(-reach, reach, 121)
        dx, dy = np.meshgrid(span, span)
        excess = 0.5 * (
            hessian[0, 0] * dx**2 + 2 * hessian[0, 1] * dx * dy + hessian[1, 1] * dy**2
        )
        levels = excess.max() * np.geomspace(1e-4, 1, 9)
        ax.contour(
            span + minimum[0],
            span + minimum[1],
            excess,
            levels,
            colors="#999999",
            linewidths=0.7,
        )
        ax.plot(*path.T, ".-", color=color, markersize=4, linewidth=1)
        ax.plot(*minimum, "+", color="black", markersize=10)
        ax.set(title=title, aspect="equal", xlabel=names[0], ylabel=names[1])
        ax.grid(False)
    return figure


def loss_against_step(losses: dict[str, np.ndarray], colors: dict[str, str]) -> Figure:
    """Draw the excess loss of several descents, each (steps,), on a log axis."""
    figure, ax = new_figure(WIDE)
    for name, values in losses.items():
        ax.plot(values, color=colors[name])
        label(ax, len(values) - 1, values[-1], name, colors[name])
    ax.set(
        yscale="log",
        xlabel="step of gradient descent",
        ylabel="loss above the minimum\n(squared error, log scale)",
    )
    ax.set_xlim(0, 1.25 * max(map(len, losses.values())))
    return figure


def cosine_histograms(cosines: dict[str, np.ndarray], colors: dict[str, str]) -> Figure:
    """Draw the distributions of cosines of random pairs, one outline a name."""
    figure, ax = new_figure(WIDE)
    bins = np.linspace(-1, 1, 61)
    for name, values in cosines.items():
        share, _ = np.histogram(values, bins, weights=np.full(len(values), 100))
        share = share / len(values)
        ax.stairs(share, bins, color=colors[name], linewidth=1.8)
        peak = share.argmax()
        label(ax, bins[peak], share[peak], name, colors[name], xytext=(6, 6))
    ax.axvline(0, color=COLORS["theory"], linestyle="--", linewidth=1)
    ax.set(xlabel="cosine of the angle between two images", ylabel="share of pairs (%)")
    ax.margins(y=0.15)
    return figure


def depth_profile(sizes: dict[str, np.ndarray], colors: dict[str, str]) -> Figure:
    """Draw the size of activations against depth; each value is (seeds, layers)."""
    figure, ax = new_figure((6.8, 3.4))
    ends = []
    for name, values in sizes.items():
        layer = np.arange(values.shape[1])
        band = values.min(0), values.max(0)
        ax.fill_between(layer, *band, color=colors[name], alpha=0.2)
        middle = np.exp(np.log(values).mean(0))
        ax.plot(layer, middle, color=colors[name])
        ends.append((np.log10(middle[-1]), name))
    heights = spread_both_ways([end for end, _ in sorted(ends)], gap=1.1)  # decades
    for (_, name), height in zip(sorted(ends), heights, strict=True):
        label(ax, layer[-1], 10**height, name, colors[name])
    ax.set(
        yscale="log",
        xlabel="layer (0 is the input)",
        ylabel="root mean square of values\n(dimensionless, log scale)",
    )
    ax.set_xlim(0, 1.32 * layer[-1])
    ax.set_xticks(layer[::5])
    return figure
