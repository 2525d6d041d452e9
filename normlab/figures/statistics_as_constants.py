"""Figures of the page on statistics that the gradient takes for constants."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from normlab.figures.style import (
    COLORS,
    WIDE,
    dots_over_rates,
    label,
    new_figure,
    spread,
)

ALL, GREY = COLORS["batch"], COLORS["theory"]


def bias_growth(biases: dict[str, np.ndarray], losses: dict[str, np.ndarray]) -> Figure:
    """Draw a bias and the loss against the step, for two kinds of gradient.

    Two lines that coincide share one label, the dashes on top.

    Args:
        biases: name -> (steps,), "full" and "detached".
        losses: the same names -> (steps,).
    """
    figure, axes = new_figure(WIDE, columns=2)
    figure.get_layout_engine().set(wspace=0.08)  # room before the right panel's label
    styles = {"full": (ALL, "-", 3.4), "detached": (COLORS["none"], (0, (3, 3)), 1.8)}
    for ax, lines in zip(axes, (biases, losses), strict=True):
        top = 1.3 * max(line.max() for line in lines.values())
        steps = len(lines["full"]) - 1
        for name, (color, style, width) in styles.items():
            ax.plot(lines[name], color=color, linestyle=style, linewidth=width)
        if np.allclose(lines["full"], lines["detached"]):
            both = "full and detached (the same)"
            label(ax, 0, lines["full"][0], both, GREY, xytext=(5, 14))
        else:
            ends = sorted((line[-1], name) for name, line in lines.items())
            heights = spread([end for end, _ in ends], top / 9)
            for (_, name), height in zip(ends, heights, strict=True):
                label(ax, steps, height, name, styles[name][0])
        ax.set(xlabel="step", xlim=(0, 1.5 * steps), ylim=(-0.04 * top, top))
        ax.set_xticks(range(0, steps + 1, 5))
    axes[0].set_ylabel("bias (dimensionless)")
    axes[1].set_ylabel("loss (squared error)")
    return figure


def loss_against_rate(rows: pd.DataFrame, names: dict[str, tuple[str, str]]) -> Figure:
    """Draw a training loss against the learning rate, a dot a seed, a line the mean.

    Args:
        rows: columns kind, lr, seed, loss (nats).
        names: kind -> (label, colour).
    """
    figure, ax = new_figure(WIDE)
    rates = dots_over_rates(ax, rows.assign(value=rows["loss"]), "kind", names)
    ax.set(ylabel="training loss,\nsecond epoch (nats)", ylim=(0, None))
    ax.set_xlim(0.85 * rates[0], 5 * rates[-1])
    return figure
