"""The microscope: what the page shows is what Python makes of the same draws."""

import math
import sys

import numpy as np
import pytest
from conftest import ROOT
from hand import middle, shown
from playwright.sync_api import expect

from normlab.runs import recordings
from normlab.widgets.microscope import IMAGE, PLACE, SIZES

sys.path.insert(0, str(ROOT / "tests"))
from widgets.node import call

PAGE = "notebooks/train-and-eval.html"
NAME = "microscope"
COUNT = 2000
ROUNDED = 0.0051  # relative: the page shows three significant digits


@pytest.fixture
def micro(browser, address):
    with shown(browser, address + PAGE, NAME) as widget:
        yield widget


@pytest.fixture(scope="module")
def layer():
    ((_, arrays),) = recordings("maps")
    return arrays


class Channel:
    """One channel's images, and what draws make of them, in float64."""

    def __init__(self, arrays, number):
        self.moments = arrays["moments/1"][:, number].astype(np.float64)
        self.value = float(arrays["maps/1"][IMAGE, number][PLACE])
        self.pixels = arrays["maps/1"][0, 0].size
        self.running = {
            "mean": float(arrays["running_mean/1"][number]),
            "variance": float(arrays["running_var/1"][number]),
        }

    def statistics(self, batches):
        """(draws, size) -> means and variances (draws,)."""
        mean, square = self.moments[batches].mean(1).T
        return {"mean": mean, "variance": square - mean**2}

    def remembered(self, values, statistic, momentum, size):
        running, n = self.running[statistic], size * self.pixels
        factor = n / (n - 1) if statistic == "variance" else 1
        for value in values:
            running += momentum * (factor * value - running)
        return running

    def normalized(self, batches):
        """The followed value, its image in each batch for the first (draws,)."""
        batches = batches.copy()
        batches[(batches != IMAGE).all(1), 0] = IMAGE
        found = self.statistics(batches)
        return (self.value - found["mean"]) / np.sqrt(found["variance"] + 1e-5)

    def remembered_only(self):
        """The followed value in evaluation mode."""
        mean, variance = self.running.values()
        return (self.value - mean) / math.sqrt(variance + 1e-5)


def drawn(size, draws, seed=0):
    """The page's own batches (draws, size)."""
    everyone = list(range(COUNT))
    calls = [("drawBatch", everyone, seed, size, d) for d in range(draws)]
    return np.array(call("microscope/batch_statistics", calls))


def assert_agrees(micro, channel, batches, statistic="mean", momentum=0.1):
    """All numbers that the page shows in training mode."""
    size = batches.shape[1]
    values = channel.statistics(batches)[statistic]
    followed = channel.normalized(batches[-60:])
    whole = channel.statistics(np.arange(COUNT)[None])[statistic][0]
    expected = {
        "draws": len(batches),
        "observed": values.std(),
        "running": channel.remembered(values, statistic, momentum, size),
        "whole": whole,
        "value": channel.value,
        "normalized": followed[-1],
        "flicker": followed.std(),
    }
    found = {name: micro.number(name) for name in expected}
    assert found == pytest.approx(expected, rel=ROUNDED)


def sd_of_mean(channel, size):
    sd = channel.moments[:, 0].std()
    return sd / math.sqrt(size) * math.sqrt((COUNT - size) / (COUNT - 1))


def button(micro, label):
    return micro.at.get_by_role("button", name=label)


def wait_for(micro, count):
    """A thousand draws take more than a frame."""
    expect(micro.at.locator('[data-value="draws"]')).to_have_text(count)


def test_opens_with_sixty_draws(micro, layer):
    channel = Channel(layer, 2)
    assert_agrees(micro, channel, drawn(8, 60))
    theory = sd_of_mean(channel, 8)
    assert micro.number("theory") == pytest.approx(theory, rel=ROUNDED)


@pytest.mark.parametrize(("number", "momentum"), [(3, "0.01"), (5, "1")])
def test_variance_of_another_channel(micro, layer, number, momentum):
    micro.choose("channel", str(number))
    micro.choose("statistic", "variance")
    at = ["0.01", "0.03", "0.1", "0.3", "1"].index(momentum)
    micro.slide("momentum", at)
    channel = Channel(layer, number)
    assert_agrees(micro, channel, drawn(8, 60), "variance", float(momentum))


def test_keys_change_the_size_and_draw(micro, layer):
    slider = micro.control("batch_size").locator("input")
    micro.press(slider, "ArrowRight", times=2)
    assert slider.get_attribute("aria-valuetext") == "32"
    assert micro.value("observed") == micro.value("normalized") == "none yet"
    micro.press(button(micro, "Draw a batch"), "Enter", times=3)
    assert_agrees(micro, Channel(layer, 2), drawn(32, 3))
    micro.press(button(micro, "Draw 1,000"), "Space")
    wait_for(micro, "1,003")
    assert_agrees(micro, Channel(layer, 2), drawn(32, 1003))


def test_mouse_and_finger_draw(micro, layer):
    button(micro, "Draw a batch").click()
    micro.settle()
    micro.page.touchscreen.tap(*middle(button(micro, "Draw a batch")))
    micro.settle()
    assert_agrees(micro, Channel(layer, 2), drawn(8, 62))


def test_draws_scatter_as_theory_says(micro, layer):
    """Within five standard errors, and by theory as 1/sqrt(B)."""
    channel = Channel(layer, 2)
    for at in (0, 5, 9):
        micro.slide("batch_size", at)
        button(micro, "Draw 1,000").click()
        wait_for(micro, "1,000")
        theory = sd_of_mean(channel, SIZES[at])
        assert micro.number("theory") == pytest.approx(theory, rel=ROUNDED)
        error = 5 / math.sqrt(2 * 1000)
        assert micro.number("observed") == pytest.approx(theory, rel=error)
    tried = micro.at.locator('circle[visibility="visible"]')
    assert tried.count() == 4  # the size it opened with, and these


def test_evaluation_mode_stands_still(micro, layer):
    channel = Channel(layer, 5)
    micro.choose("channel", "5")
    micro.choose("mode", "evaluation")
    expected = channel.remembered_only()
    for _ in range(3):
        assert micro.number("normalized") == pytest.approx(expected, rel=ROUNDED)
        assert micro.number("flicker") == 0
        running = channel.running["mean"]
        assert micro.number("running") == pytest.approx(running, rel=ROUNDED)
        button(micro, "Draw a batch").click()
        micro.settle()
    assert micro.value("draws") == "63"
    micro.choose("mode", "training")
    assert_agrees(micro, channel, drawn(8, 63))


def test_dots_stand_at_the_values(micro, layer):
    """The last draw's dots are on the axes where their values belong."""
    batches = drawn(8, 60)
    channel = Channel(layer, 2)
    values = channel.statistics(batches)["mean"], channel.normalized(batches)
    pictures = micro.at.get_by_role("group", name="The last 60 draws").all()
    for picture, expected in zip(pictures, values, strict=True):
        marks = picture.locator(".bn-axis text[text-anchor=end]").all()
        levels = [float(mark.text_content().replace("−", "-")) for mark in marks]
        stand = [float(mark.get_attribute("y")) for mark in marks]
        slope, start = np.polyfit(stand, levels, 1)
        dots = picture.locator("path[stroke-linecap=round]").get_attribute("d")
        heights = [float(dot.split()[1][:-2]) for dot in dots.split("M")[1:]]
        read = slope * (np.array(heights) + 4) + start  # text stands 4 px lower
        np.testing.assert_allclose(read, expected, atol=abs(slope))


def test_a_link_brings_the_draws_again(micro, browser):
    micro.choose("channel", "3")
    micro.choose("statistic", "variance")
    micro.choose("mode", "evaluation")
    micro.slide("batch_size", 6)
    micro.slide("momentum", 3)
    button(micro, "New seed").click()
    for _ in range(4):
        button(micro, "Draw a batch").click()
    micro.settle()
    button(micro, "Copy link").click()
    link = micro.page.evaluate("navigator.clipboard.readText()")
    with shown(browser, link, NAME) as again:
        values = again.at.locator("[data-value]").all_inner_texts()
        assert values == micro.at.locator("[data-value]").all_inner_texts()
        dots = "path[stroke-linecap=round]"
        shapes = [
            [dot.get_attribute("d") for dot in widget.at.locator(dots).all()]
            for widget in (micro, again)
        ]
        assert shapes[0] == shapes[1]


def test_new_seed_and_reset(micro, layer):
    opened = micro.value("observed")
    button(micro, "New seed").click()
    micro.settle()
    assert_agrees(micro, Channel(layer, 2), drawn(8, 60, seed=1))
    button(micro, "Reset").click()
    micro.settle()
    assert micro.value("observed") == opened
    assert_agrees(micro, Channel(layer, 2), drawn(8, 60))


def test_links_within_limits(browser, address, layer):
    """A fraction of a draw is rounded; more than the most, and other sizes, are not."""
    query = f"batch_size=4&draws={[0, 2.6] + 8 * [0]}".replace(" ", "")
    with shown(browser, f"{address}{PAGE}#widget-{NAME}?{query}", NAME) as micro:
        assert_agrees(micro, Channel(layer, 2), drawn(4, 3))
    query = f"batch_size=3&draws={10 * [5001]}&seed=-1".replace(" ", "")
    with shown(browser, f"{address}{PAGE}#widget-{NAME}?{query}", NAME) as micro:
        assert_agrees(micro, Channel(layer, 2), drawn(8, 60))
