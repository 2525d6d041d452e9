"""Figures of the chapter on the gradient."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Polygon

from normlab.figures.style import (
    COLORS,
    label,
    new_figure,
)

# One colour per way from the input to the loss, in every figure of the chapter.
DIRECT, MEAN, VARIANCE = COLORS["data"], COLORS["mean"], COLORS["variance"]
ALL, GREY = COLORS["batch"], COLORS["theory"]


def gradient_projection(x_hat: np.ndarray, gradient: np.ndarray) -> Figure:
    """Draw a gradient in R^3 and what is left of it off the plane of 1 and x_hat.

    An orthographic view: the plane is seen from a little above, so that the line
    across it stands upright on the page.

    Args:
        x_hat: three normalized values, mean 0 (3,).
        gradient: three numbers, the incoming gradient (3,).
    """
    one, along = np.ones(3) / np.sqrt(3), x_hat / np.linalg.norm(x_hat)
    across = np.cross(one, along)
    across *= np.sign(across @ gradient)  # up is where the gradient points
    view = np.stack([one, along, across], 1).dot(_camera(turn=50, lift=24))  # (3, 2)
    left = (across @ gradient) * across
    without_mean = gradient - (one @ gradient) * one
    reach, zero = np.linalg.norm(gradient), np.zeros(3)

    figure, ax = _diagram((6.8, 4.0))
    corners = [a * one + b * along for a, b in ((-1, -1), (1.1, -1), (1.1, 1), (-1, 1))]
    plane = 0.75 * reach * np.stack(corners) @ view
    ax.add_patch(Polygon(plane, facecolor="#F0F0F0", edgecolor="#BBBBBB"))
    line = np.stack([-0.4 * reach * across, 1.2 * left])
    ax.plot(*(line @ view).T, color=GREY, linestyle="--", linewidth=1)
    shadow = np.stack([zero, gradient - left, gradient])
    ax.plot(*(shadow @ view).T, color="#999999", linestyle=":", linewidth=1.2)
    for start, end, color, width in (
        (zero, 0.5 * reach * one, GREY, 1.2),
        (zero, 0.5 * reach * along, GREY, 1.2),
        (zero, gradient, DIRECT, 2.4),
        (gradient, without_mean, MEAN, 2.4),
        (without_mean, left, VARIANCE, 2.4),
        (zero, left, ALL, 3.2),
    ):
        _arrow(ax, start @ view, end @ view, color, width)
    for place, text, color, offset, side in (
        (0.5 * reach * one, "1 = (1, 1, 1)", GREY, (6, 1), "left"),
        (0.5 * reach * along, r"$\hat x$", GREY, (6, 3), "left"),
        (-0.5 * reach * along, "this plane is removed", GREY, (-4, 15), "center"),
        (line[0], "this line stays", GREY, (7, 4), "left"),
        (gradient, "incoming gradient", DIRECT, (8, -2), "left"),
        ((gradient + without_mean) / 2, "minus its mean", MEAN, (8, 8), "left"),
        (without_mean, r"minus its part along $\hat x$", VARIANCE, (0, 12), "right"),
        (0.85 * left, "what is left", ALL, (-8, 0), "right"),
    ):
        label(ax, *(place @ view), text, color, xytext=offset, ha=side)
    return figure


def computational_graph() -> Figure:
    """Draw the layer as a graph, with the three ways out of x in their colours."""
    figure, ax = _diagram((6.8, 2.9))
    nodes = {
        "x": (0.0, 0.0),
        r"$\mu$": (1.9, -1.0),
        r"$\sigma^2$": (3.1, 1.0),
        r"$\hat x$": (5.0, 0.0),
        "y": (6.9, 0.0),
        "loss": (8.8, 0.0),
        r"$\gamma,\ \beta$": (6.9, -1.0),
    }
    ways = [
        ("x", r"$\hat x$", DIRECT, 2.4),
        ("x", r"$\mu$", MEAN, 2.4),
        (r"$\mu$", r"$\hat x$", MEAN, 2.4),
        ("x", r"$\sigma^2$", VARIANCE, 2.4),
        (r"$\sigma^2$", r"$\hat x$", VARIANCE, 2.4),
        (r"$\mu$", r"$\sigma^2$", "#999999", 1.2),
        (r"$\hat x$", "y", ALL, 2.4),
        (r"$\gamma,\ \beta$", "y", "#999999", 1.2),
        ("y", "loss", ALL, 2.4),
    ]
    for start, end, color, width in ways:
        _arrow(ax, nodes[start], nodes[end], color, width, shrinkA=17, shrinkB=17)
    for name, place in nodes.items():
        ax.annotate(
            name,
            place,
            ha="center",
            va="center",
            fontsize=13,
            bbox={"boxstyle": "round,pad=0.45", "fc": "white", "ec": "#777777"},
        )
    for x, y, text, color in (
        (1.5, 0.22, "direct", DIRECT),
        (0.75, -0.95, "through\nthe mean", MEAN),
        (1.0, 1.0, "through\nthe variance", VARIANCE),
    ):
        ax.annotate(text, (x, y), color=color, ha="center", va="center")
    ax.set(xlim=(-0.5, 9.4), ylim=(-1.5, 1.5))
    return figure


def three_paths(values: np.ndarray, paths: dict[str, np.ndarray]) -> Figure:
    """Draw what each way adds to the gradient of each value, and the sum.

    Args:
        values: what entered the layer (n,).
        paths: "direct", "through the mean", "through the variance" -> (n,).
    """
    figure, ax = new_figure((6.8, 3.2))
    place = np.arange(len(values))
    colors = (DIRECT, MEAN, VARIANCE)
    for i, ((name, parts), color) in enumerate(zip(paths.items(), colors, strict=True)):
        ax.bar(place + 0.24 * (i - 1), parts, 0.22, color=color, label=name)
    total = sum(paths.values())
    ax.hlines(total, place - 0.4, place + 0.4, color=ALL, linewidth=3, label="sum")
    ax.axhline(0, color="#999999", linewidth=0.8)
    ax.set_xticks(place, [f"{v:g}" for v in values])
    ax.set(xlabel="value of x (dimensionless)", ylabel="gradient\n(loss per unit of x)")
    ax.grid(axis="x", visible=False)
    handles, names = ax.get_legend_handles_labels()
    handles, names = handles[1:] + handles[:1], names[1:] + names[:1]  # the sum last
    place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0)}
    ax.legend(handles, names, ncols=4, handlelength=1.2, columnspacing=1.2, **place)
    return figure


def _camera(turn: float, lift: float) -> np.ndarray:
    """Return the orthographic view (3, 2) of a camera, its angles in degrees."""
    turn, lift = np.radians(turn), np.radians(lift)
    right = [np.cos(turn), np.sin(turn), 0]
    up = [-np.sin(turn) * np.sin(lift), np.cos(turn) * np.sin(lift), np.cos(lift)]
    return np.stack([right, up], axis=1)


def _diagram(size: tuple[float, float]) -> tuple[Figure, Axes]:
    """Return a figure without axes, lengths the same in both directions."""
    figure, ax = new_figure(size)
    ax.set_axis_off()
    ax.set_aspect("equal")
    return figure, ax


def _arrow(ax: Axes, start, end, color: str, width: float, **options) -> None:
    options = {"shrinkA": 0, "shrinkB": 0, "mutation_scale": 8 + 3 * width} | options
    ax.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", color=color, linewidth=width, **options
        )
    )
