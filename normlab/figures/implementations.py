"""Figures of the chapter on what implementations remember."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, new_figure, plain_ticks

# Convention -> what the reader calls it, its colour, and its dashes: dots where nothing
# is remembered. Here and in the widget.
CURVES = {
    "caffe-2015-02": ("Caffe, Feb 2015", "caffe", (1, 2)),
    "caffe-2015-10": ("Caffe, Oct 2015", "caffe", (5, 2)),
    "caffe-2015-11": ("Caffe, Nov 2015", "caffe", ()),
    "windows-2015-03": ("caffe-windows, Mar 2015", "windows", (1, 2)),
    "windows-2015-06": ("caffe-windows, Jun 2015", "windows", (5, 2)),
    "windows-2016-01": ("caffe-windows, Jan 2016", "windows", ()),
    "cudnn-2015-11": ("cuDNN, Nov 2015", "cudnn", ()),
    "torch": ("PyTorch", "torch_batch", ()),
}
# Of the source's three dates, in its order.
DATED = ("caffe-2015-02", "windows-2015-03", "cudnn-2015-11")
MARKS = {(1, 2): "o", (5, 2): "s", (): "D"}  # of dots, by dashes
SHOWN = (20, 40, 60, 70, 80, 85, 90)  # accuracies, in per cent
GREY = COLORS["theory"]
LAST = 20  # tests


def accuracy_by_convention(
    updates: np.ndarray, accuracies: Mapping[str, np.ndarray]
) -> Figure:
    """Draw one network's test accuracy under several conventions: all tests, late ones.

    Args:
        updates: done at each test (T,).
        accuracies: a key of ``CURVES`` -> 0 to 1 (T,).
    """
    figure, axes = new_figure((6.8, 3.9), columns=2)
    for ax, part in zip(axes, (slice(None), slice(-LAST, None)), strict=True):
        for name, values in accuracies.items():
            ax.plot(updates[part], 100 - 100 * values[part], **_line(name))
        ax.set(xlabel="updates", yscale="log")
        ax.set_ylabel("test accuracy (%)\n(log scale of the error)")
        ax.minorticks_off()
    _error_axis(axes[0], SHOWN)
    _error_axis(axes[1], range(60, 95, 2))
    axes[0].set_title("all tests", fontsize=11)
    axes[1].set_title(f"the last {LAST}", fontsize=11)
    handles, labels = axes[0].get_legend_handles_labels()
    options = {"ncols": 2, "fontsize": 10}
    figure.legend(handles, labels, loc="outside upper center", **options)
    return figure


def level_against_jump(points: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw each training under each convention: how accurate, and how jumpy.

    The rules of the source's dates have the source's numbers.

    Args:
        points: a key of ``CURVES`` -> levels and jumps (seeds,), 0 to 1.
    """
    figure, ax = new_figure((6.8, 4.6))
    for name, (levels, jumps) in points.items():
        title, color, dashes = CURVES[name]
        number = f"{DATED.index(name) + 1}: " if name in DATED else ""
        look = {"color": COLORS[color], "marker": MARKS[dashes]}
        full = "none" if dashes == (1, 2) else COLORS[color]
        size = 70 if name == "caffe-2015-02" else 24  # a ring round its like
        look |= {"s": size, "facecolors": full, "label": number + title}
        ax.scatter(100 * jumps, 100 - 100 * levels, **look)
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="jump: deviation from one test to the next (points, log scale)",
        ylabel="level: mean test accuracy (%)\n(log scale of the error)",
    )
    _error_axis(ax, (60, 65, 70, 75, 80, 82, 84, 86, 88, 90))
    low, high = ax.get_xlim()
    marks = [mark for mark in (0.2, 0.3, 0.5, 1, 2, 3, 5) if low < mark < high]
    ax.set_xticks(marks, [f"{mark:g}" for mark in marks])
    ax.minorticks_off()
    figure.legend(loc="outside upper center", ncols=2, fontsize=10)
    return figure


def remembered_statistics(
    memories: Mapping[str, np.ndarray], truth: Mapping[str, float]
) -> Figure:
    """Draw what is remembered of a stream of batches, and the truth.

    On a log axis, and no denser than it can show.

    Args:
        memories: a key of ``CURVES`` -> a row for each of ``truth`` (2, batches).
        truth: "mean" and "variance" -> what they are.
    """
    figure, axes = new_figure((6.8, 3.9), columns=2)
    for row, (ax, (what, level)) in enumerate(zip(axes, truth.items(), strict=True)):
        for name, values in memories.items():
            batches = _log_spaced(values.shape[1])
            ax.plot(batches, values[row, batches - 1], **_line(name) | {"lw": 1.4})
        ax.axhline(level, color=GREY, linestyle="--", linewidth=1.2)
        ax.set(xscale="log", xlabel="batches seen (log scale)")
        ax.set_ylabel(f"remembered {what} (dimensionless)")
        ax.set_xticks(*_powers(batches[-1]))
        ax.minorticks_off()
    handles, labels = axes[0].get_legend_handles_labels()
    options = {"ncols": 2, "fontsize": 10}
    figure.legend(handles, labels, loc="outside upper center", **options)
    return figure


def memory_misses(
    updates: np.ndarray,
    means: Mapping[str, np.ndarray],
    variances: Mapping[str, np.ndarray],
    keep: float,
) -> Figure:
    """Draw how far memories are from the statistics of the weights of the moment.

    Args:
        updates: done at each test (T,).
        means: a key of ``CURVES`` -> how far the mean is off, in deviations (T,).
        variances: the same -> remembered over actual variance, a ratio (T,).
        keep: of a memory that starts at 0 and is not debiased: what it holds at the
            most is drawn as theory.
    """
    figure, (left, right) = new_figure((6.8, 3.9), columns=2)
    for ax, lines in ((left, means), (right, variances)):
        for name, values in lines.items():
            ax.plot(updates, values, **_line(name))
        ax.set(xlabel="updates", yscale="log")
        plain_ticks(ax, "y")
    every = np.linspace(updates[0], updates[-1], 200)
    held = {"color": GREY, "linestyle": "--", "label": "the most from a start at 0"}
    right.plot(every, 1 - keep**every, **held)
    left.set_ylabel("mean off by\n(standard deviations, log scale)")
    right.set_ylabel("remembered variance\nover actual (ratio, log scale)")
    handles, labels = right.get_legend_handles_labels()
    options = {"ncols": 2, "fontsize": 10}
    figure.legend(handles, labels, loc="outside upper center", **options)
    return figure


def accuracy_by_test_batch(lines: Mapping[str, Mapping[int, float]]) -> Figure:
    """Draw test accuracy against the images of a test batch.

    Args:
        lines: how the images are put into batches -> images a batch -> accuracy, 0
            to 1. "PyTorch’s memory" is a level that no batch moves.
    """
    figure, ax = new_figure((6.8, 3.2))
    looks = {
        "shuffled": {"color": COLORS["caffe"], "marker": "o"},
        "sorted by class": {"color": COLORS["changed"], "marker": "s"},
        "PyTorch’s memory": {"color": COLORS["torch_batch"]},
    }
    for name, values in lines.items():
        accuracies = [100 * value for value in values.values()]
        ax.plot(list(values), accuracies, label=name, **looks[name])
    sizes = sorted({size for values in lines.values() for size in values})
    ax.set(
        xscale="log",
        xlabel="images a test batch (log scale)",
        ylabel="test accuracy (%)",
    )
    ax.set_xticks(sizes, [f"{size}" for size in sizes])
    ax.minorticks_off()
    figure.legend(loc="outside upper center", ncols=len(lines))
    return figure


def _log_spaced(count: int, most: int = 150) -> np.ndarray:
    """Return whole numbers from 1 to ``count``, in about equal ratios."""
    return np.unique(np.geomspace(1, count, most).round().astype(int))


def _powers(most: float) -> tuple[list[int], list[str]]:
    """Return powers of ten up to ``most``, and their names."""
    powers = [10**k for k in range(7) if 10**k <= most]
    return powers, [f"{power:,}" for power in powers]


def _line(name: str) -> dict:
    title, color, dashes = CURVES[name]
    style = (0, dashes) if dashes else "-"
    return {"color": COLORS[color], "linestyle": style, "label": title}


def _error_axis(ax: Axes, shown) -> None:
    """Turn an axis of errors over, and mark it with accuracies."""
    low, high = ax.get_ylim()
    ax.set_ylim(high, low)
    marks = [100 - mark for mark in shown if low <= 100 - mark <= high]
    ax.set_yticks(marks, [f"{100 - mark:g}" for mark in marks])
