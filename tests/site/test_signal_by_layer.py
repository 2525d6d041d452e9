"""Signal by layer: what the page shows is what PyTorch computes of its weights."""

import re
from urllib.parse import parse_qsl

import pytest
from conftest import ROOT
from hand import shown
from widgets.signal_in_pytorch import in_pytorch

from normlab.widgets.signal import SIDES, WIDTH

PAGE = "notebooks/depth.html"
NAME = "signal"
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


@pytest.fixture
def signal(browser, address):
    with shown(browser, address + PAGE, NAME) as widget:
        yield widget


def number(widget, name):
    """A number of the table, "0.71" or "6.1 · 10⁻¹⁰"."""
    digits, _, power = widget.value(name).replace("\u00a0", "").partition("·10")
    return float(digits) * 10.0 ** int(power.translate(RAISED) or 0)


def assert_agrees(widget, depth=15, factor=0.22, seed=0):
    """The table against PyTorch, to its two digits."""
    for name in SIDES:
        sizes, gradients = in_pytorch(depth, factor, name, WIDTH, seed)
        own = (sizes[-1] / sizes[0]) ** (1 / max(1, depth - 2))
        for row, value in (
            ("factor", own),
            ("first", sizes[0]),
            ("last", sizes[-1]),
            ("gradient", gradients[0]),
        ):
            assert number(widget, f"{name}-{row}") == pytest.approx(value, rel=0.06)


def test_opens_with_fifteen_layers_of_the_diary_s_weights(signal):
    assert_agrees(signal)
    assert "14 hidden layers" in signal.value("said")


def test_keys_move_depth_and_weights(signal):
    slider = signal.control("depth").get_by_role("slider")
    signal.press(slider, "ArrowLeft", times=5)
    assert_agrees(signal, depth=10)
    signal.press(slider, "Home")
    assert_agrees(signal, depth=2)
    assert "one hidden layer" in signal.value("said")
    signal.press(signal.control("factor").get_by_role("slider"), "End")
    assert_agrees(signal, depth=2, factor=2.0)
    signal.press(slider, "End")
    assert_agrees(signal, depth=20, factor=2.0)


@pytest.mark.parametrize("way", ["drag", "swipe"])
def test_mouse_and_finger_draw_other_weights(signal, way):
    getattr(signal, way)(signal.control("seed").get_by_role("slider"), 300)
    assert_agrees(signal, seed=9)


def test_reset_and_link(signal, browser):
    signal.slide("depth", 8)
    signal.slide("factor", 5)  # the sixth of them
    assert_agrees(signal, depth=8, factor=1.0)
    with shown(browser, signal.link(), NAME) as again:
        assert again.value("said") == signal.value("said")
    signal.at.get_by_role("button", name="Reset").click()
    signal.settle()
    assert_agrees(signal)


def test_the_chapter_s_links_set_what_they_say(browser, address):
    text = (ROOT / "notebooks/depth.md").read_text("utf-8")
    links = set(re.findall(r'<a href="(#widget-signal\?[^"]+)">', text))
    assert links
    for link in links:
        asked = {k: float(v) for k, v in parse_qsl(link.partition("?")[2])}
        asked |= {name: int(asked[name]) for name in ("depth", "seed") if name in asked}
        with shown(browser, address + PAGE + link, NAME) as widget:
            assert_agrees(widget, **asked)
