"""Figures of the chapter on the activations during training.

Their step axes have a square-root scale: the first tenth of a training, where most
happens, takes a third of the width.
"""

from collections.abc import Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, to_rgb
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, label, new_figure, spread

SMALL = 9  # points; for panels less than half a figure wide
BANDS = ((0, 8, 0.13), (1, 7, 0.13), (2, 6, 0.18), (3, 5, 0.25))  # of 9 percentiles
DASHES = ("-", (0, (4, 1.2)), (0, (1, 1)), (0, (4, 1, 1, 1)), (0, (2, 0.8)))
SMALLEST_SHARE = 1e-4  # of the values; what is rarer stays white


def percentile_rivers(
    steps: np.ndarray,
    rivers: dict[str, tuple[np.ndarray, str]],
    losses: dict[str, tuple[np.ndarray, np.ndarray]],
    flat_beyond: float,
) -> Figure:
    """Draw percentiles against the step, a row a layer, and below them the loss.

    The bands are the first seed's; thin lines are the medians of the others. The
    vertical axes show inverse hyperbolic sines: fine near 0, and they reach far.

    Args:
        steps: of the snapshots (T,).
        rivers: title of a column -> (percentiles (seeds, T, L, 9), color).
        losses: title of a column -> (steps (B,), losses in nats (seeds, B)).
        flat_beyond: from this size on the activation function is flat (grey).
    """
    layers = next(iter(rivers.values()))[0].shape[2]
    figure, axes = _grid((6.8, 1.25 * layers + 1.9), layers + 1, len(rivers))
    for column, (title, (percentiles, color)) in enumerate(rivers.items()):
        for row, ax in enumerate(axes[:-1, column]):
            _river(ax, steps, percentiles[:, :, row], color)
        axes[0, column].set_title(title, color=color, fontsize=11)
        at, values = losses[title]
        axes[-1, column].plot(at, values.T, color=color, linewidth=0.8)
    for number, row in enumerate(axes[:-1], start=1):
        _fine_near_zero(row)
        _grey_beyond(row, flat_beyond)
        row[0].set_ylabel(f"layer {number}\n(dimensionless)")
    axes[-1, 0].set_ylabel("training loss\n(nats)")
    _step_axis(axes[-1], steps[-1])
    return figure


def percentile_lines(
    panels: dict[str, dict[str, tuple[np.ndarray, np.ndarray, str]]],
) -> Figure:
    """Draw the 15th, 50th and 85th percentile against the step, as lines.

    Args:
        panels: row -> column -> (steps (T,), percentiles (seeds, T, 3), color). The
            first seed's lines are strong, the others' thin.
    """
    columns = list(next(iter(panels.values())))
    lasts = [next(iter(cells.values()))[0][-1] for cells in panels.values()]
    alike = len(set(lasts)) == 1
    size = (6.8, (1.5 if alike else 1.85) * len(panels) + 0.8)
    figure, axes = _grid(size, len(panels), len(columns), alike or "row")
    for row, (name, cells) in zip(axes, panels.items(), strict=True):
        for ax, (steps, percentiles, color) in zip(row, cells.values(), strict=True):
            for others in percentiles[1:]:
                ax.plot(steps, others, color=color, linewidth=0.5, alpha=0.5)
            for which, line in zip((0, 2, 1), percentiles[0].T[[0, 2, 1]], strict=True):
                ax.plot(steps, line, color=color, linewidth=2 if which == 1 else 1.1)
        row[0].set_ylabel(f"{name}\n(dimensionless)")
    for row, last in zip(axes[-1:] if alike else axes, lasts, strict=not alike):
        _step_axis(row, last)
    for ax, title in zip(axes[0], columns, strict=True):
        ax.set_title(title, fontsize=11)
    return figure


def histogram_images(
    steps: np.ndarray, edges: np.ndarray, images: dict[str, np.ndarray]
) -> Figure:
    """Draw histograms against the step: one column of pixels a snapshot.

    Args:
        steps: of the snapshots (T,).
        edges: of the bins (B + 1,); the axis shows their inverse hyperbolic sines,
            so that it is fine near 0 and reaches far.
        images: title of a column -> shares of the values (T, L, B).
    """
    layers = next(iter(images.values())).shape[1]
    figure, axes = _grid((6.8, 1.25 * layers + 1.3), layers, len(images))
    widths = _between(np.sqrt(steps)) ** 2
    for column, (title, shares) in enumerate(images.items()):
        axes[0, column].set_title(title, fontsize=10)
        for row, ax in enumerate(axes[:, column]):
            drawn = ax.pcolormesh(
                widths,
                np.arcsinh(edges),
                np.ma.masked_less(shares[:, row].T, SMALLEST_SHARE),
                norm=LogNorm(SMALLEST_SHARE, 0.3),
                cmap="magma_r",
                rasterized=True,
            )
            ax.set_ylim(-np.arcsinh(30), np.arcsinh(30))
            ticks = [-20, -5, -1, 1, 5, 20]
            ax.set_yticks(np.arcsinh(ticks), [f"{t:g}" for t in ticks])
            ax.grid(False)
    for row, ax in enumerate(axes[:, 0], start=1):
        ax.set_ylabel(f"layer {row}\n(dimensionless)")
    _step_axis(axes[-1], steps[-1])
    bar = figure.colorbar(drawn, ax=axes, location="bottom", fraction=0.03, pad=0.01)
    bar.set_label("share of the values in a bin (log scale)", fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)
    return figure


def layer_lines(
    steps: np.ndarray,
    panels: dict[str, tuple[np.ndarray, str]],
    names: Sequence[str],
    quantity: str,
    *,
    log: bool = False,
    reference: tuple[float, str] | None = None,
) -> Figure:
    """Draw one line a layer against the step: mean over seeds, band min to max.

    Darker is deeper, and every line has its own dashes. On a log axis the mean is the
    geometric one. Neighbours that nowhere differ by 1% of the axis share a name.

    Args:
        steps: of the snapshots (T,).
        panels: title -> (values (seeds, T, K), color).
        names: of the K lines, from the first layer on.
        quantity: what the vertical axis says, unit included.
        log: use a log scale.
        reference: (value, text) of a dashed line.
    """
    figure, axes = _grid((6.8, 3.2), 1, len(panels))
    for ax, (title, (values, color)) in zip(axes[0], panels.items(), strict=True):
        middle = np.exp(np.log(values).mean(0)) if log else values.mean(0)
        looks = zip(_shades(color, len(names)), cycle(DASHES), strict=False)
        for line, (shade, dashes) in enumerate(looks):
            band = values[:, :, line].min(0), values[:, :, line].max(0)
            ax.fill_between(steps, *band, color=shade, alpha=0.15, linewidth=0)
            ax.plot(
                steps, middle[:, line], color=shade, linewidth=1.5, linestyle=dashes
            )
        ax.set_title(title, color=color, fontsize=11)
        if reference:
            _dashed(ax, *reference)
    axes[0, 0].set_yscale("log" if log else "linear")
    _step_axis(axes[-1], steps[-1])
    for ax, (values, color) in zip(axes[0], panels.values(), strict=True):
        _label_ends(ax, steps[-1], values, names, color, log)
    axes[0, 0].set_ylabel(quantity)
    return figure


def _grid(size: tuple[float, float], rows: int, columns: int, sharex=True):
    """Return (figure, axes (rows, columns)) that share their scales and small text."""
    figure, axes = new_figure(
        size, columns, rows, sharex=sharex, sharey="row", squeeze=False
    )
    for ax in axes.flat:
        ax.tick_params(labelsize=SMALL)
        ax.yaxis.label.set_size(SMALL + 0.5)
        ax.xaxis.label.set_size(SMALL + 0.5)
    return figure, axes


def _river(ax: Axes, steps: np.ndarray, percentiles: np.ndarray, color: str) -> None:
    """Draw (seeds, T, 9): the first seed's bands, and everyone's median."""
    first = percentiles[0]
    for low, high, alpha in BANDS:
        ax.fill_between(
            steps, first[:, low], first[:, high], color=color, alpha=alpha, linewidth=0
        )
    for median in percentiles[1:, :, 4]:
        ax.plot(steps, median, color=color, linewidth=0.7, alpha=0.8)
    ax.plot(steps, first[:, 4], color=color, linewidth=1.8)


def _fine_near_zero(row: Sequence[Axes]) -> None:
    """Give a row that shares its scale one on which both 0.3 and 15 can be seen."""
    low, high = row[0].get_ylim()
    row[0].set_yscale("function", functions=(np.arcsinh, np.sinh))
    ticks = [tick for tick in (-10, -3, -1, 0, 1, 3, 10) if low <= tick <= high]
    row[0].set_yticks(ticks, [f"{tick:g}".replace("-", "−") for tick in ticks])
    row[0].set_ylim(low, high)


def _grey_beyond(row: Sequence[Axes], size: float) -> None:
    """Shade what lies further from 0 than ``size``; the limits stay."""
    low, high = row[0].get_ylim()
    for ax in row:
        for start, end in ((low, -size), (size, high)):
            if start < end:
                ax.axhspan(start, end, color="#EEEEEE", zorder=0)
    row[0].set_ylim(low, high)


def _dashed(ax: Axes, value: float, text: str) -> None:
    ax.axhline(value, color=COLORS["theory"], linestyle="--", linewidth=1)
    ax.annotate(
        text,
        (0.98, value),
        xycoords=("axes fraction", "data"),
        xytext=(0, -3),
        textcoords="offset points",
        ha="right",
        va="top",
        color=COLORS["theory"],
        fontsize=SMALL,
    )


def _label_ends(ax, last, values, names, color, log) -> None:
    """Name the lines, values (seeds, T, K), at their right ends, moved apart.

    A short piece of the line stands before its name.
    """
    lines = (np.log10(values) if log else values).mean(0)  # (T, K)
    low, high = np.log10(ax.get_ylim()) if log else ax.get_ylim()
    groups = _coinciding(lines, 0.01 * (high - low))
    ends = np.array([lines[-1, group].mean() for group in groups])
    order = np.argsort(ends, kind="stable")
    gap = 0.08 * (high - low)
    heights = np.array(spread(list(ends[order]), gap))
    heights -= heights.mean() - ends.mean()  # half up, half down
    heights += max(0, low + gap / 2 - heights[0])
    darker = _shades(color, len(names), lightest=0.0)  # text needs more contrast
    for number, height in zip(order, heights, strict=True):
        at = 10**height if log else height
        first, *others = groups[number]
        name = names[first]
        if others:
            name += f"–{names[others[-1]].split()[-1]}"
        piece = {
            "arrowstyle": "-",
            "color": darker[first],
            "linewidth": 1.5,
            "linestyle": DASHES[first % len(DASHES)],
            "shrinkA": 1,
            "shrinkB": 3,
        }
        options = {"xytext": (20, 0), "fontsize": SMALL, "arrowprops": piece}
        label(ax, last, at, name, darker[first], **options)
    ax.set_xlim(0, 1.95 * last)


def _coinciding(lines: np.ndarray, within: float) -> list[list[int]]:
    """Group neighbours among the lines (T, K) that nowhere differ by ``within``."""
    groups = [[0]]
    for line in range(1, lines.shape[1]):
        near = np.abs(lines[:, line] - lines[:, groups[-1][0]]).max() < within
        if near:
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _shades(color: str, count: int, lightest: float = -0.45) -> list[np.ndarray]:
    """Return ``count`` kinds of ``color``, mixed with white (-1) to black (1)."""
    base = np.array(to_rgb(color))
    shares = np.linspace(lightest, 0.6, count)
    return [base + abs(s) * ((1.0 if s < 0 else 0.0) - base) for s in shares]


def _step_axis(row: Sequence[Axes], last: int) -> None:
    """Show the steps 0 to ``last`` on a square-root scale, with four round ticks."""
    row[0].set_xscale("function", functions=(np.sqrt, np.square))
    ticks = sorted({0, *(_round_number(last * s) for s in (0.04, 0.25, 1))})
    row[0].set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    row[0].set_xlim(0, 1.02 * last)
    for ax in row:
        ax.set_xlabel(f"training step{' (square-root scale)' * (len(row) < 3)}")


def _round_number(value: float) -> int:
    """Return the nearest of 1, 2, 5, 10, 20, 50, ... on a log scale."""
    numbers = np.outer(10.0 ** np.arange(7), [1, 2, 5]).ravel()
    return int(numbers[np.abs(np.log(numbers / value)).argmin()])


def _between(centres: np.ndarray) -> np.ndarray:
    """Return the edges (T + 1,) halfway between sorted centres (T,)."""
    middles = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([centres[:1], middles, centres[-1:]])
