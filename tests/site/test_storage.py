"""A browser that lets no page store anything: all works, and is forgotten."""

import json

import pytest
from browser import FLAGS, on_path
from tabs import first_tab, leave
from test_widgets import pages

BLOCKED = {"profile": {"default_content_setting_values": {"cookies": 2}}}


@pytest.fixture(scope="module")
def forgetful(browser, tmp_path_factory):
    """A tab of a browser whose reader blocks all cookies, and finds none of a page."""
    profile = tmp_path_factory.mktemp("profile")
    (profile / "Default").mkdir()
    (profile / "Default" / "Preferences").write_text(json.dumps(BLOCKED))
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=on_path(), args=FLAGS
    )
    yield first_tab(context)
    context.close()


@pytest.fixture
def blocked(forgetful):
    """The same for one test; nothing may be complained about."""
    yield forgetful.page
    said = forgetful.complaints + forgetful.page.evaluate("window.violations")
    leave(forgetful)
    assert said == []


def native(tab):
    """Whether the browser's own store is in place."""
    return tab.evaluate(
        "[localStorage, sessionStorage].map((kept) => kept instanceof Storage)"
    )


def test_the_theme_button_works_without_storage(blocked, address):
    blocked.emulate_media(color_scheme="light")
    blocked.goto(address + "book/index.html")
    assert native(blocked) == [False, False], "this browser does store"
    seen = []
    for _ in range(3):
        blocked.click(".theme-switch-button")
        seen.append(blocked.get_attribute("html", "data-theme"))
    assert set(seen) == {"light", "dark"}


def test_the_search_works_without_storage(blocked, address):
    blocked.goto(address + "book/index.html")
    blocked.keyboard.press("Control+k")
    blocked.keyboard.type("normalization")
    blocked.keyboard.press("Enter")
    blocked.wait_for_selector("#search-results li a")
    blocked.click("#search-results li a")
    assert blocked.locator("article h1").count() == 1


@pytest.mark.parametrize("page", [*pages(), "book/claims.html", "search.html"])
def test_a_page_of_each_kind_opens_without_storage(page, blocked, address):
    blocked.goto(address + page, wait_until="networkidle")
    assert blocked.locator("h1").count() == 1


def test_the_stand_in_keeps_for_the_page(blocked, address):
    blocked.goto(address + "book/index.html")
    found = blocked.evaluate(
        """() => {
          localStorage.clear();
          localStorage.setItem("a", 1);
          localStorage.setItem("b", "x");
          localStorage.removeItem("b");
          const { length } = localStorage;
          return [localStorage.getItem("a"), localStorage.getItem("b"), length,
            localStorage.key(0), sessionStorage.getItem("a")];
        }"""
    )
    assert found == ["1", None, 1, "a", None]


def test_where_there_is_storage_it_is_the_browser_s(tab, address):
    tab.goto(address + "book/index.html")
    assert native(tab) == [True, True]
    assert tab.evaluate("localStorage.getItem('probe')") is None
