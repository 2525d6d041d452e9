"""Figures of the chapter on training mode and evaluation mode."""

from collections.abc import Collection, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, StrMethodFormatter

from normlab.figures.style import (
    COLORS,
    WIDE,
    label,
    new_figure,
    spread,
)

TRAINING, EVALUATION = COLORS["training"], COLORS["evaluation"]
GREY = COLORS["theory"]
Interval = tuple[float, float, float]  # mean, low, high


def company(
    image: np.ndarray, draws: dict[str, np.ndarray], alone: float, what: str
) -> Figure:
    """Draw what a network says of one image, for several kinds of batch mates.

    Args:
        image: the image itself, 0 to 1 (H, W).
        draws: kind of company -> a probability for each draw (draws,).
        alone: the probability in evaluation mode.
        what: whose probability it is, for the axis.
    """
    figure, (ax, photo) = new_figure((6.8, 3.6), columns=2, width_ratios=(6, 1))
    jitter = np.random.default_rng(0)
    for row, values in enumerate(draws.values()):
        height = -row + jitter.uniform(-0.27, 0.27, len(values))
        ax.plot(values, height, ".", color=TRAINING, alpha=0.45, markersize=5)
    ax.plot([alone, alone], [0.4 - len(draws), 0.5], color=EVALUATION)
    label(ax, alone, 0.62, "evaluation mode", EVALUATION, ha="center", xytext=(0, 4))
    ax.set_yticks(-np.arange(len(draws)), list(draws))
    ax.set(
        xlim=(-0.02, 1.02),
        ylim=(-len(draws) + 0.4, 0.95),
        xlabel=f"{what} (0 to 1)",
        ylabel="company in training mode\n(one dot a draw)",
    )
    ax.set_xticks(np.linspace(0, 1, 6))
    ax.grid(axis="y", visible=False)
    photo.imshow(image, cmap="gray_r")
    photo.set_title("asked in\nall rows", fontsize=11)
    photo.set_axis_off()
    return figure


def batch_jitter(
    values: np.ndarray,
    alone: float,
    sizes: Sequence[int],
    scatter: np.ndarray,
    theory: np.ndarray,
) -> Figure:
    """Draw one value in changing company, and how batch means scatter by batch size.

    Args:
        values: the value, normalized with each of the batches (draws,).
        alone: the same in evaluation mode.
        sizes: images a batch.
        scatter: standard deviation of the means of drawn batches (sizes,).
        theory: what it should be (sizes,).
    """
    figure, (left, right) = new_figure((6.8, 3.0), columns=2)
    draws = np.arange(1, len(values) + 1)
    left.plot(draws, values, ".", color=TRAINING, markersize=7)
    left.axhline(alone, color=EVALUATION)
    left.set(xlabel="batches", ylabel="one value, normalized\n(standard deviations)")
    left.set_title("training", color=TRAINING, fontsize=11, loc="left")
    left.set_title("evaluation", color=EVALUATION, fontsize=11, loc="right")
    right.plot(sizes, theory, color=GREY, linestyle="--")
    right.plot(sizes, scatter, "o", color=TRAINING)
    right.set(yscale="log", ylabel="standard deviation of\nbatch means (log scale)")
    right.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    right.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    _size_axis(right, sizes[::3])
    return figure


def accuracy_by_size(
    lines: dict[str, tuple[np.ndarray, str]],
    sizes: Sequence[int],
    dashed: Collection[str] = (),
) -> Figure:
    """Draw test accuracy against the batch size.

    Args:
        lines: label -> (accuracies, 0 to 1 (sizes,), colour).
        sizes: images a batch.
        dashed: labels whose lines are dashed, to show what lies beneath.
    """
    figure, ax = new_figure(WIDE)
    ends = []
    for name, (values, color) in lines.items():
        style = (0, (3, 3)) if name in dashed else "-"
        ax.plot(sizes, 100 * values, marker="o", color=color, linestyle=style)
        ends.append((100 * values[-1], name, color))
    heights = spread([end for end, _, _ in sorted(ends)], 11)
    for (_, name, color), height in zip(sorted(ends), heights, strict=True):
        label(ax, sizes[-1], height, name, color, xytext=(8, 0))
    _size_axis(ax, sizes)
    ax.set(ylabel="test accuracy (%)", ylim=(0, 100))
    ax.set_xlim(0.8 * sizes[0], sizes[-1] * (sizes[-1] / sizes[0]) ** 0.5)
    return figure


def parts_by_size(
    parts: dict[str, tuple[Sequence[Interval], str]],
    sizes: Sequence[int],
    quantity: str = "change of test accuracy\n(points)",
) -> Figure:
    """Draw differences of accuracy with their intervals, by batch size.

    Args:
        parts: label -> ((mean, low, high) in points for each size, colour).
        sizes: images a batch, in training and for the statistics.
        quantity: what the vertical axis says, unit included.
    """
    figure, ax = new_figure((6.8, 3.6))
    place = np.arange(len(sizes))
    markers = "osD^v"
    for i, (name, (intervals, color)) in enumerate(parts.items()):
        mean, low, high = np.array([tuple(i) for i in intervals]).T
        x = place + 0.16 * (i - (len(parts) - 1) / 2)
        reach = np.stack([mean - low, high - mean])
        kind = {"fmt": markers[i % 5], "color": color, "markersize": 5.5, "label": name}
        ax.errorbar(x, mean, yerr=reach, linewidth=1.6, capsize=3, **kind)
    ax.axhline(0, color="#777777", linewidth=0.9)
    ax.set_xticks(place, [f"{size}" for size in sizes])
    ax.set(xlabel="batch size (images)", ylabel=quantity)
    ax.grid(axis="x", visible=False)
    above = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0)}
    ax.legend(ncols=len(parts), handlelength=1.2, columnspacing=1.2, **above)
    return figure


# question, answer that leads out, what to do then, answer that leads on
WHERE_TO_LOOK = (
    (
        "1  Score the same images, mixed,\n    in both modes. Is there a gap?",
        "no",
        "Not the modes: overfitting, or a\nscore taken while weights moved.",
        "yes",
    ),
    (
        "2  Do all layers say training=False,\n    and none has a switch of its own?",
        "no",
        "Call model.eval() on the whole\nmodel; remove the switch.",
        "yes",
    ),
    (
        "3  Are the running statistics finite,\n    and no longer at 0 and 1?",
        "no",
        "NaN: find the batch. 0 and 1:\nnot trained, not saved, not loaded.",
        "yes",
    ),
    (
        "4  Recompute them from training\n    images. Is the gap gone?",
        "yes",
        "Lag, scatter or a short last batch:\nkeep the new; check the momentum.",
        "no",
    ),
    (
        "5  Is every training batch a\n    random sample of the images?",
        "no",
        "Shuffle the training images.",
        "yes",
    ),
    (
        "6  Are test images prepared exactly\n    like training images?",
        "no",
        "Prepare them alike.",
        "yes",
    ),
)
LAST_RESORT = "7  Look at other layers with two\n    modes, such as dropout."


def where_to_look() -> Figure:
    """Draw a flow chart for "evaluation is worse than training".

    Narrow and tall, so that a phone need not shrink it and a page holds it.
    """
    figure, ax = new_figure((4.3, 8.6))
    ax.set_axis_off()
    ax.set(xlim=(0, 43), ylim=(-86, 1))  # tenths of an inch
    top = 0.0
    for question, out, answer, on in WHERE_TO_LOOK:
        _box(ax, 1, top - 2.6, question, "#EEF5FA", EVALUATION)
        middle = top - 9.0 + 0.9 * (answer.count("\n") - 1)
        _arrow(ax, (2.5, top - 5.4), (2.5, top - 12.4))
        _arrow(ax, (2.5, middle), (8.4, middle))
        ax.text(5.2, middle + 0.5, out, ha="center", va="bottom")
        ax.text(3.2, top - 12.2, on, ha="left", va="bottom")
        _box(ax, 9.4, middle, answer, "#FFFFFF", TRAINING)
        top -= 13.0
    _box(ax, 1, top - 2.6, LAST_RESORT, "#F2F2F2", GREY)
    return figure


def _box(ax: Axes, x: float, y: float, text: str, fill: str, edge: str) -> None:
    style = {"boxstyle": "round,pad=0.35", "facecolor": fill, "edgecolor": edge}
    ax.text(x, y, text, ha="left", va="center", fontsize=11, bbox=style)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "-|>", "color": GREY, "linewidth": 1.3}
    ax.annotate("", end, start, arrowprops=style | {"shrinkA": 0, "shrinkB": 0})


def _size_axis(ax: Axes, sizes: Sequence[int]) -> None:
    ax.set(xscale="log", xlabel="batch size (images, log scale)")
    ax.set_xticks(sizes, [f"{size}" for size in sizes])
    ax.minorticks_off()
