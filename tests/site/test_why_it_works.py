"""The two widgets of the chapter on why the layer works, on the site."""

import json
import math
import re
from urllib.parse import parse_qsl

import pytest
from conftest import ROOT
from hand import shown

from normlab.runs.scale import EVERY, UPDATES
from normlab.widgets import AlongAStep
from normlab.widgets.step.packed import packed
from normlab.widgets.turns.packed import packed as turned
from normlab.widgets.turns.settling import Settling

PAGE = "notebooks/why-it-works.html"
TEXT = (ROOT / "notebooks/why-it-works.md").read_text("utf-8")
OPENS = {"rate": 0.1, "decay": 5e-4, "momentum": 0.9, "length": 1.0}


def links(name):
    """The chapter's links to a widget: what each sets."""
    found = set(re.findall(rf'<a href="(#widget-{name}\?[^"]+)">', TEXT))
    assert found
    asked = {link: parse_qsl(link.partition("?")[2]) for link in found}
    return {
        link: {name: json.loads(value) for name, value in pairs}
        for link, pairs in asked.items()
    }


# Length and angle


@pytest.fixture
def turns(browser, address):
    with shown(browser, address + PAGE, "turns") as widget:
        yield widget


def number(widget, name):
    return float(re.match(r"[\d.]+", widget.value(f"now-{name}"))[0])


def assert_settles(widget, **changed):
    """The table against the same arithmetic in Python, to its three digits."""
    about = Settling(**OPENS | changed, strength=turned()["strength"])
    lengths, angles = about.follow(UPDATES, EVERY)
    grown = lengths[-1] / about.length
    close = {"rel": 0.006}
    assert number(widget, "length") == pytest.approx(grown, **close)
    assert number(widget, "angle") == pytest.approx(math.degrees(angles[-1]), **close)
    assert number(widget, "effective") == pytest.approx(grown**-2, **close)
    if about.decay:
        settled = math.degrees(about.angle)
        assert number(widget, "settled") == pytest.approx(settled, **close)
    else:
        assert widget.value("now-settled") == "none"
        assert "falls on" in widget.value("said")


def test_turns_open_with_what_was_recorded(turns):
    assert_settles(turns)


def test_keys_and_fingers_set_rate_and_decay(turns):
    slider = turns.control("decay").get_by_role("slider")
    turns.press(slider, "Home")
    assert_settles(turns, decay=0.0)
    turns.press(slider, "End")
    assert_settles(turns, decay=0.01)
    turns.swipe(turns.control("rate").get_by_role("slider"), 300)
    assert_settles(turns, decay=0.01, rate=1.0)


def test_links_of_the_chapter_set_what_they_say(browser, address):
    for link, asked in links("turns").items():
        with shown(browser, address + PAGE + link, "turns") as widget:
            assert_settles(widget, **asked)


def test_turns_are_reset(turns):
    turns.slide("momentum", 0)
    assert_settles(turns, momentum=0.0)
    turns.at.get_by_role("button", name="Reset").click()
    turns.settle()
    assert_settles(turns)


# The loss along a step


@pytest.fixture
def step(browser, address):
    with shown(browser, address + PAGE, "step") as widget:
        yield widget


def assert_shows(widget, **changed):
    """The table against what was recorded."""
    state = AlongAStep(**changed)
    looks = {"none": state.look, "batch": state.beside()}
    data = packed()
    at = data["factors"].index(state.factor)
    for name, look in looks.items():
        found = data["networks"][name]
        losses = found["losses"][look]
        promised = losses[0] - state.factor * found["slopes"][look]
        shown_as = {
            "before": losses[0],
            "after": losses[at],
            "promised": promised,
            "change": 100 * found["changes"][look][at],
        }
        for row, value in shown_as.items():
            text = widget.value(f"{name}-{row}").replace("−", "-").rstrip("%")
            places = 0.51 if row == "change" else 0.00051
            assert float(text) == pytest.approx(value, abs=places), (name, row)
        updates = widget.value(f"{name}-updates").replace(",", "")
        assert int(updates) == data["updates"][look]


def test_a_step_opens_at_the_same_loss(step):
    assert_shows(step)


def test_keys_and_mouse_move_the_step(step):
    handle = step.at.get_by_role("slider", name="length of the step")
    step.press(handle, "End")
    assert_shows(step, factor=8.0)
    step.press(handle, "ArrowLeft", times=2)
    assert_shows(step, factor=7.5)
    step.press(step.control("look").get_by_role("slider"), "Home")
    assert_shows(step, factor=7.5, look=0)
    step.drag(step.control("factor").get_by_role("slider"), -400)
    assert_shows(step, factor=0.25, look=0)


def test_links_of_the_chapter_move_the_step(browser, address):
    for link, asked in links("step").items():
        with shown(browser, address + PAGE + link, "step") as widget:
            assert_shows(widget, **asked)
