"""Figures of the chapter on batch size."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator

from normlab.figures.style import COLORS, new_figure

GREY = COLORS["theory"]
SHOWN = (10, 30, 50, 70, 80, 85, 90)  # accuracies, in per cent
Values = Mapping[int, np.ndarray]  # batch size -> values (seeds,)
Line = tuple[Values, str]  # with its colour
# Which of the two batch sizes varies -> the name of its line's colour, here and in the
# explorer.
TWO_SIZES = {"both": "batch", "statistics": "changed", "gradient": "other"}


def by_batch_size(
    panels: Mapping[str, Mapping[str, Line]],
    quantity: str,
    *,
    log: bool = False,
    reference: tuple[float, str] | None = None,
    diagonal: str = "",
) -> Figure:
    """Draw a measure against the batch size: a dot a seed, a line for the mean.

    Accuracies get an axis on which the error is logarithmic: one tells apart both
    failures and the last points of per cent.

    Args:
        panels: title -> label -> (batch size -> values, colour); a size without
            values is left out.
        quantity: what the vertical axis says, unit included; "accuracy (%)" in it
            says that the values are accuracies, 0 to 1.
        log: whether another measure has a logarithmic axis.
        reference: a level to draw as theory, an accuracy 0 to 1 like the values, and
            its name.
        diagonal: name of the line on which the measure equals the batch size.
    """
    figure, axes = new_figure((6.8, 3.6), columns=len(panels), sharey=True)
    axes = np.atleast_1d(axes)
    accuracy = "accuracy (%)" in quantity
    sizes = sorted({s for p in panels.values() for line, _ in p.values() for s in line})
    for ax, (title, lines) in zip(axes, panels.items(), strict=True):
        for name, (values, color) in lines.items():
            _dots_and_mean(ax, values, color, name, accuracy)
        if reference:
            level, name = reference
            level = 100 * (1 - level) if accuracy else level
            ax.axhline(level, color=GREY, linestyle="--", linewidth=1.2, label=name)
        if diagonal:
            ax.plot(sizes, sizes, color=GREY, linestyle="--", label=diagonal)
        ax.set_title(title, fontsize=11)
        ax.set(xscale="log", xlabel="batch size (images, log scale)")
        ax.set_xticks(sizes, [f"{size}" for size in sizes])
        ax.minorticks_off()
    axes[0].set_ylabel(quantity)
    if accuracy:
        _error_axis(axes[0])
    elif log:
        axes[0].set_yscale("log")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def by_two_sizes(panels: Mapping[str, Mapping[str, Values]], quantity: str) -> Figure:
    """Draw a measure against the batch size that varies: both, or one of the two.

    Args:
        panels: title -> a key of ``TWO_SIZES`` -> batch size -> values (seeds,).
        quantity: as ``by_batch_size`` has it.
    """
    colored = {
        title: {name: (lines[name], COLORS[hue]) for name, hue in TWO_SIZES.items()}
        for title, lines in panels.items()
    }
    return by_batch_size(colored, quantity)


def _dots_and_mean(ax: Axes, values, color: str, name: str, accuracy: bool) -> None:
    """Accuracies are drawn as errors in per cent, on an axis that says accuracy."""
    known = {size: np.asarray(v) for size, v in values.items() if len(v)}
    if accuracy:
        known = {size: 100 * (1 - v) for size, v in known.items()}
    means = [np.nanmean(v) for v in known.values()]
    ax.plot(list(known), means, color=color, label=name)
    for size, v in known.items():
        ax.plot(np.full(len(v), size), v, "o", color=color, markersize=3.6, alpha=0.7)


def _error_axis(ax: Axes) -> None:
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    ax.set_ylim(max(high, 92), min(low, 9.5))
    ax.set_yticks([100 - shown for shown in SHOWN], [f"{shown}" for shown in SHOWN])
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.minorticks_off()


def batch_mean_scatter(
    panels: Mapping[str, tuple[np.ndarray, Mapping[str, np.ndarray]]],
    sizes: Sequence[int],
) -> Figure:
    """Draw how far batch means scatter, and what formulas say.

    Args:
        panels: title -> (measured (sizes,), name of a formula -> values (sizes,)), in
            standard deviations of single values.
        sizes: images a batch.
    """
    figure, axes = new_figure((6.8, 3.4), columns=len(panels), sharey=True)
    axes = np.atleast_1d(axes)
    for ax, (title, (measured, theory)) in zip(axes, panels.items(), strict=True):
        ax.plot(sizes, measured, "o", color=COLORS["batch"], label="measured")
        for (name, values), style in zip(theory.items(), ("--", ":"), strict=False):
            ax.plot(sizes, values, color=GREY, linestyle=style, label=name)
        ax.set_title(title, fontsize=11)
        ax.set(xscale="log", yscale="log", xlabel="batch size (images, log scale)")
        ax.set_xticks(sizes, [f"{size}" for size in sizes])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.legend(loc="lower left", fontsize=10)
    axes[0].set_ylabel("scatter of a batch’s mean\n(standard deviations, log scale)")
    return figure
