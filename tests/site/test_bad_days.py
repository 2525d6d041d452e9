"""Widgets in forced colours, and on a page that was opened as a file."""

import io
from itertools import product

from hand import shown
from PIL import Image, ImageChops
from tabs import lent
from test_widgets import each_page, each_widget

# WCAG's contrast ratio of what an element's text and background are.
CONTRAST = """(e) => {
  const light = (color) => {
    const parts = color.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
    const linear = parts.map((c) =>
      c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const { color, backgroundColor } = getComputedStyle(e);
  const [low, high] = [light(color), light(backgroundColor)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}"""
# Where a choice's labels are in it: left, upper, right and lower edge.
EDGES = """(choice) => {
  const { x, y } = choice.getBoundingClientRect();
  return [...choice.querySelectorAll("label")].map((label) => {
    const { left, top, right, bottom } = label.getBoundingClientRect();
    return [left - x, top - y, right - x, bottom - y].map(Math.round);
  });
}"""


def pictures(choice):
    """A picture of each label, cut from one of the whole choice."""
    whole = Image.open(io.BytesIO(choice.screenshot())).convert("RGB")
    return [whole.crop(edges) for edges in choice.evaluate(EDGES)]


def difference(one, two):
    """The share of pixels that differ."""
    changed = ImageChops.difference(one, two).convert("L")
    changed = changed.point(lambda value: 255 * (value > 40))
    return changed.histogram()[255] / (one.width * one.height)


@each_widget
def test_forced_colours_show_what_is_chosen(page, name, browser, address):
    with shown(browser, address + page, name, forced_colors="active") as widget:
        groups = widget.at.locator(".bn-choice:visible").all()
        names = [group.get_attribute("data-control") for group in groups]
        for scheme, group in product(("light", "dark"), map(widget.control, names)):
            widget.page.emulate_media(color_scheme=scheme, forced_colors="active")
            if not group.is_visible():
                continue  # another choice has hidden it
            inputs = group.locator("input").all()
            chosen = [radio.is_checked() for radio in inputs].index(True)
            label = group.locator("label").nth(chosen).locator("span").first
            assert label.evaluate(CONTRAST) >= 4.5
            before = pictures(group)
            inputs[chosen - 1].check(force=True)
            widget.page.mouse.move(0, 0)
            widget.page.evaluate("document.activeElement.blur()")
            widget.settle()
            after = pictures(group)
            for at in (chosen, chosen - 1):
                assert difference(before[at], after[at]) > 0.3


@each_page
def test_a_page_opened_as_a_file_says_why_its_widgets_are_still(page, site, browser):
    with lent(browser) as tab:
        tab.page.goto((site / page).as_uri())
        for place in tab.page.locator(".bn-widget").all():
            assert place.locator(".bn-still").is_visible()
            assert "make serve" in place.locator(".bn-note").inner_text()
            assert place.locator(".bn-live").count() == 0
