"""Hands for the tests: a widget on its page, moved by mouse, finger and keys."""

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Locator, Page
from tabs import lent

COPY = re.compile("Copy link|Link copied")  # what it says for a while after a click


@dataclass
class Shown:
    """A widget that is on and has been drawn."""

    page: Page
    at: Locator
    complaints: list

    def value(self, name):
        """What the page shows under a name, as text."""
        return self.at.locator(f'[data-value="{name}"]').inner_text()

    def number(self, name):
        """The same as a number; its unit is dropped."""
        return float(self.value(name).split()[0].replace("−", "-").replace(",", ""))

    def control(self, name):
        return self.at.locator(f'[data-control="{name}"]')

    def slide(self, name, value):
        """Set a slider as a drag of its knob would."""
        slider = self.control(name).locator("input[type=range]")
        slider.evaluate(
            """(input, value) => {
              input.value = value;
              input.dispatchEvent(new Event("input", { bubbles: true }));
            }""",
            str(value),
        )
        self.settle()

    def choose(self, name, label):
        """Click one of a few."""
        self.control(name).get_by_role("radio", name=label, exact=True).click()
        self.settle()

    def press(self, target, key, times=1):
        """Give a control the focus and press a key on it."""
        target.focus()
        for _ in range(times):
            self.page.keyboard.press(key)
        self.settle()

    def drag(self, target, dx, dy=0):
        """Drag by mouse, in CSS pixels."""
        x, y = middle(target)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + dx / 2, y + dy / 2)
        self.page.mouse.move(x + dx, y + dy)
        self.page.mouse.up()
        self.settle()

    def click(self, name):
        """Click a button where it is, also on a page that is still scrolling."""
        self.at.get_by_role("button", name=name).evaluate("(e) => e.click()")

    def link(self):
        """The address that Copy link gives: how the widget stands."""
        self.click(COPY)
        return self.page.evaluate("navigator.clipboard.readText()")

    def swipe(self, target, dx, dy=0, at=None):
        """Drag by finger from the target's middle, or from ``at``, a part of its width.

        The page must have touch. The finger rests before it is lifted: a page that it
        scrolls does not scroll on by itself.
        """
        x, y = middle(target)
        if at is not None:
            x += (at - 0.5) * target.bounding_box()["width"]
        session = self.page.context.new_cdp_session(self.page)

        def send(kind, at, *points):
            event = {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in points]}
            session.send("Input.dispatchTouchEvent", event | {"timestamp": start + at})

        start = time.time() - 1  # seconds; the moves are said to have been then
        send("touchStart", 0, (x, y))
        ways = [(0.1, 0.1), (0.2, 0.3), (0.3, 0.6), (0.4, 1), (0.8, 1)]
        for at, part in ways if dx or dy else ():
            send("touchMove", at, (x + part * dx, y + part * dy))
        send("touchEnd", 0.9)
        session.detach()
        self.settle()

    def resize(self, width, height=900):
        """Make the window so wide."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.settle()

    def settle(self):
        """Wait until what was changed is drawn."""
        self.page.evaluate(
            "() => new Promise((f) => requestAnimationFrame(() => "
            "requestAnimationFrame(f)))"
        )


def middle(target):
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@contextmanager
def shown(browser, url, name, *, width=1280, **options):
    """Open a page and yield its widget ``name``; nothing may be complained about.

    ``url`` may end in a query after "#widget-...", as a link to a widget does.
    """
    permissions = ["clipboard-read", "clipboard-write"]
    options |= {"has_touch": True, "permissions": permissions}
    with lent(browser, width=width, **options) as tab:
        page = tab.page
        page.goto(url)
        place = page.locator(f"#widget-{name}")
        place.scroll_into_view_if_needed()
        page.locator(f"#widget-{name}[data-ready]").wait_for()
        widget = Shown(page, place, tab.complaints)
        widget.settle()
        yield widget
        assert tab.complaints + page.evaluate("window.violations") == []
