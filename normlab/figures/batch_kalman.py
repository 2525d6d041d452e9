"""Figures of the page on batch Kalman normalization."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, SQUARE_PAIR, label, new_figure, seed_band

# Updates (T,), accuracies then (seeds, T) and at the end (seeds,), 0 to 1; a colour.
Contender = tuple[np.ndarray, np.ndarray, np.ndarray, str]
# Label -> colour, line style.
LOOKS = {
    "2 images": (COLORS["batch"], "-"),
    "prior, as released": (COLORS["changed"], "-"),
    "drawn from gamma and beta": (COLORS["theory"], ":"),
    "prior from gamma and beta": (COLORS["theory"], "--"),
}


def misses_by_layer(
    misses: Mapping[str, Mapping[int, tuple[float, float]]],
) -> Figure:
    """Draw how far estimates of mean and deviation are off, layer by layer.

    Args:
        misses: a key of ``LOOKS`` -> layer, from 1 -> error of the mean, in deviations,
            and error of the deviation, as a share of it.
    """
    figure, axes = new_figure(SQUARE_PAIR, columns=2)
    for name, by_layer in misses.items():
        color, style = LOOKS[name]
        for ax, errors in zip(axes, zip(*by_layer.values(), strict=True), strict=True):
            line = {"color": color, "linestyle": style, "marker": "o", "markersize": 4}
            ax.plot(list(by_layer), errors, label=name, **line)
    for ax in axes:
        ax.set(xlabel="layer", ylim=(0, None))
        ax.set_xticks(sorted(set().union(*misses.values())))
    axes[0].set_ylabel("error of the mean (deviations)")
    axes[1].set_ylabel("error of the deviation (share of it)")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2)
    return figure


def on_the_way_and_at_the_end(contenders: Mapping[str, Contender]) -> Figure:
    """Draw accuracy against updates, and each seed's at the end with their mean.

    The axis on the left begins where the last contender is after a quarter of its way.

    Args:
        contenders: name -> contender; the first is the lowest row on the right.
    """
    figure, (way, end) = new_figure(SQUARE_PAIR, columns=2)
    begins = []
    for row, (name, found) in enumerate(contenders.items()):
        steps, accuracies, ends, color = found
        seed_band(way, steps, 100 * accuracies, color, label=name)
        begins.append(100 * accuracies.mean(0)[len(steps) // 4])
        seeds = 100 * np.asarray(ends)
        end.plot(seeds, np.full(len(seeds), row), "o", color=color, alpha=0.5)
        end.plot(seeds.mean(), row, "|", color=color, markersize=24, markeredgewidth=2)
        label(end, seeds.mean(), row, name, color, xytext=(0, 20), ha="center")
    way.set(xlabel="updates", ylabel="validation accuracy (%)", xlim=(0, None))
    way.set_ylim(bottom=min(begins))
    end.set(xlabel="test accuracy (%)", ylim=(-0.5, len(contenders) - 0.2), yticks=[])
    handles, labels = way.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure
