"""One style and one colour per meaning for the whole book, and what chapters share."""

from collections.abc import Collection

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# The book's one table of colours, for figures and widgets. Every colour has a contrast
# of 4.5 to 1 with white, and turned over with a dark page too; two that stand in one
# figure are as far apart, for any colour vision, as the nearest two of Okabe and Ito's
# palette (tests/test_colors.py; tests/colors.py prints more). Meanings that never meet
# may look alike.
NORMALIZERS = {
    "none": "#B84C00",  # without normalization, raw
    "batch": "#0072B2",  # batch normalization, by hand or PyTorch's; normalized
    "torch_batch": "#30603C",  # PyTorch's, where it stands beside the one by hand
    "group": "#845484",
    "layer": "#783000",
    "instance": "#7860E4",
}
MEANINGS = {
    "training": "#680050",  # training mode, the batch's statistics
    "evaluation": NORMALIZERS["batch"],  # mode, running statistics: what is shipped
    "mean": "#4E0078",  # what shares a mean; the path through it; beta
    "variance": "#9C5C44",  # the path through the variance; gamma
    "changed": "#683B00",  # the same with one thing changed
    "other": "#421883",  # a third: changed in part, or otherwise
    "caffe": "#3060F0",  # implementations; PyTorch's is torch_batch
    "windows": "#780060",  # caffe-windows
    "cudnn": "#A86000",
    "ghost": "#7060E0",  # in the playground, where group and instance are not
    "renorm": "#805080",
    "rms": "#404040",
    "scaled": "#103010",
    "theory": "#6B6B6B",
    "data": "#161616",  # what is given, the source's or the reader's; a sum, a rest
}
COLORS = NORMALIZERS | MEANINGS
WIDE = (6.8, 3.0)  # inches
SQUARE_PAIR = (6.8, 3.5)
MOST_MARKS = 5  # on a logarithmic axis, if powers of ten are no more

_SETTINGS = {
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "svg.hashsalt": "normlab",  # the same data give the same bytes
}


def use_style() -> None:
    """Set the book's style, and sharp figures where a notebook shows them.

    As SVG for the pages; as PNG too, because a notebook that was just fetched is not
    trusted, and then Jupyter shows no SVG.
    """
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    mpl.rcParams.update(_SETTINGS)
    set_matplotlib_formats("svg", "retina", metadata={"Date": None})


def new_figure(
    size: tuple[float, float] = WIDE, columns: int = 1, rows: int = 1, **options
):
    """Return (figure, axes): outside pyplot, so that a cell shows it exactly once."""
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=size)
        axes = figure.subplots(rows, columns, **options)
    return figure, axes


def label(ax: Axes, x: float, y: float, text: str, color: str, **options) -> None:
    """Write ``text`` beside a line, in the line's colour."""
    placed = {"xytext": (5, 0), "va": "center"} | options
    ax.annotate(text, (x, y), textcoords="offset points", color=color, **placed)


def seed_band(ax: Axes, x, values, color: str, **line) -> None:
    """Draw (seeds, T) over x (T,): a line for the mean, a band from min to max."""
    values = np.asarray(values)
    ax.fill_between(x, values.min(0), values.max(0), color=color, alpha=0.2)
    ax.plot(x, values.mean(0), color=color, **line)


def seed_curves(
    lines: dict[str, pd.DataFrame],
    colors: dict[str, str],
    quantity: str,
    dashed: Collection[str] = (),
) -> Figure:
    """Draw a measure against the epoch: mean over seeds, band from min to max.

    Args:
        lines: label -> rows with columns seed, epoch, value.
        colors: label -> colour.
        quantity: what the vertical axis says, unit included.
        dashed: labels whose lines are dashed, to show what lies beneath.
    """
    figure, ax = new_figure(WIDE)
    scale = 100 if "%" in quantity else 1
    ends = []
    for name, rows in lines.items():
        wide = scale * rows.pivot(index="seed", columns="epoch", values="value")
        kind = (0, (3, 3)) if name in dashed else "-"
        seed_band(ax, wide.columns, wide, colors[name], linestyle=kind)
        ends.append((wide.mean().iloc[-1], name))
    low, high = ax.get_ylim()
    heights = spread([y for y, _ in sorted(ends)], (high - low) / 11)
    for (_, name), y in zip(sorted(ends), heights, strict=True):
        label(ax, wide.columns[-1], y, name, colors[name])
    ax.set(xlabel="epoch", ylabel=quantity, ylim=(low, high))
    ax.set_xlim(wide.columns[0], 1.42 * wide.columns[-1])
    ax.set_xticks(wide.columns)
    return figure


def plain_ticks(ax: Axes, which: str) -> None:
    """Mark a few round numbers of a logarithmic axis, without powers."""
    low, high = sorted(getattr(ax, f"get_{which}lim")())
    for steps in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        marks = [m * 10.0**e for e in range(-4, 4) for m in steps]
        seen = [mark for mark in marks if low <= mark <= high]
        if len(seen) <= MOST_MARKS:
            break
    getattr(ax, f"set_{which}ticks")(seen, [f"{mark:g}" for mark in seen])
    ax.minorticks_off()


def dots_over_rates(
    ax: Axes, rows: pd.DataFrame, by: str, names: dict[str, tuple[str, str]]
) -> list[float]:
    """Draw a dot a seed and a line for the mean against the learning rate.

    Args:
        ax: where.
        rows: columns lr, value and ``by``.
        by: the column whose content tells the lines apart.
        names: content -> (label, colour).

    Returns:
        The rates, sorted.
    """
    for content, (name, color) in names.items():
        part = rows[rows[by] == content]
        means = part.groupby("lr")["value"].mean()
        ax.plot(means.index, means, color=color)
        ax.scatter(part["lr"], part["value"], color=color, s=14)
        label(ax, means.index[-1], means.iloc[-1], name, color, xytext=(8, 0))
    rates = sorted(rows["lr"].unique())
    ax.set(xscale="log", xlabel="learning rate (log scale)")
    ax.set_xticks(rates, [f"{rate:g}" for rate in rates])
    ax.minorticks_off()
    return rates


def spread(values: list[float], gap: float) -> list[float]:
    """Move sorted label heights apart, upwards, so that none covers another."""
    placed = []
    for value in values:
        placed.append(max(value, placed[-1] + gap) if placed else value)
    return placed


def spread_both_ways(values: list[float], gap: float) -> list[float]:
    """Move sorted label heights apart, as far down as up: each stays near its line."""
    up = spread(values, gap)
    down = spread([-value for value in reversed(values)], gap)[::-1]
    return [(high - low) / 2 for high, low in zip(up, down, strict=True)]
