"""The picture on the landing page and in the README, from recorded runs."""

import pandas as pd
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, label, new_figure


def cover(rows: pd.DataFrame) -> Figure:
    """Draw every recorded training as one line: loss against epoch.

    Args:
        rows: training losses with columns key, norm, epoch, value.
    """
    figure, ax = new_figure((6.4, 3.6))
    for norm, text in (("none", "without"), ("torch_batch", "with")):
        lines = rows[rows["norm"] == norm].pivot(
            index="epoch", columns="key", values="value"
        )
        color = COLORS["batch" if norm == "torch_batch" else norm]
        ax.plot(lines, color=color, linewidth=1.1, alpha=0.75)
        height = lines.iloc[-1].median()
        text = f"{text} batch\nnormalization"
        label(ax, 10, height, text, color, xytext=(8, 0), fontsize=12, linespacing=0.95)
    ax.set(xlabel="epoch", ylabel="training loss (nats)", ylim=(0, None))
    ax.set_xlim(1, 13.2)
    ax.set_xticks(range(1, 11))
    return figure
