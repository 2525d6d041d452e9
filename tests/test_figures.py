"""Figures: axes say what they show, data arrive unchanged, nothing is left open."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from normlab import figures
from normlab.figures import __main__ as draw_cover
from normlab.figures.batch_kalman import LOOKS
from normlab.figures.cover import cover
from normlab.figures.implementations import CURVES
from normlab.figures.style import spread, spread_both_ways

RNG = np.random.default_rng(0)
VALLEY = (np.diag([4.0, 1.0]), np.array([1.0, 2.0]), RNG.normal(size=(5, 2)), "red")
RUNS = pd.DataFrame(
    [
        {
            "seed": s,
            "epoch": e,
            "value": s + 1 / e,
            "norm": n,
            "lr": lr,
            "key": f"{s}{n}",
        }
        for s in range(3)
        for e in range(1, 11)
        for n in ("none", "torch_batch")
        for lr in (0.1, 1.0)
    ]
)
RACE = {
    "sizes": [2, 128],
    "rows": [
        {"label": "few", "color": "batch", "contenders": [(2, "a"), (128, "b")]},
        {"label": "alone", "color": "data", "contenders": [(0, "c")]},
        {"label": "not there", "color": "none", "contenders": [(0, "d")]},
    ],
    "cells": {
        "a": {"accuracy": [80.0, 78.0, 81.0]},
        "b": {"accuracy": [90.0, 90.0, 90.0]},
        "c": {"accuracy": [85.0, 84.0, 86.0]},
    },
}
ONE_RATE = RUNS[RUNS["lr"] == 1.0]
LENET = pd.concat(
    RUNS[RUNS["norm"] == "none"].assign(
        norm=norm, split=split, statistics=statistics, measure=measure
    )
    for norm in ("none", "batch", "torch_batch")
    for split, statistics, measure in (
        ("train", "", "loss"),
        ("test", "running", "accuracy"),
        ("test", "batch", "accuracy"),
        ("validation", "running", "accuracy"),
        ("validation", "batch", "accuracy"),
    )
)
SORTED = np.sort(RNG.normal(size=(3, 6)))
PRUNED = {"smallest": np.array([[0.9, 0.9], [0.8, 0.8], [0.7, 0.7]])}  # (seeds, S)
MOMENTA = (0.01, 0.1, 1.0)
ERRORS = {"a": (np.exp(RNG.normal(size=(5, 3))), 0.2)}
SNAPSHOTS = np.array([0, 1, 10, 60, 200])
PERCENTILES = np.sort(RNG.normal(size=(2, 5, 3, 9)))
SHARES = RNG.uniform(0, 0.5, size=(5, 3, 7))
PAPERS = pd.DataFrame(
    [("x", "1502.03167", "a"), ("y", "1607.06450", "b"), ("z", "1607.08022", "b")],
    columns=["name", "arXiv", "kind"],
)
MOVED = np.eye(4, 5, dtype=bool)
LOSSES = {"b": (np.arange(50.0), RNG.uniform(size=(2, 50)))}
MISSES = {"torch": np.geomspace(0.02, 0.5, 30)}


BAND = np.array([[0.5, 0.8], [0.4, 0.7], [0.6, 0.9]])  # mean, lowest, highest
LINE = (np.array([10, 20]), BAND, "multistep", "red")
BY_SIZE = {4: np.array([0.5, 0.7]), 16: np.array([0.8]), 64: np.array([])}
BY_RATE = {
    arm: pd.DataFrame(RNG.uniform(0.5, 0.9, size=(5, 3)), columns=[0.1, 1.0, 10.0])
    for arm in ("none", "torch_batch")
}
GROUPS = {"8": np.array([0.7, 0.8]), "1": np.array([0.6, 0.9, 0.9])}
BY_LAYER = {2: (0.2, 0.3), 3: (0.4, 0.1)}  # of the mean, of the deviation
WAY = RNG.uniform(0.5, 0.9, size=(3, 8))
CONTENDER = (np.arange(50, 450, 50), WAY, np.array([0.8, 0.9]), "red")
OF_GAIN = {arm: {0.1: 0.3, 1.0: 1.0, 10.0: 3.0} for arm in BY_RATE}
SEEDS_OF = {name: np.array([x, 1.1 * x]) for name, x in {"a": 0.5, "b": 1.0}.items()}
PAIRS = {name: (values, 2 * values, "red") for name, values in SEEDS_OF.items()}
LOOKED = [(np.array([2.0, 1.0, 0.4]), np.array([0.1, 0.3, 0.9]))]
ENDS = {"low": [1.0, 0.5], "high": [2.0, 1.5]}
PAGE = {"steps": [5, 15], "losses": ENDS, "epochs": [1, 2], "accuracies": ENDS}
LAYER_SHARES = [np.array([0.05, 0.2]), np.array([0.09, 0.1, 0.11])]
DRAWN = {
    "two_valleys": lambda: figures.two_valleys({"a": VALLEY, "b": VALLEY}),
    "loss_against_step": lambda: figures.loss_against_step(
        {"raw": np.geomspace(1, 0.1, 9)}, {"raw": "red"}
    ),
    "cosine_histograms": lambda: figures.cosine_histograms(
        {"raw": RNG.uniform(-1, 1, 99)}, {"raw": "red"}
    ),
    "depth_profile": lambda: figures.depth_profile(
        {"a": np.exp(RNG.normal(size=(3, 6)))}, {"a": "red"}
    ),
    "five_numbers": lambda: figures.five_numbers(
        {"x": np.arange(5.0), "y": -np.ones(5)}
    ),
    "map_shapes": lambda: figures.map_shapes(RNG.normal(size=99), RNG.normal(size=99)),
    "running_estimates": lambda: figures.running_estimates(
        {"m": np.arange(5.0)}, 3.0, "mean (dimensionless)"
    ),
    "seed_curves": lambda: figures.seed_curves(
        {"a": ONE_RATE[ONE_RATE["norm"] == "none"]}, {"a": "red"}, "loss (nats)"
    ),
    "loss_with_and_without": lambda: figures.loss_with_and_without(LENET),
    "accuracy_by_statistics": lambda: figures.accuracy_by_statistics(LENET),
    "compare_rates": lambda: figures.compare_rates(LENET),
    "loss_by_layer": lambda: figures.loss_by_layer(LENET),
    "throughput_bars": lambda: figures.throughput_bars(
        {
            f"examples_per_second_{layer}_{kind}": 1000.0
            for layer in ("hand", "builtin")
            for kind in ("eager", "compiled")
        }
    ),
    "gap_against_step": lambda: figures.gap_against_step(
        {"by hand, 64 bits": np.array([0.0, 1e-7, 1e-5])}
    ),
    "gradient_projection": lambda: figures.gradient_projection(
        np.array([-1.0, -0.3, 1.3]), np.array([2.0, -1.0, 3.0])
    ),
    "computational_graph": figures.computational_graph,
    "three_paths": lambda: figures.three_paths(
        np.arange(5.0), {"a": np.ones(5), "b": -np.ones(5), "c": np.arange(5.0)}
    ),
    "output_and_slope": lambda: figures.output_and_slope(
        np.arange(5.0), np.arange(5.0), np.ones(5)
    ),
    "bias_growth": lambda: figures.bias_growth(
        *[{"full": np.ones(9), "detached": np.arange(9.0)} for _ in range(2)]
    ),
    "loss_against_rate": lambda: figures.loss_against_rate(
        RUNS.rename(columns={"norm": "kind", "value": "loss"}),
        {"none": ("without", "red")},
    ),
    "first_layer_trajectories": lambda: figures.first_layer_trajectories(
        RNG.normal(size=(3, 5, 6)), RNG.normal(size=(3, 5, 6)), np.arange(5.0)
    ),
    "layer_trajectories": lambda: figures.layer_trajectories(
        [RNG.normal(size=(5, 6)), RNG.normal(size=(5, 60))], np.arange(5.0), "gamma"
    ),
    "source_beside_seeds": lambda: figures.source_beside_seeds(
        {"gamma": SORTED}, {"gamma": SORTED[:2]}, {"gamma": SORTED[0]}
    ),
    "mean_sizes": lambda: figures.mean_sizes(
        {"a": RNG.uniform(size=(4, 3, 5))}, np.arange(5.0)
    ),
    "losses_against": lambda: figures.losses_against(
        np.arange(5.0), {"a": RNG.uniform(size=(3, 5))}, {"a": "red"}, "step", 2.3
    ),
    "pruned_accuracy": lambda: figures.pruned_accuracy([0, 50], PRUNED),
    "beside_identity": lambda: figures.beside_identity(
        {f"layer {n}": (np.ones(6), np.ones(6)) for n in (1, 2)},
        {f"layer {n}": (np.ones(6), np.ones(6)) for n in (1, 2)},
    ),
    "company": lambda: figures.company(
        RNG.uniform(size=(28, 28)), {"8 boots": RNG.uniform(size=9)}, 0.8, "p"
    ),
    "batch_jitter": lambda: figures.batch_jitter(
        RNG.normal(size=60), 0.1, [2, 8, 64], np.ones(3), np.array([0.4, 0.2, 0.1])
    ),
    "by_batch_size": lambda: figures.by_batch_size(
        {"a": {"x": (BY_SIZE, "red")}, "b": {"x": (BY_SIZE, "red")}},
        "test accuracy (%)",
    ),
    "accuracy_by_depth": lambda: figures.accuracy_by_depth(
        {"a": ({3: [0.8, 0.9], 15: [0.1, 0.1]}, "red", ":")}
    ),
    "signal_and_gradient": lambda: figures.signal_and_gradient(
        {"a": (np.geomspace(1, 1e-6, 4), np.geomspace(1e-9, 1, 5))}, {"a": "red"}
    ),
    "curves_of_three": lambda: figures.curves_of_three(
        {"loss (nats)": {"a": RNG.uniform(size=(3, 50))}}, {"a": "red"}
    ),
    "by_two_sizes": lambda: figures.by_two_sizes(
        {"a": dict.fromkeys(("both", "statistics", "gradient"), BY_SIZE)},
        "test accuracy (%)",
    ),
    "batch_mean_scatter": lambda: figures.batch_mean_scatter(
        {"a": (np.array([1.0, 0.5]), {"f": np.array([1.0, 0.5])})}, (4, 16)
    ),
    "accuracy_by_size": lambda: figures.accuracy_by_size(
        {"a": (np.array([0.5, 0.8]), "red")}, (4, 64)
    ),
    "rate_maps": lambda: figures.rate_maps({"ReLU": BY_RATE, "sigmoid": BY_RATE}),
    "accuracy_by_rate": lambda: figures.accuracy_by_rate(
        {"ReLU": BY_RATE}, {"ReLU": {"none": 0.5, "torch_batch": 2.0}}
    ),
    "accuracy_by_gain": lambda: figures.accuracy_by_gain(BY_RATE, OF_GAIN),
    "accuracy_by_updates": lambda: figures.accuracy_by_updates(
        {"a": (BY_RATE["none"].set_axis([100, 500, 1950], axis=1), "red", "-")}, 0.8
    ),
    "weights_grow": lambda: figures.weights_grow({1.0: ([1.0, 2.0, 3.0], "red")}),
    "running_errors": lambda: figures.running_errors(ERRORS, MOMENTA),
    "parts_by_size": lambda: figures.parts_by_size(
        {"gap": ([(-3.0, -5.0, -2.0), (-1.0, -2.0, 0.5)], "red")}, (4, 64)
    ),
    "bars_by_image": lambda: figures.bars_by_image({"a": np.array([1.0, 0.0])}),
    "last_batches": lambda: figures.last_batches({2: 2, 3: 1, 4: 3}),
    "precision_errors": lambda: figures.precision_errors(
        (1.0, 10.0, 100.0), {"half": [1e-3, 0.01, np.inf]}
    ),
    "forest": lambda: figures.forest(
        {"rate 1": {"a": (1.0, 0.5, 2.0)}}, "difference (points)"
    ),
    "where_to_look": figures.where_to_look,
    "percentile_rivers": lambda: figures.percentile_rivers(
        SNAPSHOTS,
        {"a": (PERCENTILES, "red"), "b": (PERCENTILES, "blue")},
        {"a": (np.arange(50.0), RNG.uniform(size=(2, 50)))} | LOSSES,
        6.0,
    ),
    "percentile_lines": lambda: figures.percentile_lines(
        {
            "short": {"a": (SNAPSHOTS, PERCENTILES[:, :, 0, 3:6], "red")},
            "long": {"a": (10 * SNAPSHOTS, PERCENTILES[:, :, 0, 3:6], "red")},
        }
    ),
    "histogram_images": lambda: figures.histogram_images(
        SNAPSHOTS, np.linspace(-9, 9, 8), {"a": SHARES, "b": SHARES}
    ),
    "layer_lines": lambda: figures.layer_lines(
        SNAPSHOTS,
        {"a": (np.exp(RNG.normal(size=(2, 5, 3))), "red")},
        ["one", "two", "three"],
        "gradient (nats, log scale)",
        log=True,
        reference=(1.0, "theory"),
    ),
    "accuracy_by_convention": lambda: figures.accuracy_by_convention(
        100 * np.arange(1, 31), dict.fromkeys(CURVES, np.linspace(0.4, 0.88, 30))
    ),
    "level_against_jump": lambda: figures.level_against_jump(
        dict.fromkeys(CURVES, (np.array([0.8, 0.9]), np.array([0.01, 0.02])))
    ),
    "remembered_statistics": lambda: figures.remembered_statistics(
        {"torch": np.ones((2, 7))}, {"mean": 3.0, "variance": 4.0}
    ),
    "memory_misses": lambda: figures.memory_misses(
        np.arange(1, 31), MISSES, {"torch": np.geomspace(0.1, 1, 30)}, 0.9
    ),
    "accuracy_by_test_batch": lambda: figures.accuracy_by_test_batch(
        {"shuffled": {2: 0.5, 1000: 0.9}, "PyTorch’s memory": {2: 0.9, 1000: 0.9}}
    ),
    "shared_means": lambda: figures.shared_means((4, 8, 8, 8)),
    "accuracy_by_sharing": lambda: figures.accuracy_by_sharing(RACE),
    "accuracy_curves": lambda: figures.accuracy_curves(
        {"a": {"x": LINE}, "b": {"x": LINE}}, level=(15, 0.6)
    ),
    "rates_by_update": lambda: figures.rates_by_update(
        {"a": (np.array([0.1, 0.01]), "original", "red")}
    ),
    "small_or_not": lambda: figures.small_or_not(
        {
            "a": {"row": ((0.1, -0.2, 0.4), np.array([0.0, 0.2]))},
            "b": {"row": ((1.0, 0.5, 1.5), np.array([0.8, 1.2]))},
        },
        smallest=0.5,
        limit=3,
    ),
    "by_factor": lambda: figures.by_factor(
        {"a": ({1: np.array([0.8, 0.9]), 3: np.array([0.7])}, "original", "red")}
    ),
    "accuracy_in_groups": lambda: figures.accuracy_in_groups(
        {"a": (GROUPS, "red"), "b": ({"8": np.array([0.5])}, "blue")},
        "batch size (images)",
    ),
    "sign_and_surrogate": lambda: figures.sign_and_surrogate(
        np.arange(4.0), np.ones(4), np.ones(4), np.zeros(4)
    ),
    "misses_by_layer": lambda: figures.misses_by_layer(dict.fromkeys(LOOKS, BY_LAYER)),
    "on_the_way_and_at_the_end": lambda: figures.on_the_way_and_at_the_end(
        {"a": CONTENDER, "b": CONTENDER}
    ),
    "deviation_by_layer": lambda: figures.deviation_by_layer(
        {"a": (np.geomspace(1, 1e-6, 20), "red", ":"), "b": (np.ones(20), "blue", "-")}
    ),
    "gradient_shares": lambda: figures.gradient_shares(
        {"8 images": LAYER_SHARES, "128 images": LAYER_SHARES}, 0.1
    ),
    "variance_by_copies": lambda: figures.variance_by_copies(
        {"copies": ({1: 4.0, 2: 3.0, 4: 2.5}, "red")}
    ),
    "copies_by_update": lambda: figures.copies_by_update(
        {"a": (BY_RATE["none"].set_axis([50, 100, 150], axis=1), "red", "-")}
    ),
    "three_tests": lambda: figures.three_tests(PAIRS, {"a": (LOOKED, "red")}, PAIRS),
    "norms_and_angles": lambda: figures.norms_and_angles(
        {"a": (1 + WAY, WAY / 10, 0.05, "red"), "b": (1 + WAY, WAY / 10, None, "blue")},
        np.arange(8),
    ),
    "angles_by_momentum": lambda: figures.angles_by_momentum(
        {"a": ({0.0: 0.1, 0.9: 0.07}, "red", "o")}, 0.1
    ),
    "losses_along": lambda: figures.losses_along(
        np.arange(3.0), {"none": ([2.0, 1.0, 1.5], 0.8), "batch": ([1.9, 1.0, 0.5], 1)}
    ),
    "bands_of_page": lambda: figures.bands_of_page({"none": PAGE, "batch": PAGE}),
    "by_statistics": lambda: figures.by_statistics(
        {"gap (nats)": {2: pd.Series([0.1, 0.2]), 8: pd.Series([0.3])}}
    ),
    "against_training_loss": lambda: figures.against_training_loss(
        {"a": (LOOKED, "red", True), "b": (LOOKED, "blue", False)}, 0.5
    ),
    "size_by_block": lambda: figures.size_by_block(
        {"a": (np.geomspace(1, 1e9, 54), "red", "-"), "b": (np.ones(54), "blue", "--")},
        "mean square (log scale)",
    ),
    "accuracies": lambda: figures.accuracies(
        {"a": (pd.Series([10.0, 80.0]), "red"), "b": (pd.Series([50.0]), "blue")}
    ),
    "tokens_moved": lambda: figures.tokens_moved({"a": MOVED, "b": ~MOVED}, (0, 3)),
    "timeline": lambda: figures.timeline(PAPERS, {"a": "red", "b": "blue"}),
    "cover": lambda: cover(ONE_RATE),
}
UNITLESS = (
    "epoch",
    "step",
    "updates",
    "batches",
    "layer",
    "block",
    "momentum m",
    "weight of pixel",
    "learning rate",
)


def test_every_figure_function_is_tried():
    functions = {n for n in figures.__all__ if callable(getattr(figures, n))}
    assert functions - {"use_style"} == DRAWN.keys() - {"cover"}


def named(ax, which):
    """The label of an axis, or of another one that shares its scale."""
    alike = getattr(ax, f"get_shared_{which}_axes")()
    sharing = [other for other in ax.figure.axes if alike.joined(ax, other)]
    labels = [getattr(other, f"get_{which}label")() for other in (ax, *sharing)]
    return next((text for text in labels if text), "")


@pytest.mark.parametrize("name", DRAWN)
def test_axes_are_named_with_unit(name):
    for ax in DRAWN[name]().axes:
        if not ax.axison:  # a diagram: nothing is measured along its sides
            continue
        labels = [named(ax, "x")]
        named_rows = any(t.get_text()[:1].isalpha() for t in ax.get_yticklabels())
        if not named_rows and len(ax.get_yticks()):  # a colour bar has none
            labels.append(named(ax, "y"))
        for text in labels:
            assert text, "an axis has no label"
            assert (
                "(" in text
                or any(word in text for word in UNITLESS)
                or (text.startswith("cosine"))
            ), text


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_is_left_open_in_pyplot(name):
    DRAWN[name]()
    assert plt.get_fignums() == []


def test_seed_curves_draw_mean_and_range():
    figure = figures.seed_curves(
        {"a": ONE_RATE[ONE_RATE["norm"] == "none"]}, {"a": "red"}, "loss (nats)"
    )
    (ax,) = figure.axes
    np.testing.assert_allclose(
        ax.lines[0].get_ydata(), 1 + 1 / np.arange(1, 11), rtol=1e-9
    )
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert band.max() == pytest.approx(3.0)
    assert band.min() == pytest.approx(0.1)


def test_three_paths_show_each_part_and_their_sum():
    parts = {"a": np.arange(3.0), "b": -np.ones(3), "c": np.array([0.0, 2.0, 1.0])}
    (ax,) = figures.three_paths(np.arange(3.0), parts).axes
    bars = [[bar.get_height() for bar in group] for group in ax.containers]
    np.testing.assert_allclose(bars, list(parts.values()))
    sums = [segment[0, 1] for segment in ax.collections[0].get_segments()]
    np.testing.assert_allclose(sums, [-1.0, 2.0, 2.0])


def test_percent_axes_are_scaled():
    rows = ONE_RATE[ONE_RATE["norm"] == "none"]
    figure = figures.seed_curves({"a": rows}, {"a": "red"}, "accuracy (%)")
    assert figure.axes[0].lines[0].get_ydata()[0] == pytest.approx(200.0)


def test_same_data_same_svg(tmp_path):
    figures.use_style()
    written = []
    for file in (tmp_path / "a.svg", tmp_path / "b.svg"):
        figure = figures.five_numbers({"x": np.arange(5.0)})
        figure.savefig(file, metadata={"Date": None})
        written.append(file.read_bytes())
    assert written[0] == written[1]


def test_the_cover_is_drawn_from_the_records(tmp_path, monkeypatch):
    monkeypatch.setattr(draw_cover, "COVER", tmp_path / "cover.svg")
    draw_cover.main()
    kept = Path(__file__).parents[1] / "web" / "theme" / "cover.svg"
    assert (tmp_path / "cover.svg").read_bytes() == kept.read_bytes(), (
        "run `python -m normlab.figures`"
    )


def test_labels_do_not_cover_each_other():
    placed = spread([0.0, 0.01, 0.02, 5.0], gap=1.0)
    assert placed == [0.0, 1.0, 2.0, 5.0]


def test_labels_that_move_both_ways_keep_their_middle():
    assert spread_both_ways([0.0, 0.0, 5.0], gap=1.0) == [-0.5, 0.5, 5.0]


def test_pruned_accuracy_draws_mean_and_range_in_per_cent():
    (ax,) = figures.pruned_accuracy([0, 50], PRUNED).axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [80, 80])
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((70, 90))


def test_mean_sizes_give_each_layer_its_own_panel():
    sizes = np.arange(4.0)[:, None, None] + np.array([0.0, 0.2])[None, :, None]
    sizes = np.repeat(sizes, 5, axis=2)  # (layers, seeds, T)
    figure = figures.mean_sizes({"a": sizes}, np.arange(5.0))
    drawn = [ax.lines[0].get_ydata()[0] for ax in figure.axes]
    np.testing.assert_allclose(drawn, [0.1, 1.1, 2.1, 3.1])


def test_trainings_of_mean_sizes_can_be_told_apart():
    three = {name: np.ones((2, 2, 5)) for name in "abc"}
    ax = figures.mean_sizes(three, np.arange(5.0)).axes[0]
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
    assert len(looks) == 3


def test_source_beside_seeds_keeps_source_and_seeds_apart():
    source = np.array([9.0, 10.0, 11.0])
    ours = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    (ax,) = figures.source_beside_seeds(
        {"gamma": ours}, {"gamma": ours}, {"gamma": source}
    ).axes
    drawn = {c.get_label(): c.get_offsets() for c in ax.collections}
    np.testing.assert_allclose(drawn["source"], np.stack([[1, 2, 3], source], 1))
    np.testing.assert_allclose(np.sort(drawn["our seeds"][:, 1]), np.sort(ours.ravel()))


def test_company_draws_every_draw_and_the_one_answer():
    draws = {"first": np.array([0.1, 0.2, 0.3]), "second": np.array([0.9])}
    ax, _ = figures.company(np.zeros((28, 28)), draws, 0.5, "p").axes
    *dots, alone = ax.lines
    for row, (line, values) in enumerate(zip(dots, draws.values(), strict=True)):
        np.testing.assert_allclose(line.get_xdata(), values)
        assert np.abs(line.get_ydata() + row).max() < 0.5  # in its own row
    np.testing.assert_allclose(alone.get_xdata(), 0.5)


def test_running_errors_draw_the_noise_of_an_average_as_theory():
    (ax,) = figures.running_errors(ERRORS, MOMENTA).axes
    mean, theory = (line.get_ydata() for line in ax.lines)
    np.testing.assert_allclose(mean, ERRORS["a"][0].mean(0))
    back = np.arange(5000)
    for momentum, drawn in zip(MOMENTA, theory, strict=True):
        weights = momentum * (1 - momentum) ** back  # of each past batch
        assert drawn == pytest.approx(0.2 * np.sqrt((weights**2).sum()))


def test_parts_by_size_draw_each_interval_at_its_place():
    intervals = [(-3.0, -5.0, -2.0), (-1.0, -2.0, 0.5)]
    (ax,) = figures.parts_by_size({"gap": (intervals, "red")}, (4, 64)).axes
    (drawn,) = ax.containers
    np.testing.assert_allclose(drawn.lines[0].get_ydata(), [-3, -1])
    ends = [segment[:, 1] for segment in drawn.lines[2][0].get_segments()]
    np.testing.assert_allclose(ends, [[-5, -2], [-2, 0.5]])


def test_forest_draws_each_interval_in_its_own_row():
    rows = {"a": (1.0, 0.5, 2.0), "b": (-1.0, -2.0, -0.5)}
    (ax,) = figures.forest({"rate 1": rows}, "difference (points)").axes
    ends = [line.get_xdata() for line in ax.lines[0:4:2]]
    np.testing.assert_allclose(ends, [[0.5, 2], [-2, -0.5]])
    assert [line.get_ydata()[0] for line in ax.lines[1:4:2]] == [0, -1]


def test_by_batch_size_draws_seeds_and_their_mean_as_errors():
    (ax,) = figures.by_batch_size({"a": {"x": (BY_SIZE, "red")}}, "accuracy (%)").axes
    mean, *seeds = ax.lines
    np.testing.assert_allclose(mean.get_xydata(), [[4, 40], [16, 20]])
    drawn = [line.get_xydata().tolist() for line in seeds]
    np.testing.assert_allclose(drawn[0], [[4, 50], [4, 30]])
    np.testing.assert_allclose(drawn[1], [[16, 20]])
    low, high = ax.get_ylim()
    assert low > high  # an error, upside down: the best is on top
    names = [t.get_text() for t in ax.get_yticklabels()]
    assert dict(zip(names, ax.get_yticks(), strict=True))["80"] == 20


def test_accuracy_by_depth_draws_seeds_and_their_mean_in_per_cent():
    line = ({3: [0.8, 0.9], 15: [0.1, 0.1]}, "red", "-")
    (ax,) = figures.accuracy_by_depth({"a": line}).axes
    mean, three, fifteen, guessing = ax.lines
    np.testing.assert_allclose(mean.get_xydata(), [[3, 85], [15, 10]])
    np.testing.assert_allclose(three.get_xydata(), [[3, 80], [3, 90]])
    np.testing.assert_allclose(fifteen.get_xydata(), [[15, 10], [15, 10]])
    assert set(guessing.get_ydata()) == {10}


def test_signal_and_gradient_begin_at_the_first_layer():
    sizes = np.array([0.1, 0.01]), np.array([1e-3, 1e-4, 1e-2])
    figure = figures.signal_and_gradient({"a": sizes}, {"a": "red"}, np.ones(2))
    for ax, values in zip(figure.axes, sizes, strict=True):
        drawn = ax.lines[0].get_xydata()
        expected = list(enumerate(values, start=1))
        np.testing.assert_allclose(drawn, expected)
        assert ax.get_yscale() == "log"
        low, high = ax.get_ylim()
        assert low <= 0.01 and high >= 10
    assert [len(ax.lines) for ax in figure.axes] == [2, 1]


def test_curves_of_three_are_means_in_bands_from_epoch_1():
    values = np.array([[1.0, 2.0], [3.0, 6.0]])
    (ax,) = figures.curves_of_three({"loss": {"a": values}}, {"a": "red"}).axes
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [[1, 2], [2, 4]])
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (1, 6)


def test_by_batch_size_leaves_other_measures_as_they_are():
    lines = {"a": {"x": ({4: np.array([1.0, 3.0])}, "red")}}
    (ax,) = figures.by_batch_size(lines, "variance (1)", log=True).axes
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [[4, 2]])
    assert ax.get_yscale() == "log"


def test_batch_means_are_drawn_beside_their_formula():
    measured, formula = np.array([1.0, 0.4]), np.array([1.0, 0.5])
    panel = {"a": (measured, {"f": formula})}
    (ax,) = figures.batch_mean_scatter(panel, (4, 16)).axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), measured)
    np.testing.assert_allclose(ax.lines[1].get_ydata(), formula)


def test_accuracy_by_size_is_in_per_cent():
    lines = {"a": (np.array([0.5, 0.8]), "red")}
    (ax,) = figures.accuracy_by_size(lines, (4, 64)).axes
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [[4, 50], [64, 80]])


def test_rivers_draw_every_layer_its_own_percentiles():
    figure = DRAWN["percentile_rivers"]()
    axes = np.array(figure.axes).reshape(4, 2)
    for layer, ax in enumerate(axes[:3, 0]):
        widest, *_, narrowest = ax.collections  # bands, from light to dark
        assert len(ax.collections) == 4
        for band, low, high in ((widest, 0, 8), (narrowest, 3, 5)):
            drawn = band.get_paths()[0].vertices[:, 1]
            expected = PERCENTILES[0, :, layer, [low, high]]
            assert set(expected.ravel()) <= set(drawn)
        others, first = ax.lines
        np.testing.assert_array_equal(first.get_ydata(), PERCENTILES[0, :, layer, 4])
        np.testing.assert_array_equal(others.get_ydata(), PERCENTILES[1, :, layer, 4])
    loss = axes[3, 1].lines[1].get_ydata()
    np.testing.assert_array_equal(loss, LOSSES["b"][1][1])


@pytest.mark.parametrize(("beyond", "patches"), [(0.5, 2), (1e3, 0)])
def test_rivers_are_grey_where_the_function_is_flat(beyond, patches):
    figure = figures.percentile_rivers(
        SNAPSHOTS, {"b": (PERCENTILES, "red")}, LOSSES, beyond
    )
    ax = figure.axes[0]
    assert len(ax.patches) == patches
    shaded = [patch.get_window_extent() for patch in ax.patches]
    for box in shaded:
        low, high = ax.transData.inverted().transform(box)[:, 1]
        assert high <= -beyond + 1e-9 or low >= beyond - 1e-9


def test_step_axes_end_at_the_last_step_and_share_what_is_alike():
    long, short = SNAPSHOTS * 10, SNAPSHOTS
    lines = PERCENTILES[:, :, 0, 3:6]
    unlike = figures.percentile_lines(
        {"a": {"x": (long, lines, "red")}, "b": {"x": (short, lines, "red")}}
    )
    ends = [ax.get_xlim()[1] for ax in unlike.axes]
    assert ends == pytest.approx([1.02 * 2000, 1.02 * 200])
    alike = figures.percentile_lines(
        {"a": {"x": (short, lines, "red")}, "b": {"x": (short, lines, "red")}}
    )
    assert [bool(ax.get_xlabel()) for ax in alike.axes] == [False, True]


def test_early_steps_get_more_room():
    ax = DRAWN["percentile_lines"]().axes[0]
    places = ax.transData.transform([(s, 0.0) for s in (0, 50, 200)])[:, 0]
    assert (places[1] - places[0]) / (places[2] - places[0]) == pytest.approx(0.5)


def test_histogram_image_has_one_column_of_pixels_a_snapshot():
    ax = DRAWN["histogram_images"]().axes[0]
    (mesh,) = ax.collections
    np.testing.assert_array_equal(
        np.ma.getdata(mesh.get_array()), SHARES[:, 0].T
    )  # (bins, T)
    at = mesh.get_coordinates()[0, :, 0]
    assert len(at) == len(SNAPSHOTS) + 1
    inside = (at[:-1] <= SNAPSHOTS) & (at[1:] >= SNAPSHOTS)
    assert inside.all() and (np.diff(at) > 0).all()


def test_layer_lines_draw_geometric_means_on_a_log_axis():
    values = np.array([[[1.0, 10.0]], [[100.0, 1000.0]]]).repeat(2, axis=1)
    for log, expected in ((True, [10.0, 100.0]), (False, [50.5, 505.0])):
        figure = figures.layer_lines(
            SNAPSHOTS[3:], {"a": (values, "red")}, ["i", "j"], "x (m)", log=log
        )
        (ax,) = figure.axes
        drawn = [line.get_ydata()[0] for line in ax.lines]
        np.testing.assert_allclose(drawn, expected)
        texts = {t.get_text(): t.xy[1] for t in ax.texts}
        assert texts["i"] < texts["j"]  # each name beside its line


def test_batch_jitter_draws_its_data():
    values, theory = RNG.normal(size=60), np.array([0.4, 0.2, 0.1])
    figure = figures.batch_jitter(values, 0.3, [2, 8, 64], 1.1 * theory, theory)
    left, right = figure.axes
    np.testing.assert_array_equal(left.lines[0].get_ydata(), values)
    assert set(left.lines[1].get_ydata()) == {0.3}
    np.testing.assert_array_equal(right.lines[0].get_ydata(), theory)
    np.testing.assert_array_equal(right.lines[1].get_ydata(), 1.1 * theory)


def test_losses_against_draw_mean_range_and_chance():
    losses = np.array([[3.0, 1.0], [1.0, 0.0]])  # (seeds, T)
    (ax,) = figures.losses_against(
        np.array([0.0, 10.0]), {"a": losses}, {"a": "red"}, "step", chance=2.5
    ).axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [2.0, 0.5])
    np.testing.assert_allclose(ax.lines[1].get_ydata(), [2.5, 2.5])
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((0, 3))


def test_layer_trajectories_draw_every_channel_and_their_mean():
    values = np.array([[0.0, 2.0], [1.0, 5.0]])  # (T, C)
    first, _ = figures.layer_trajectories(
        [values, values], np.array([0.0, 1.0]), "beta"
    ).axes
    drawn = [line.get_ydata() for line in first.lines]
    np.testing.assert_allclose(drawn, [[0, 1], [2, 5], [1, 3]])


def test_the_first_seed_stands_out_among_trajectories():
    gamma = np.arange(3.0)[:, None, None] * np.ones((1, 4, 6))  # (seeds, T, C)
    left, right = figures.first_layer_trajectories(gamma, -gamma, np.arange(4.0)).axes
    for ax in (left, right):
        assert len(ax.lines) == 3 * 6
        widest = max(line.get_linewidth() for line in ax.lines)
        strong = [line for line in ax.lines if line.get_linewidth() == widest]
        assert len(strong) == 6
        assert all((line.get_ydata() == 0).all() for line in strong)


def test_beside_identity_keeps_gamma_and_beta_apart():
    scales = {
        "layer 1": (np.array([1.0, 2.0]), np.array([3.0, 4.0])),
        "layer 2": (np.array([1.0]), np.array([2.0])),
    }
    centres = {
        "layer 1": (np.array([5.0, 6.0]), np.array([7.0, 8.0])),
        "layer 2": (np.array([9.0]), np.array([0.5])),
    }
    figure = figures.beside_identity(scales, centres)
    scale, first, others = figure.axes
    np.testing.assert_allclose(scale.collections[0].get_offsets(), [[1, 3], [2, 4]])
    np.testing.assert_allclose(first.collections[0].get_offsets(), [[5, 7], [6, 8]])
    np.testing.assert_allclose(others.collections[0].get_offsets(), [[9, 0.5]])
    figure.draw_without_rendering()
    for ax in figure.axes:
        assert ax.lines[0].get_slope() == 1
        (x0, y0), (x1, y1) = ax.transData.transform([(0, 0), (1, 1)])
        assert x1 - x0 == pytest.approx(y1 - y0)  # so the line is the diagonal


def drawn_points(ax):
    """(marker, x, y) of all that is drawn, but for what the legend is made of."""
    return {
        (line.get_marker(), *np.round(point, 6))
        for line in ax.lines
        for point in line.get_xydata()
    }


def test_groups_have_a_place_for_each_arm_and_all_of_its_seeds():
    """The means too, each with its number."""
    other = {"8": np.array([0.5])}
    arms = {"a": (GROUPS, "red"), "b": (other, "blue")}
    (ax,) = figures.accuracy_in_groups(arms, "batch size (images)").axes
    dots = {(-0.125, 70), (-0.125, 80), (0.875, 60), (0.875, 90), (0.125, 50)}
    means = {(-0.125, 75), (0.875, 80), (0.125, 50)}
    expected = {("o", *dot) for dot in dots} | {("_", *mean) for mean in means}
    assert drawn_points(ax) == expected
    assert sorted(t.get_text() for t in ax.texts) == ["50.0", "75.0", "80.0"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["8", "1"]


def test_a_seed_far_below_is_an_arrow_and_its_mean_is_still_written():
    seeds = {"8": np.array([0.8, 0.8, 0.1])}
    (ax,) = figures.accuracy_in_groups({"a": (seeds, "red")}, "x (images)").axes
    foot = 75.0
    assert drawn_points(ax) == {("o", 0, 80), ("v", 0, foot)}
    assert ax.get_ylim()[0] < foot
    assert [t.get_text() for t in ax.texts] == ["56.7"]


def test_the_sign_is_drawn_beside_the_function_whose_slope_it_takes():
    x = np.arange(4.0)
    value, slope = figures.sign_and_surrogate(x, x + 1, x + 2, x + 3).axes
    drawn = [line.get_ydata()[0] for line in (*value.lines, *slope.lines)]
    assert drawn == [1, 2, 3]


def test_misses_of_mean_and_deviation_have_a_panel_each():
    figure = figures.misses_by_layer({"2 images": BY_LAYER})
    for which, ax in enumerate(figure.axes):
        (line,) = ax.lines
        expected = [[layer, both[which]] for layer, both in BY_LAYER.items()]
        np.testing.assert_allclose(line.get_xydata(), expected)


def test_a_contender_is_drawn_on_its_way_and_at_its_end():
    steps, _, *rest = CONTENDER
    contenders = {"a": CONTENDER, "b": (steps, WAY - 0.3, *rest)}
    way, end = figures.on_the_way_and_at_the_end(contenders).axes
    for line, accuracies in zip(way.lines, (WAY, WAY - 0.3), strict=True):
        means = 100 * accuracies.mean(0)
        np.testing.assert_allclose(line.get_xydata(), np.c_[steps, means])
    assert way.get_ylim()[0] == pytest.approx(100 * (WAY[:, 2].mean() - 0.3))
    seeds, mean = end.lines[:2]
    np.testing.assert_allclose(seeds.get_xydata(), [[80, 0], [90, 0]])
    np.testing.assert_allclose(mean.get_xydata(), [[85, 0]])
    assert {tuple(line.get_ydata()) for line in end.lines[2:]} == {(1, 1), (1,)}


def test_moved_tokens_are_coloured_and_the_changed_one_is_framed():
    first, second = figures.tokens_moved({"a": MOVED, "b": ~MOVED}, (1, 3)).axes
    for ax, expected in ((first, MOVED), (second, ~MOVED)):
        drawn = np.ma.getdata(ax.collections[0].get_array())
        np.testing.assert_array_equal(drawn, expected)
        (frame,) = ax.patches
        assert frame.get_bbox().extents.tolist() == [2.5, 0.5, 3.5, 1.5]
        low, high = ax.get_ylim()
        assert low > high  # the first sequence is on top


def test_the_timeline_dates_a_paper_by_its_number():
    (ax,) = figures.timeline(PAPERS, {"a": "red", "b": "blue"}).axes
    dots = [line.get_ydata() for line in ax.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(dots[0], [2015 + 1 / 12])
    np.testing.assert_allclose(dots[1], [2016.5, 2016.5])
    heights = {t.get_text(): t.get_position()[1] for t in ax.texts}
    assert heights["z"] > heights["y"] == 2016.5  # names do not cover each other


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("batch", 1 / 8),
        ("layer", 1 / 4),
        ("layer over C", 1 / (4 * 64)),
        ("group", 1 / (4 * 2)),
        ("instance", 1 / (4 * 8)),
    ],
)
def test_lit_blocks_are_as_large_as_what_shares_a_mean(name, share):
    """Volumes, from the areas of the front faces and how deep the tops go."""
    axes = {ax.get_title(): ax for ax in figures.shared_means((4, 8, 8, 8)).axes}
    *lit, front, top, _ = (patch.get_xy() for patch in axes[name].patches)

    def volume(front, top):
        return np.ptp(front[:, 0]) * np.ptp(front[:, 1]) * np.ptp(top[:, 1])

    assert volume(*lit[:2]) / volume(front, top) == pytest.approx(share)


def test_bars_by_image_draw_each_size():
    (ax,) = figures.bars_by_image({"a": np.array([3.0, 1.0])}).axes
    assert [bar.get_height() for bar in ax.patches] == [3, 1]


def test_last_batches_mark_those_of_one_image():
    (ax,) = figures.last_batches({2: 2, 3: 1, 4: 3}).axes
    several, one = ax.lines
    np.testing.assert_allclose(several.get_xydata(), [[2, 2], [4, 3]])
    np.testing.assert_allclose(one.get_xydata(), [[3, 1]])


def test_precision_errors_put_what_failed_at_the_top():
    found = [1e-3, 0.01, np.inf]
    (ax,) = figures.precision_errors((1.0, 10.0, 100.0), {"half": found}).axes
    line, failed = ax.lines
    np.testing.assert_allclose(line.get_ydata(), found[:2])
    np.testing.assert_allclose(failed.get_xydata(), [[100, 1]])


# Implementations


def test_accuracies_are_drawn_as_errors_on_an_axis_that_says_accuracy():
    accuracies = {"torch": np.linspace(0.4, 0.88, 30)}
    whole, late = figures.accuracy_by_convention(np.arange(30), accuracies).axes
    np.testing.assert_allclose(
        whole.lines[0].get_ydata(), 100 * (1 - accuracies["torch"])
    )
    assert len(late.lines[0].get_ydata()) == 20
    for ax in (whole, late):
        marks = zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
        assert all(at == 100 - float(text.get_text()) for at, text in marks)
        assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the best are on top


def test_a_rule_has_one_look_and_no_other_rule_has_it():
    assert len(set(CURVES.values())) == len({look[1:] for look in CURVES.values()}) == 8
    (ax,) = DRAWN["level_against_jump"]().axes
    hollow = [dots.get_label() for dots in ax.collections if not len(dots.get_fc())]
    assert hollow == ["1: Caffe, Feb 2015", "2: caffe-windows, Mar 2015"]


def test_what_a_memory_can_hold_is_drawn_as_theory():
    _, right = DRAWN["memory_misses"]().axes
    theory = right.lines[-1]
    at = theory.get_xdata()
    np.testing.assert_allclose(theory.get_ydata(), 1 - 0.9**at)
    (legend,) = right.figure.legends
    assert legend.get_texts()[-1].get_text() == theory.get_label()
    assert theory.get_linestyle() == "--"


def test_maps_write_the_accuracy_of_each_cell_in_its_place():
    table = pd.DataFrame([[0.1, 0.856], [0.5, 0.2]], index=[1.0, 3.0], columns=[1, 10])
    figure = figures.rate_maps({"ReLU": {"none": table, "torch_batch": table}})
    ax = figure.axes[0]
    written = {t.get_position(): t.get_text() for t in ax.texts}
    assert written == {(0, 0): "10", (1, 0): "86", (0, 1): "50", (1, 1): "20"}
    low, high = ax.get_ylim()
    assert low < high  # the larger k stands above
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "10"]


def test_accuracy_by_rate_draws_seeds_means_and_the_largest_rate():
    largest = {"none": 0.5, "torch_batch": 2.0}
    (ax,) = figures.accuracy_by_rate({"ReLU": BY_RATE}, {"ReLU": largest}).axes
    mean, *seeds, upright = ax.lines[: len(ax.lines) // 2]
    errors = 100 * (1 - BY_RATE["none"])
    np.testing.assert_allclose(mean.get_ydata(), errors.mean())
    np.testing.assert_allclose([s.get_ydata() for s in seeds], errors)
    assert upright.get_xdata() == [0.5, 0.5]


def test_accuracy_by_gain_draws_the_square_through_the_rate_of_the_layer():
    _, right = figures.accuracy_by_gain(BY_RATE, OF_GAIN).axes
    *_, square = right.lines
    np.testing.assert_allclose(square.get_xydata(), [[0.1, 0.01], [1, 1], [10, 100]])


def test_accuracy_by_gain_leaves_rates_of_chance_out_of_the_line():
    without = pd.DataFrame({1.0: [0.8, 0.7], 10.0: [0.6, 0.2], 30.0: [0.1, 0.1]})
    tables = BY_RATE | {"none": without}
    rates = OF_GAIN | {"none": {1.0: 0.3, 10.0: 3.0, 30.0: 30.0}}
    _, right = figures.accuracy_by_gain(tables, rates).axes
    line, hollow, *_ = right.lines
    np.testing.assert_allclose(line.get_xydata(), [[1, 0.3], [10, 3]])
    np.testing.assert_allclose(hollow.get_xydata(), [[30, 30]])
    assert hollow.get_linestyle() == "None"
    assert hollow.get_fillstyle() == "none"


def test_accuracy_by_updates_draws_the_target_as_an_error():
    ax = DRAWN["accuracy_by_updates"]().axes[0]
    mean, target = ax.lines
    table = BY_RATE["none"]
    np.testing.assert_allclose(mean.get_ydata(), 100 * (1 - table.mean()))
    assert target.get_ydata() == pytest.approx([20, 20])


def test_accuracy_curves_draw_the_error_of_mean_and_ends():
    (ax,) = figures.accuracy_curves({"a": {"x": LINE}}, level=(15, 0.6)).axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [50, 20])
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((10, 60))
    assert ax.get_yscale() == "log"
    low, high = ax.get_ylim()
    assert low > 50 > 20 > high  # less error is higher up
    np.testing.assert_allclose(ax.lines[1].get_xdata(), [0, 15, 15])
    np.testing.assert_allclose(ax.lines[1].get_ydata()[:2], [40, 40])
    shown = {t.get_text(): place for t, place in zip(*both_ticks(ax), strict=True)}
    assert shown["75"] == pytest.approx(25)


def both_ticks(ax):
    return ax.get_yticklabels(), ax.get_yticks()


def test_accuracy_by_sharing_draws_seeds_and_points_to_what_is_far_below():
    (ax,) = figures.accuracy_by_sharing(RACE).axes
    rows = [text.get_text() for text in ax.get_yticklabels()]
    assert rows == ["few of 2", "few of 128", "alone"]
    points = [(list(line.get_xdata()), line.get_marker()) for line in ax.lines]
    assert ([90], "o") in points
    assert ([90, 90], "None") in points  # its seeds
    edge, _ = ax.get_xlim()
    assert 85 < edge < 90
    assert points.count(([edge], "<")) == 2
    assert [text.get_text() for text in ax.texts] == ["80.0", "85.0"]
    assert all(min(x) >= edge for x, _ in points)


def test_rates_by_update_keep_what_they_are_given():
    rates = np.array([0.1, 0.01, 0.001])
    figure = figures.rates_by_update({"a": (rates, "short_step", "red")})
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), rates)


def test_small_or_not_has_a_band_of_what_does_not_count():
    seeds = np.array([-9.0, 0.7, 1.3, 80.0])
    panel = {"up": ((1.0, 0.5, 1.5), seeds), "down": ((-1.0, -2.0, 0.0), -seeds[1:3])}
    (ax,) = figures.small_or_not({"a": panel}, smallest=0.5, limit=3).axes
    band = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    assert (band.x0, band.x1) == pytest.approx((-0.5, 0.5))
    drawn = [list(line.get_xdata()) for line in ax.lines]
    assert [0.5, 1.5] in drawn
    assert [-2.0, 0.0] in drawn
    marked = {
        marker: [
            x for line in ax.lines if line.get_marker() == marker
            for x in line.get_xdata()
        ]
        for marker in "o<>"
    }  # fmt: skip
    assert {0.7, 1.3, -0.7, -1.3} <= set(marked["o"])
    (low,), (high,) = marked["<"], marked[">"]
    assert -3 <= low < -2.5
    assert 2.5 < high <= 3
    names, places = both_ticks(ax)
    rows = {t.get_text(): place for t, place in zip(names, places, strict=True)}
    assert rows["up"] > rows["down"]


def test_by_factor_draws_seeds_and_their_mean_in_per_cent():
    values = {3: np.array([0.7]), 1: np.array([0.8, 0.9])}
    (ax,) = figures.by_factor({"a": (values, "original", "red")}).axes
    np.testing.assert_allclose(ax.lines[0].get_xdata(), [1, 3])
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [85, 70])
    np.testing.assert_allclose(ax.lines[1].get_ydata(), [80, 90])


def test_units_that_are_clipped_are_those_above_the_limit():
    figure = figures.gradient_shares({"8 images": LAYER_SHARES}, 0.1)
    (ax,) = figure.axes
    drawn = {}
    for dots in ax.collections:
        color = tuple(dots.get_facecolor()[0]) if len(dots.get_offsets()) else None
        drawn.setdefault(color, []).extend(dots.get_offsets()[:, 1])
    assert sorted(map(sorted, drawn.values())) == [[0.05, 0.09, 0.1], [0.11, 0.2]]
    assert set(ax.lines[0].get_ydata()) == {0.1}


def test_variances_are_shares_of_one_copys_and_the_theory_is_one_over_m():
    (ax,) = figures.variance_by_copies({"a": ({1: 4.0, 2: 3.0, 4: 2.0}, "red")}).axes
    found, theory = ax.lines
    np.testing.assert_allclose(found.get_ydata(), [1, 0.75, 0.5])
    np.testing.assert_allclose(theory.get_ydata(), [1, 0.5, 0.25])


def test_a_signal_that_is_gone_is_named_where_it_was_last_seen():
    values = [1.0, 0.1, 0.01, 1e-5]
    (ax,) = figures.deviation_by_layer({"a": (values, "red", "-")}).axes
    (text,) = ax.texts
    assert text.xy == (3, pytest.approx(0.01))
    np.testing.assert_allclose(ax.lines[0].get_ydata(), values)


def test_three_tests_keep_what_they_are_given():
    figure = figures.three_tests(PAIRS, {"a": (LOOKED, "red")}, PAIRS)
    shift, smooth, scale = figure.axes
    for line, (x, y, _) in zip(shift.lines, PAIRS.values(), strict=True):
        np.testing.assert_allclose([line.get_xdata(), line.get_ydata()], [x, y])
    np.testing.assert_allclose(smooth.lines[0].get_ydata(), [0.9, 0.3, 0.1])
    assert smooth.xaxis_inverted()  # training goes to the right
    x, y, _ = PAIRS["a"]
    np.testing.assert_allclose(scale.lines[0].get_ydata(), np.degrees(y))
    diagonal = scale.lines[-1]
    np.testing.assert_allclose(diagonal.get_xdata(), diagonal.get_ydata())


def test_angles_are_drawn_in_degrees_beside_their_theory():
    run = (np.ones((2, 3)), np.full((2, 3), 0.1), 0.2, "red")
    norms, angles = figures.norms_and_angles({"a": run}, np.arange(3)).axes
    np.testing.assert_allclose(norms.lines[0].get_ydata(), np.ones(3))
    np.testing.assert_allclose(angles.lines[0].get_ydata(), np.degrees([0.1] * 3))
    np.testing.assert_allclose(angles.lines[1].get_ydata(), np.degrees([0.2] * 2))


def test_slopes_promise_what_they_promise():
    along = {"none": ([2.0, 1.0, 1.5], 0.8), "batch": ([1.9, 1.0, 0.5], 1.0)}
    (ax,) = figures.losses_along(np.arange(3.0), along).axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [2, 1, 1.5])
    np.testing.assert_allclose(ax.lines[1].get_ydata(), [2, 1.2, 0.4])


def test_accuracies_stand_in_the_order_that_is_given():
    rows = {"a": (pd.Series([10.0, 80.0]), "red"), "b": (pd.Series([50.0]), "blue")}
    (ax,) = figures.accuracies(rows).axes
    names, places = both_ticks(ax)
    at = {t.get_text(): place for t, place in zip(names, places, strict=True)}
    assert at["a"] > at["b"]
    np.testing.assert_allclose(ax.lines[0].get_xdata(), [10, 80])
    assert set(ax.lines[0].get_ydata()) == {at["a"]}
