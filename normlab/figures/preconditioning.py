"""Figure of the pages on preconditioned gradients and on binary networks."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from normlab.figures.style import label, new_figure


def accuracy_in_groups(
    arms: Mapping[str, tuple[Mapping[str, np.ndarray], str]], groups: str
) -> Figure:
    """Draw the accuracy of each seed, and the mean, arm beside arm in each group.

    The axis begins a few points below the lowest arm's median. What lies below it is an
    arrow at its foot; a mean is written out wherever it lies.

    Args:
        arms: label -> (group's name -> accuracies (seeds,), 0 to 1; colour).
        groups: what the names on the horizontal axis are.
    """
    figure, ax = new_figure((6.8, 3.4))
    names = list(dict.fromkeys(name for found, _ in arms.values() for name in found))
    medians = [np.median(v) for found, _ in arms.values() for v in found.values()]
    foot = 100 * min(medians) - 5
    for number, (arm, (found, color)) in enumerate(arms.items()):
        ax.plot([], [], "o", color=color, label=arm)
        for name, values in found.items():
            place = names.index(name) + 0.25 * (number - (len(arms) - 1) / 2)
            _dots_and_mean(ax, place, 100 * np.asarray(values), color, foot)
    ax.set(xlabel=groups, ylabel="test accuracy (%)")
    ax.set(xlim=(-0.5, len(names) - 0.5), ylim=(foot - 1, None))
    ax.set_xticks(range(len(names)), names)
    ax.grid(axis="x", visible=False)
    ax.margins(y=0.15)
    figure.legend(loc="outside upper center", ncols=len(arms))
    return figure


def _dots_and_mean(ax: Axes, place: float, seeds: np.ndarray, color: str, foot: float):
    for marker, which in (("o", seeds >= foot), ("v", seeds < foot)):
        y = np.maximum(seeds[which], foot)
        style = {"color": color, "markersize": 4.5, "alpha": 0.5, "linestyle": ""}
        ax.plot(np.full(len(y), place), y, marker=marker, **style)
    mean = seeds.mean()
    if mean >= foot:
        ax.plot(place, mean, "_", color=color, markersize=22, markeredgewidth=2.2)
    above = {"xytext": (0, 9), "ha": "center"}
    label(ax, place, max(seeds.max(), foot), f"{mean:.1f}", color, **above)
