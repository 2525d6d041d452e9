"""Figures of the chapter on why the layer works."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, label, new_figure, plain_ticks, seed_band

GREY = COLORS["theory"]
DEGREES = 180 / np.pi
Dots = Mapping[str, tuple[np.ndarray, np.ndarray, str]]  # name -> x, y, colour
Lines = Mapping[str, tuple[Sequence[tuple[np.ndarray, np.ndarray]], str]]


def three_tests(shifts: Dots, changes: Lines, angles: Dots) -> Figure:
    """Draw a panel an idea: shift, smoothness, scale.

    Args:
        shifts: by how much inputs shift, and the training loss, one a run.
        changes: training losses on the way, and by how much the gradient changes
            along a step there, a line a run.
        angles: angle of an update as predicted and as measured, radians, one a run.
    """
    figure, axes = new_figure((6.8, 3.7), columns=3)
    _shifts(axes[0], shifts)
    _changes(axes[1], changes)
    _angles(axes[2], angles)
    for ax, title in zip(axes, ("shift", "smoothness", "scale"), strict=True):
        ax.set_title(title, fontsize=11)
    return figure


def _shifts(ax: Axes, dots: Dots) -> None:
    for i, (name, (x, y, color)) in enumerate(dots.items()):
        ax.plot(x, y, "o", color=color, markersize=4)
        # The first, without the layer, has others close to its right.
        end, aside, side = (x.max(), 6, "left") if i else (x.min(), -6, "right")
        ax.annotate(
            name,
            (end, y.mean()),
            xytext=(aside, 0),
            textcoords="offset points",
            color=color,
            ha=side,
            va="center",
            fontsize=9,
        )
    ax.set(xscale="log", xlabel="shift of inputs\n(deviations, log scale)")
    ax.set_ylabel("training loss (nats)")
    top = max(y.max() for _, y, _ in dots.values())
    ax.set_ylim(0, 1.25 * top)
    ax.margins(x=0.25)
    plain_ticks(ax, "x")


def _changes(ax: Axes, lines: Lines) -> None:
    for name, (runs, color) in lines.items():
        for loss, change in runs:
            order = np.argsort(loss)
            ax.plot(loss[order], change[order], color=color, linewidth=1.1, label=name)
            name = None
    ax.set(xscale="log", yscale="log", xlabel="training loss\n(nats, log scale)")
    ax.set_ylabel("change of the gradient\n(share of it, log scale)")
    ax.invert_xaxis()
    ax.legend(fontsize=9, loc="best")
    for which in "xy":
        plain_ticks(ax, which)


def _angles(ax: Axes, dots: Dots) -> None:
    for name, (x, y, color) in dots.items():
        ax.plot(DEGREES * x, DEGREES * y, "o", color=color, markersize=4)
        at = DEGREES * x.mean(), DEGREES * y.mean()
        label(ax, *at, name, color, fontsize=9)
    high = 1.25 * DEGREES * max(max(x.max(), y.max()) for x, y, _ in dots.values())
    ax.plot([0, high], [0, high], "--", color=GREY, linewidth=1.2)
    ax.set(xlim=(0, 1.5 * high), ylim=(0, high))
    ax.set(xlabel="angle of an update,\npredicted (degrees)")
    ax.set_ylabel("measured (degrees)")


def norms_and_angles(
    runs: Mapping[str, tuple[np.ndarray, np.ndarray, float | None, str]],
    steps: np.ndarray,
) -> Figure:
    """Draw how long weights are, and by which angle an update turns them.

    Args:
        runs: name -> lengths over those at first, and angles in radians, both
            (seeds, T); the angle of theory, or None; the colour.
        steps: updates, (T,).
    """
    figure, axes = new_figure((6.8, 3.6), columns=2)
    for name, (norms, angles, theory, color) in runs.items():
        seed_band(axes[0], steps, norms, color, label=name)
        seed_band(axes[1], steps, DEGREES * angles, color)
        if theory:
            line = {"color": color, "linestyle": "--", "linewidth": 1.2}
            axes[1].axhline(DEGREES * theory, **line)
    axes[0].set(yscale="log", ylabel="length over first (log scale)")
    axes[1].set(yscale="log", ylabel="angle (degrees, log scale)")
    for ax in axes:
        ax.set(xlabel="updates")
        plain_ticks(ax, "y")
    figure.legend(loc="outside upper center", ncols=2, fontsize=10)
    return figure


def angles_by_momentum(
    measured: Mapping[str, tuple[Mapping[float, float], str, str]], unit: float
) -> Figure:
    """Draw the angle of an update against momentum, over what it is without.

    Args:
        measured: name -> (momentum -> angle, colour, marker).
        unit: the angle that theory gives without momentum.
    """
    figure, ax = new_figure((6.8, 3.2))
    looks = {"o": {"markersize": 10, "fillstyle": "none"}, "s": {"markersize": 5}}
    for name, (angles, color, marker) in measured.items():
        values = np.array(list(angles.values())) / unit
        ax.plot(list(angles), values, marker, color=color, label=name, **looks[marker])
    momenta = np.linspace(0, 0.97, 200)
    ax.plot(momenta, (1 + momenta) ** -0.5, "--", color=GREY, label="1 / √(1 + m)")
    ax.plot(momenta, (1 - momenta) ** -0.5, ":", color=GREY, label="1 / √(1 − m)")
    ax.set(ylim=(0, 2.2), xlabel="momentum m")
    ax.set_ylabel("angle of an update\nover √(2 rate × decay)")
    ax.legend(fontsize=10, loc="upper left")
    return figure


def losses_along(
    factors: np.ndarray, networks: Mapping[str, tuple[Sequence[float], float]]
) -> Figure:
    """Draw the training loss along a step; dashed, what the slope promises.

    Args:
        factors: lengths of steps, in learning rates, from 0.
        networks: "none" and "batch" -> the losses, and what one rate promises.
    """
    figure, ax = new_figure((6.8, 3.4))
    names = {"none": "no layer", "batch": "layer"}
    for name, (losses, slope) in networks.items():
        color = COLORS[name]
        ax.plot(factors, losses, color=color, label=names[name])
        promised = losses[0] - slope * factors
        ax.plot(factors, promised, "--", color=color, linewidth=1.2)
    top = 1.6 * max(losses[0] for losses, _ in networks.values())
    ax.set(ylim=(0, top), ylabel="training loss (nats)")
    ax.set_xlabel("length of the step (rates); dashed, what the slope promises")
    ax.legend(loc="upper left")
    return figure
