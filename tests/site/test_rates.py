"""The maps of rate and first weights: what they show is what the tables record."""

import re

import numpy as np
import pytest
from hand import shown

from normlab.runs import load, recordings, source
from normlab.runs.rate_map import GAINS, RATES

PAGE = "notebooks/learning-rate.html"
NAME = "rates"
NETWORKS = {"lenet_relu": "rate-map", "lenet": "rate-map-sigmoid"}
SAID = {"lenet_relu": "ReLU", "lenet": "sigmoid"}
NORMS = {"none": "without", "torch_batch": "with"}


@pytest.fixture(scope="module")
def tables():
    return {network: accuracies(name) for network, name in NETWORKS.items()}


def accuracies(name):
    """Per cent by norm, k, rate and seed."""
    table = load(name)
    asked = {"measure": "accuracy", "statistics": "recomputed", "split": "validation"}
    for column, content in asked.items():
        table = table[table[column] == content]
    return 100 * table.set_index(["norm", "gain", "lr", "seed"])["value"].sort_index()


@pytest.fixture
def maps(browser, address):
    with shown(browser, address + PAGE, NAME) as widget:
        yield widget


def mark(widget, network="lenet_relu", norm="none"):
    label = f"learning rate and k: {SAID[network]}, {NORMS[norm]} the layer"
    return widget.at.locator(f'g[aria-label="{label}"]')


def standing(widget):
    """(rate, k) as the table says it."""
    found = re.search(r"at rate ([\d.]+), k ([\d.]+);", widget.value("cell"))
    return float(found[1]), float(found[2])


def assert_agrees(widget, tables):
    """All four rows of the table are those of the cell that is named."""
    rate, gain = standing(widget)
    for network, table in tables.items():
        for norm in NORMS:
            seeds = table[norm, gain, rate]
            row = f"{network}-{norm}"
            assert widget.number(f"{row}-mean") == pytest.approx(seeds.mean(), abs=0.11)
            ends = [float(end) for end in widget.value(f"{row}-range").split(" to ")]
            assert ends == pytest.approx([seeds.min(), seeds.max()], abs=0.051)
            best = table[norm].groupby(["gain", "lr"]).mean().loc[list(GAINS)]
            best = best[best.index.get_level_values("lr").isin(RATES)].max()
            below = best - seeds.mean()
            assert widget.number(f"{row}-below") == pytest.approx(below, abs=0.16)


def test_opens_at_the_usual_weights(maps, tables):
    assert standing(maps) == (1.0, 1.0)
    assert_agrees(maps, tables)


def test_keys_move_the_mark_in_both_directions(maps, tables):
    maps.press(mark(maps), "ArrowRight")
    maps.press(mark(maps), "ArrowUp", times=2)
    assert standing(maps) == (3.0, 10.0)
    assert_agrees(maps, tables)
    maps.press(mark(maps), "ArrowUp")  # at the edge it stays
    maps.press(mark(maps, "lenet", "torch_batch"), "Home")
    assert standing(maps) == (0.01, 10.0)
    assert_agrees(maps, tables)


def test_all_four_maps_have_the_mark_at_one_cell(maps, tables):
    for name, values, value in (("rate", RATES, 0.1), ("gain", GAINS, 0.3)):
        maps.slide(name, values.index(value))
        said = maps.control(name).locator("output").inner_text()
        assert float(said) == value
    for network in NETWORKS:
        for norm in NORMS:
            said = mark(maps, network, norm).get_attribute("aria-valuetext")
            mean = tables[network][norm, 0.3, 0.1].mean()
            assert said.startswith("rate 0.1, k 0.3: ")
            number = float(said.split(": ")[1].rstrip("%"))
            assert number == pytest.approx(mean, abs=0.11)
    assert_agrees(maps, tables)


@pytest.mark.parametrize("way", ["drag", "swipe"])
def test_mouse_and_finger_move_the_mark(maps, tables, way):
    getattr(maps, way)(mark(maps), 90)
    rate, gain = standing(maps)
    assert rate > 1
    assert gain == 1
    assert_agrees(maps, tables)


def test_a_mouse_drags_the_mark_up_too(maps, tables):
    maps.drag(mark(maps, "lenet", "torch_batch"), -90, -60)
    rate, gain = standing(maps)
    assert rate < 1
    assert gain > 1
    assert_agrees(maps, tables)


def test_a_click_on_a_cell_chooses_it(maps, tables):
    plot = maps.at.locator("svg.bn-drawing").nth(3)
    box = plot.locator("> rect").first.bounding_box()  # of the smallest rate and k
    maps.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    maps.settle()
    assert standing(maps) == (RATES[0], GAINS[0])
    assert_agrees(maps, tables)


@pytest.mark.parametrize("points", [2, 5])
def test_frames_hold_what_is_near_the_best_of_a_map(maps, tables, points):
    maps.choose("within", f"{points} points")
    said = maps.value("framed").removesuffix(".").split(": ")[1].split(", ")
    counted = {}
    for network, table in tables.items():
        for norm in NORMS:
            means = table[norm].groupby(["gain", "lr"]).mean()
            means = means[means.index.get_level_values("lr").isin(RATES)]
            near = (means >= means.max() - points).sum()
            counted[f"{SAID[network]} {NORMS[norm]}"] = near
    found = {name: int(n) for name, n in (one.rsplit(" ", 1) for one in said)}
    assert found.keys() == counted.keys()
    # What is written down is rounded; a cell on the line may fall on either side.
    assert all(abs(found[name] - n) <= 1 for name, n in counted.items())


def test_losses_are_the_means_of_the_recorded_ones(maps):
    plot = maps.at.locator('svg[aria-label="Training loss: ReLU"]')
    line = plot.locator("path[stroke*=batch]").get_attribute("d")
    height = float(line.split("L")[-1].split(" ")[1])
    lines = plot.locator("g.bn-axis line.bn-grid")
    marks = lines.evaluate_all("(all) => all.map((e) => Number(e.getAttribute('y1')))")
    low, high = marks[-6], marks[-1]  # of 0.2 and 10
    shown_loss = 0.2 * 50 ** ((low - height) / (low - high))
    ends = [
        arrays["loss/mean"][-1]
        for run, arrays in recordings("rate-map")
        if (run.norm, run.gain, run.lr) == ("torch_batch", 1.0, 1.0)
    ]
    assert shown_loss == pytest.approx(np.mean(ends), rel=0.02)


def test_where_the_numbers_come_from_is_said(maps):
    said = maps.at.locator(".bn-source").inner_text()
    assert said == " · ".join(source(name) for name in NETWORKS.values())


def test_link_and_reset(maps, browser, address, tables):
    maps.slide("rate", RATES.index(30.0))
    maps.slide("gain", GAINS.index(0.03))
    with shown(browser, maps.link(), NAME) as again:
        assert standing(again) == (30.0, 0.03)
        assert_agrees(again, tables)
    maps.at.get_by_role("button", name="Reset").click()
    maps.settle()
    assert standing(maps) == (1.0, 1.0)
