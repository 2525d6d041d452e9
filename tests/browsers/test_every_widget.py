"""Every widget, moved by keys and a pointer, shows what Python computes."""

import math
import re
from functools import cache

import pytest
import test_explorer
import test_five
import test_implementations
import test_microscope
import test_playground
import test_projection
import test_race
import test_rates
import test_schedules_compared
import test_signal_by_layer
import test_valleys
import test_which_axes
import test_why_it_works
import torch
from conftest import SITE, UNBUILT, built_pages
from moved import Widget, button, control, labelled
from widgets import test_trainer
from widgets.playground import train

from normlab.runs import load, recordings
from normlab.runs.batch_size import SIZES
from normlab.widgets.rerun.packed import packed

QUICK = test_playground.QUICK
QUERY = {
    "playground": test_playground.link("", QUICK).removeprefix(test_playground.PAGE)
}
REACHED = """(place, steps) => steps <= Number(
  place.querySelector("[data-value=step]").innerText.replace(",", ""))"""

DRAWN = """(place) => [...place.querySelectorAll("svg[aria-label] > path")].filter(
  (line) => line.getAttribute("d")).length"""

MOVES = {}


def moves(name):
    """Use a function for the widget of that name."""
    return lambda function: MOVES.setdefault(name, function)


@cache
def maps():
    """The recorded images in LeNet that two widgets show."""
    ((_, arrays),) = recordings("maps")
    return arrays


@moves("five-numbers")
def five_numbers(widget):
    widget.press(labelled("number 1"), "ArrowRight", times=3)
    assert test_five.numbers(widget, "x") == pytest.approx([1.3, 2, 4, 5, 9])
    test_five.assert_agrees(widget, 2.0, 1.0)
    widget.drag(labelled("number 3"), -200)
    x = test_five.numbers(widget, "x")
    assert x[2] < 0
    assert x[:2] + x[3:] == pytest.approx([1.3, 2, 5, 9])
    test_five.assert_agrees(widget, 2.0, 1.0)


@moves("projection")
def projection(widget):
    widget.press(labelled("value 1"), "ArrowRight", times=3)
    assert test_projection.row(widget, "x") == pytest.approx([1.3, 2, 6])
    test_projection.assert_agrees(widget)
    widget.drag(labelled("value 2"), 60, -40)
    x, g = test_projection.row(widget, "x"), test_projection.row(widget, "g")
    assert x[1] > 3
    assert g[1] > -1
    test_projection.assert_agrees(widget)


@moves("rates")
def rates(widget):
    tables = {n: test_rates.accuracies(name) for n, name in test_rates.NETWORKS.items()}
    mark = labelled("learning rate and k: ReLU, without the layer")
    widget.press(mark, "ArrowUp")
    assert test_rates.standing(widget) == (1.0, 3.0)
    test_rates.assert_agrees(widget, tables)
    widget.drag(mark, 90)
    assert test_rates.standing(widget)[0] > 1
    test_rates.assert_agrees(widget, tables)


@moves("valleys")
def valleys(widget):
    handle = labelled("learning rate, centred inputs")
    widget.press(handle, "ArrowRight", times=3)
    assert widget.number("centred-rate") == pytest.approx(1.96)
    test_valleys.assert_agrees(widget, test_valleys.RATIO, test_valleys.CORRELATION)
    widget.drag(handle, -100)
    assert widget.number("centred-rate") < 1.9
    test_valleys.assert_agrees(widget, test_valleys.RATIO, test_valleys.CORRELATION)


@moves("signal")
def signal(widget):
    widget.press(control("depth"), "ArrowLeft", times=3)
    test_signal_by_layer.assert_agrees(widget, depth=12)
    widget.press(control("factor"), "ArrowRight", times=3)
    test_signal_by_layer.assert_agrees(widget, depth=12, factor=1.0)
    widget.drag(control("seed"), 300)
    test_signal_by_layer.assert_agrees(widget, depth=12, factor=1.0, seed=9)


@moves("microscope")
def microscope(widget):
    widget.press(control("batch_size"), "ArrowRight", times=2)
    widget.press(button("Draw a batch"), "Enter", times=3)
    channel = test_microscope.Channel(maps(), 2)
    test_microscope.assert_agrees(widget, channel, test_microscope.drawn(32, 3))
    widget.click(button("Draw a batch"))
    test_microscope.assert_agrees(widget, channel, test_microscope.drawn(32, 4))


@moves("batch-size")
def batch_size(widget):
    table, line = load("batch-size"), "torch_batch"
    marker = labelled("batch size")
    widget.drag(marker, -400)  # to the left end
    values = test_explorer.accuracies(table, line, SIZES[0], SIZES[0] / 256)
    test_explorer.assert_row(widget, line, values)
    widget.press(marker, "ArrowRight", times=2)
    values = test_explorer.accuracies(table, line, SIZES[2], SIZES[2] / 256)
    test_explorer.assert_row(widget, line, values)


@moves("implementations")
def implementations(widget):
    widget.press(control("seed"), "ArrowRight", times=2)
    test_implementations.assert_agrees(widget, 0.1, 12)
    assert widget.ask(".", DRAWN) == len(test_implementations.OPENS_WITH)
    widget.click(control("torch"))
    assert widget.ask(".", DRAWN) == len(test_implementations.OPENS_WITH) - 1


@moves("schedules")
def schedules(widget):
    arms, make = test_schedules_compared.ARMS, test_schedules_compared.trained
    widget.press(f"({control('rates')})[2]", "ArrowLeft")  # it opens with the second
    for arm in arms[2:]:
        test_schedules_compared.assert_row(widget, arm[-1], make(*arm), make)
    widget.click(control("norm"))  # the first of two
    test_schedules_compared.assert_empty(widget, "short_step")


@moves("race")
def race(widget):
    widget.press(f"({control('measure')})[1]", "ArrowRight")
    test_race.assert_updates(widget, "batch_128")
    widget.click(labelled_cell("batch_4"))
    assert "batch_4" in test_race.drawn(widget)


def labelled_cell(name):
    return f'.//button[@data-cell="{name}"]'


@moves("turns")
def turns(widget):
    widget.press(control("decay"), "ArrowRight")
    test_why_it_works.assert_settles(widget, decay=2e-3)
    widget.drag(control("momentum"), -300)
    test_why_it_works.assert_settles(widget, decay=2e-3, momentum=0.0)


@moves("step")
def step(widget):
    widget.press(labelled("length of the step"), "ArrowRight", times=2)
    test_why_it_works.assert_shows(widget, factor=4.5)
    widget.drag(control("look"), -300)
    test_why_it_works.assert_shows(widget, factor=4.5, look=0)


@moves("which-axes")
def which_axes(widget):
    block = torch.from_numpy(
        maps()["maps/2"][: test_which_axes.IMAGES, : test_which_axes.CHANNELS]
    )
    grid = labelled("chosen value in the grid")
    widget.press(grid, "Home")
    start = test_which_axes.chosen(widget)
    widget.press(grid, "ArrowRight", times=2)
    assert test_which_axes.chosen(widget) == (start[0], 0, start[2], start[3] + 2)
    test_which_axes.assert_agrees(widget, block, "batch")
    widget.click(grid)
    assert test_which_axes.chosen(widget)[1] in (3, 4)  # the middle of eight channels
    test_which_axes.assert_agrees(widget, block, "batch")


@moves("playground")
def playground(widget):
    assert test_playground.step(widget) == 0
    widget.press(button("Step"), "Enter")
    assert_trained(widget, 1)
    widget.click(button("Step"))
    assert_trained(widget, 2)
    blind = math.log(10)  # the loss of guessing one of ten classes
    assert widget.number("loss") > blind / 2
    widget.click(button("Play"))
    widget.wait(REACHED, 60)
    widget.click(button("Pause"))
    assert widget.number("loss") < blind / 2


def assert_trained(widget, steps):
    """Wait for so many steps; loss and accuracy are the engine's in Node.js."""
    widget.wait(REACHED, steps)
    assert test_playground.step(widget) == steps
    (run,) = train([(QUICK, steps)])
    assert widget.number("loss") == pytest.approx(run.losses[-1], abs=5.1e-5)
    accuracy = 100 * run.held[QUICK["evaluation"]]
    assert test_playground.per_cent(widget) == pytest.approx(accuracy, abs=0.051)


SAYS = """(place, word) =>
  place.querySelector("[data-value=said]").innerText.includes(word)"""
UPDATED = """(place, least) => ["none", "batch"].every((side) => least <= Number(
  place.querySelector(`[data-value=${side}-updates]`).innerText.replace(",", "")))"""
FOURTH = """(select) => {
  select.selectedIndex = 3;
  select.dispatchEvent(new Event("change"));
}"""
FETCH = './/button[starts-with(normalize-space(), "Fetch the images")]'


@moves("train")
def train_lenet(widget):
    """Both networks train; their first losses are the engine's in Node.js."""
    widget.press(control("size"), "ArrowRight")
    widget.swipe(control("size"), -400)  # to the left end, 16 images: quick updates
    widget.tap(FETCH)
    widget.wait(UPDATED, 3)
    widget.click(button("Pause"))
    widget.tap(button("Restart"))
    widget.wait(SAYS, "Ready")
    widget.press(button("Step"), "Enter")
    widget.wait(UPDATED, 1)
    for side in ("none", "batch"):
        expected = test_trainer.first_loss(side, size=16)
        assert widget.number(f"{side}-loss") == pytest.approx(expected, abs=5.1e-4)


@moves("claims")
def try_claims(widget):
    """A claim is chosen and its trainings begin; what is recorded is shown before."""
    widget.ask('.//*[@data-control="claim"]//select', FOURTH)
    recorded = packed()["claims"][3]
    assert widget.value("verdict").startswith(f"Recorded: {recorded['recorded']}")
    widget.tap(FETCH)
    widget.wait(SAYS, "of 10 networks")
    widget.tap(button("Stop"))
    assert widget.value("verdict").startswith(f"Recorded: {recorded['recorded']}")


def places():
    """(page, name) of every widget on the built site."""
    return [
        (page, name)
        for page in built_pages()
        for name in re.findall(
            r'id="widget-([\w-]+)"', (SITE / page).read_text("utf-8")
        )
    ]


@pytest.mark.parametrize(("page", "name"), places() or [(UNBUILT, "")])
def test_shows_the_right_numbers_when_moved(page, name, browser, site):
    widget = Widget(browser, site.address + page + QUERY.get(name, ""), name)
    MOVES[name](widget)
    assert browser.run("() => complaints") == []
    assert site.missing == []
