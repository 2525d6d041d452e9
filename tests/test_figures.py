"""Figures: axes say what they show, data arrive unchanged, nothing is left open."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from normlab import figures
from normlab.figures import __main__ as draw_cover
from normlab.figures.cover import cover
from normlab.figures.style import spread

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
ONE_RATE = RUNS[RUNS["lr"] == 1.0]
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
    "compare_rates": lambda: figures.compare_rates(
        RUNS[RUNS["epoch"] == 10], {"none": ("without", "red")}
    ),
    "throughput_bars": lambda: figures.throughput_bars({"a": (1.0, "red")}),
    "gap_against_step": lambda: figures.gap_against_step(
        {"a": np.array([0.0, 1e-7, 1e-5])}, {"a": "red"}
    ),
    "cover": lambda: cover(ONE_RATE),
}
UNITLESS = ("epoch", "step", "batches", "layer", "weight of pixel", "learning rate")


def test_every_figure_function_is_tried():
    functions = {n for n in figures.__all__ if callable(getattr(figures, n))}
    assert functions - {"use_style"} == DRAWN.keys() - {"cover"}


@pytest.mark.parametrize("name", DRAWN)
def test_axes_are_named_with_unit(name):
    for ax in DRAWN[name]().axes:
        labels = [ax.get_xlabel()]
        named_rows = any(t.get_text().isalpha() for t in ax.get_yticklabels())
        if not named_rows and not ax.get_shared_y_axes().joined(ax, ax.figure.axes[0]):
            labels.append(ax.get_ylabel())
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
    kept = Path(__file__).parents[1] / "book" / "theme" / "cover.svg"
    assert (tmp_path / "cover.svg").read_bytes() == kept.read_bytes(), (
        "run `python -m normlab.figures`"
    )


def test_labels_do_not_cover_each_other():
    placed = spread([0.0, 0.01, 0.02, 5.0], gap=1.0)
    assert placed == [0.0, 1.0, 2.0, 5.0]
