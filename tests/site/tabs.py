"""Tabs that are lent again: one opens a page with a third of a new one's work."""

from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Page
from visit import SIZE, WATCH_POLICY

FORGET = """() => {
  if (origin === "null") return; // what is no site's has no storage
  localStorage.clear();
  sessionStorage.clear();
}"""
IDLE = {}  # (browser, options) -> the tabs that no test has now


@dataclass
class Tab:
    """A page, and what it complained about since it was lent."""

    page: Page
    complaints: list


@contextmanager
def lent(browser, *, width=SIZE["width"], **options):
    """Lend a tab that is like the first of a fresh profile, but for what is cached.

    ``options`` are those of a browser's context. A tab in which something was raised is
    not lent again. Tests may change its size and media, not what runs in every page.
    """
    idle = IDLE.setdefault((browser, repr(sorted(options.items()))), [])
    tab = idle.pop() if idle else first_tab(browser.new_context(**options))
    try:
        tab.page.set_viewport_size(SIZE | {"width": width})
        yield tab
        tab.page.evaluate(FORGET)
        tab.page.emulate_media(media="null", **options_of_media(options))
        leave(tab)
    except BaseException:
        tab.page.context.close()
        raise
    idle.append(tab)


def first_tab(context):
    """A context's first tab, which writes down what is complained about."""
    context.add_init_script(WATCH_POLICY)
    page, said = context.new_page(), []
    page.on("console", lambda m: m.type == "error" and said.append(m.text))
    page.on("pageerror", lambda e: said.append(str(e)))
    return Tab(page, said)


def options_of_media(options):
    """The media that a context was asked for, or those of a new one."""
    usual = {"color_scheme": "light", "forced_colors": "none"}
    return {name: options.get(name, value) for name, value in usual.items()}


def leave(tab):
    """Leave the page that is open, and take away the mouse."""
    tab.page.goto("about:blank")
    tab.page.mouse.move(-1, -1)
    tab.complaints.clear()
