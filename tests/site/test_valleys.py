"""Two valleys: what the page shows is what numpy computes."""

import re
from html import unescape
from urllib.parse import parse_qsl

import numpy as np
import pytest
from conftest import ROOT
from hand import shown

PAGE = "notebooks/why-normalize.html"
NAME = "valleys"
RATIO, CORRELATION = 5.2, 0.25
TARGET = np.array([1.0, 0.16])
BEST = 1.93  # of the centred valley, on the handle's grid


@pytest.fixture
def valleys(browser, address):
    with shown(browser, address + PAGE, NAME) as widget:
        yield widget


def handle(valleys, inputs):
    name = f"learning rate, {inputs} inputs"
    return valleys.at.get_by_role("slider", name=name, exact=True)


def curve(ratio, correlation):
    """The Hessian (2, 2) and the way to the minimum (2,)."""
    mixed = np.array([[1, correlation], [correlation, 1]])
    scales = np.array([1, 1 / ratio])
    return mixed * np.outer(scales, scales), -TARGET / scales


def left_after(hessian, away, rate, steps=2000):
    """The share of the excess loss after each step (steps + 1,)."""
    found = []
    for _ in range(steps + 1):
        found.append(away @ hessian @ away)
        away = away - rate * hessian @ away
    return np.array(found) / found[0]


def assert_agrees(valleys, ratio, correlation):
    """The table against numpy, at the rates that the page shows."""
    for name, own in (("centred", ratio), ("standardized", 1)):
        hessian, away = curve(own, correlation)
        low, high = np.linalg.eigvalsh(hessian)
        for row, value, unit in (
            ("best", 2 / (low + high), 0.01),
            ("limit", 2 / high, 0.01),
            ("condition", high / low, 0.1),
        ):
            assert valleys.number(f"{name}-{row}") == pytest.approx(
                value, abs=0.51 * unit
            )
        rate = valleys.number(f"{name}-rate")
        if rate > 2 / high:
            assert valleys.value(f"{name}-steps") == "never"
            continue
        left = left_after(hessian, away, rate)
        share = float(valleys.value(f"{name}-left").rstrip("%")) / 100
        assert share == pytest.approx(left[40], abs=0.0051)
        assert valleys.number(f"{name}-steps") == (left <= 1e-3).argmax()


def test_opens_with_each_valley_at_its_best_rate(valleys):
    for name in ("centred", "standardized"):
        assert valleys.number(f"{name}-rate") == valleys.number(f"{name}-best")
    assert_agrees(valleys, RATIO, CORRELATION)


def test_keys_move_a_rate_and_leave_the_other(valleys):
    valleys.press(handle(valleys, "centred"), "ArrowLeft", times=3)
    assert valleys.number("centred-rate") == pytest.approx(BEST - 0.03)
    assert valleys.number("standardized-rate") == 1
    assert_agrees(valleys, RATIO, CORRELATION)
    valleys.press(handle(valleys, "centred"), "End")
    assert valleys.number("centred-rate") == 2.4
    assert "Centred: beyond the limit" in valleys.value("said")
    valleys.press(handle(valleys, "standardized"), "Home")
    assert "Standardized: at rate 0" in valleys.value("said")
    assert valleys.value("standardized-steps") == "never"


@pytest.mark.parametrize("way", ["drag", "swipe"])
def test_mouse_and_finger_move_a_rate(valleys, way):
    getattr(valleys, way)(handle(valleys, "standardized"), 50)
    assert (
        1 < valleys.number("standardized-rate") < valleys.number("standardized-limit")
    )
    assert valleys.number("centred-rate") == BEST
    assert_agrees(valleys, RATIO, CORRELATION)


def test_inputs_of_one_scale_make_one_valley(valleys):
    valleys.slide("ratio", 1)
    assert_agrees(valleys, 1, CORRELATION)
    for row in ("best", "limit", "condition"):
        assert valleys.value(f"centred-{row}") == valleys.value(f"standardized-{row}")


def test_correlated_inputs_leave_both_valleys_narrow(valleys):
    valleys.slide("correlation", 0.95)
    assert_agrees(valleys, RATIO, 0.95)
    assert valleys.number("standardized-condition") == pytest.approx(39)


def test_a_flat_valley_at_a_small_rate_is_not_counted_to_the_end(valleys):
    valleys.slide("ratio", 8)
    valleys.slide("correlation", 0.95)
    valleys.press(handle(valleys, "centred"), "Home")
    valleys.press(handle(valleys, "centred"), "ArrowRight")
    assert valleys.value("centred-steps") == "over 9,999"


def middle_of(mark):
    box = mark.bounding_box()
    return box["x"] + box["width"] / 2


def test_a_rate_on_the_limit_stands_on_its_line(valleys):
    dot = handle(valleys, "standardized")
    valleys.press(dot, "ArrowRight", times=60)  # 1.60, the limit of correlation 0.25
    assert valleys.number("standardized-rate") == valleys.number("standardized-limit")
    dashed = dot.locator("xpath=..").locator("line[stroke-dasharray]").all()
    at = middle_of(dot.locator("circle").last)
    assert min(abs(middle_of(line) - at) for line in dashed) < 1


def test_reset_and_link(valleys, browser, address):
    valleys.slide("ratio", 3)
    valleys.press(handle(valleys, "centred"), "PageDown")
    link = valleys.link()
    with shown(browser, link, NAME) as again:
        for name in ("centred-rate", "centred-best", "centred-steps", "said"):
            assert again.value(name) == valleys.value(name)
    valleys.at.get_by_role("button", name="Reset").click()
    valleys.settle()
    assert valleys.number("centred-rate") == BEST
    assert_agrees(valleys, RATIO, CORRELATION)


def test_the_chapter_s_links_set_what_they_say(browser, address):
    text = (ROOT / "notebooks/why-normalize.md").read_text("utf-8")
    links = set(re.findall(r'<a href="(#widget-valleys\?[^"]+)">', text))
    assert links
    for link in map(unescape, links):
        asked = {name: float(v) for name, v in parse_qsl(link.partition("?")[2])}
        with shown(browser, address + PAGE + link, NAME) as widget:
            if "centred" in asked:
                assert widget.number("centred-rate") == asked["centred"]
            assert_agrees(
                widget,
                asked.get("ratio", RATIO),
                asked.get("correlation", CORRELATION),
            )
