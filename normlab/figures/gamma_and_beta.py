"""Figures of the chapter on gamma and beta."""

import numpy as np
from matplotlib.figure import Figure

from normlab.figures.style import COLORS, WIDE, new_figure, seed_band

# What the colours say in these figures.
PLAIN = COLORS["batch"]  # the training as it is; the first layer
CHANGED = COLORS["changed"]  # the same training or order with one thing changed
CHANCE = COLORS["theory"]  # what guessing gives, and what theory says
OTHER = COLORS["data"]  # the source; means over channels; the layers after the first
# Trainings in the order in which they are given: plain, changed, changed in part.
STYLES = (
    {"color": PLAIN},
    {"color": CHANGED},
    {"color": CHANGED, "linestyle": (0, (4, 1.5))},
)
ORDERS = {
    "smallest": ("smallest |gamma| first", PLAIN),
    "random": ("random order", CHANCE),
    "largest": ("largest |gamma| first", CHANGED),
}
MARKERS = ("o", "s", "^", "D")


def first_layer_trajectories(
    gamma: np.ndarray, beta: np.ndarray, epochs: np.ndarray
) -> Figure:
    """Draw each channel's gamma and beta while training; the first seed stands out.

    Args:
        gamma: (seeds, T, C).
        beta: (seeds, T, C).
        epochs: when, in epochs (T,).
    """
    figure, axes = new_figure((6.8, 3.4), columns=2)
    for ax, values, name in zip(axes, (gamma, beta), ("gamma", "beta"), strict=True):
        for seed in values[1:]:
            ax.plot(epochs, seed, color=PLAIN, alpha=0.4, linewidth=0.8)
        ax.plot(epochs, values[0], color=PLAIN, linewidth=1.8)
        ax.set(xlabel="epoch", ylabel=f"{name} (dimensionless)")
        ax.set_xticks(range(0, round(epochs[-1]) + 1, 2))
    return figure


def layer_trajectories(
    layers: list[np.ndarray], epochs: np.ndarray, name: str
) -> Figure:
    """Draw every channel of every layer against the epoch, a panel a layer.

    Args:
        layers: (T, C) each, from the first layer to the last.
        epochs: when, in epochs (T,).
        name: "gamma" or "beta".
    """
    figure, axes = new_figure((6.8, 2.8), columns=len(layers), sharey=True)
    for number, (ax, values) in enumerate(zip(axes, layers, strict=True), start=1):
        many = values.shape[1] > 50
        width, alpha = (0.5, 0.35) if many else (1.0, 0.8)
        # Hundreds of lines weigh less as a picture.
        ax.plot(
            epochs, values, color=PLAIN, linewidth=width, alpha=alpha, rasterized=many
        )
        ax.plot(epochs, values.mean(1), color=OTHER, linewidth=1.8)
        ax.set_title(f"layer {number}\n{values.shape[1]} channels", fontsize=11)
        ax.set(xlabel="epoch")
    axes[0].set_ylabel(f"{name} (dimensionless)")
    return figure


def source_beside_seeds(
    ours: dict[str, np.ndarray],
    ranges: dict[str, np.ndarray],
    source: dict[str, np.ndarray],
) -> Figure:
    """Draw a source's channels, sorted, on the sorted channels of several seeds.

    Args:
        ours: "gamma" and "beta" -> (seeds, C), each row sorted.
        ranges: the same names -> low and high of where one more run would be (2, C).
        source: the same names -> one run's values, sorted (C,).
    """
    figure, axes = new_figure((6.8, 3.4), columns=len(ours))
    axes = np.atleast_1d(axes)
    for ax, name in zip(axes, ours, strict=True):
        rank = np.arange(1, ours[name].shape[1] + 1)
        ax.vlines(rank, *ranges[name], color=PLAIN, alpha=0.25, linewidth=9)
        many = np.repeat(rank[None], len(ours[name]), 0)
        ax.scatter(many, ours[name], color=PLAIN, s=14, label="our seeds")
        ax.scatter(
            rank, source[name], color=OTHER, marker="x", s=50, label="source", zorder=3
        )
        ax.set(xlabel="place in the order (1: smallest)")
        ax.set(ylabel=f"{name} (dimensionless)", xlim=(0.4, rank[-1] + 0.6))
        ax.set_xticks(rank)
    axes[0].legend(loc="upper left", handletextpad=0.3)
    return figure


def mean_sizes(variants: dict[str, np.ndarray], epochs: np.ndarray) -> Figure:
    """Draw each layer's mean size of gamma; line, mean of seeds; band, their range.

    Args:
        variants: label -> mean of |gamma| over channels (layers, seeds, T): the plain
            training, then the changed one, then the one changed in part.
        epochs: when, in epochs (T,).
    """
    layers = len(next(iter(variants.values())))
    figure, axes = new_figure((6.8, 3.1), columns=layers, sharey=True)
    for number, ax in enumerate(axes):
        for (name, sizes), style in zip(variants.items(), STYLES, strict=False):
            seed_band(ax, epochs, sizes[number], label=name, **style)
        ax.set_title(f"layer {number + 1}", fontsize=11)
        ax.set(xlabel="epoch", ylim=(0, None))
    axes[0].set_ylabel("mean |gamma| (dimensionless)")
    _legend_above(figure, axes[0], handlelength=2)
    return figure


def losses_against(
    at: np.ndarray,
    lines: dict[str, np.ndarray],
    colors: dict[str, str],
    clock: str,
    chance: float | None = None,
) -> Figure:
    """Draw training losses; line, mean of seeds; band, from the lowest to the highest.

    Args:
        at: where on the horizontal axis (T,).
        lines: label -> losses in nats (seeds, T).
        colors: label -> colour.
        clock: what the horizontal axis says, "step" or "epoch".
        chance: the loss of guessing blindly, drawn dashed.
    """
    figure, ax = new_figure(WIDE)
    for name, losses in lines.items():
        seed_band(ax, at, losses, colors[name], label=name)
    top = 1.05 * max(losses.max() for losses in lines.values())
    if chance is not None:
        ends = [0, at[-1]]
        ax.plot(ends, [chance, chance], color=CHANCE, linestyle="--", linewidth=1)
        top = max(top, 1.15 * chance)
    ax.set(xlabel=clock, ylabel="training loss (nats)", ylim=(0, top))
    ax.set_xlim(0, at[-1])
    _legend_above(figure, ax, handlelength=1.2)
    return figure


def pruned_accuracy(shares: list[int], accuracy: dict[str, np.ndarray]) -> Figure:
    """Draw accuracy against the share of channels silenced, a line an order.

    Args:
        shares: of each layer's channels, in per cent (S,).
        accuracy: order, a name in ``ORDERS`` -> accuracy, 0 to 1 (seeds, S).
    """
    figure, ax = new_figure((6.8, 3.4))
    for order, values in accuracy.items():
        name, color = ORDERS[order]
        seed_band(ax, shares, 100 * np.asarray(values), color, marker=".", label=name)
    ax.set(xlabel="channels silenced in each layer (%)", ylabel="test accuracy (%)")
    ax.set(ylim=(0, 100))
    ax.legend()
    return figure


def beside_identity(
    scales: dict[str, tuple[np.ndarray, np.ndarray]],
    centres: dict[str, tuple[np.ndarray, np.ndarray]],
) -> Figure:
    """Draw gamma and beta against what would put scale and centre back (dashed).

    Three panels, each with one unit for both axes: the scale; the centre of the first
    layer; the centre of the others, which reaches much further.

    Args:
        scales: layer -> (standard deviation removed (C,), gamma (C,)).
        centres: layer -> (mean removed, in units of the output (C,), beta (C,)).
    """
    figure, axes = new_figure((6.8, 3.3), columns=3)
    first = next(iter(centres))
    others = {name: points for name, points in centres.items() if name != first}
    panels = (scales, {first: centres[first]}, others)
    looks = dict(zip(scales, MARKERS, strict=False))
    for ax, layers in zip(axes, panels, strict=True):
        ax.axline((0, 0), slope=1, color=CHANCE, linestyle="--", linewidth=1)
        for name, (x, y) in layers.items():
            few = name == first  # it has the fewest channels
            style = {"color": PLAIN, "s": 45} if few else {"color": OTHER, "s": 12}
            ax.scatter(
                x, y, marker=looks[name], label=name, zorder=3 + few,
                alpha=0.9 if few else 0.45, linewidths=0, **style,
            )  # fmt: skip
        ax.tick_params(labelsize=9)
        ax.set_aspect("equal", adjustable="datalim")
    axes[0].set(title="scale", xlabel="standard deviation\nremoved (dimensionless)")
    axes[0].set_ylabel("gamma (dimensionless)")
    axes[1].set_title(f"centre, {first}")
    axes[2].set_title("centre, the others")
    for ax in axes[1:]:
        ax.set_ylabel("beta (dimensionless)")
        ax.set_xlabel("mean · gamma / std\nremoved (dimensionless)")
    for ax in axes:
        ax.title.set_size(11)
        ax.xaxis.label.set_size(9.5)
        ax.yaxis.label.set_size(10)
    _legend_above(figure, axes[0], handletextpad=0.1)
    return figure


def _legend_above(figure: Figure, ax, **options) -> None:
    handles, names = ax.get_legend_handles_labels()
    figure.legend(
        handles, names, loc="outside upper center", ncols=len(names), **options
    )
