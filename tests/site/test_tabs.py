"""A tab that is lent again shows a page as a fresh one does."""

import pytest
from server import published
from tabs import lent
from visit import SIZE

PAGE = """<!DOCTYPE html><html lang="en"><title>A page</title><link rel="icon"
href="data:,"><body style="margin: 0"><button style="height: 600px; width: 600px">
A button</button>"""
LOOK = """() => [localStorage.length, sessionStorage.length, innerWidth, innerHeight,
  ...["print", "(prefers-color-scheme: dark)", "(forced-colors: active)"].map(
    (media) => matchMedia(media).matches),
  document.querySelectorAll(":hover").length, document.activeElement.tagName,
  scrollY, history.state, window.left ?? null, window.violations?.length]"""
LEAVE = """() => {
  localStorage.setItem("a", 1);
  sessionStorage.setItem("a", 1);
  document.querySelector("button").focus();
  document.body.style.paddingBottom = "9000px";
  scrollTo(0, 300);
  history.replaceState("a", "");
  window.left = true;
  console.error("left");
}"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The address of a page of one button."""
    folder = tmp_path_factory.mktemp("plain")
    for name in ("index", "404"):
        (folder / f"{name}.html").write_text(PAGE)
    with published(folder, "/") as address:
        yield address


def look(tab, address):
    tab.page.goto(address)
    return tab.page.evaluate(LOOK)


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark", "has_touch": True}])
def test_nothing_is_left_of_the_test_before(browser, plain, options):
    with lent(browser, **options) as tab:
        first = look(tab, plain)
        tab.page.set_viewport_size({"width": 300, "height": 300})
        scheme = "light" if options else "dark"
        tab.page.emulate_media(
            media="print", color_scheme=scheme, forced_colors="active"
        )
        tab.page.mouse.move(100, 100)
        tab.page.evaluate(LEAVE)
        changed = tab.page.evaluate(LOOK)
        assert all(a != b for a, b in zip(first[:-1], changed[:-1], strict=True))
        assert tab.complaints == ["left"]
    with lent(browser, **options) as again:
        assert again.page is tab.page
        assert look(again, plain) == first
        assert again.complaints == []
    context = browser.new_context(viewport=SIZE, **options)
    page = context.new_page()
    page.goto(plain)
    assert page.evaluate(LOOK)[:-1] == first[:-1]
    context.close()


def test_two_tests_at_once_have_two_tabs(browser):
    with lent(browser) as one, lent(browser, width=390) as two:
        assert one.page is not two.page
        assert one.page.viewport_size == SIZE
        assert two.page.viewport_size["width"] == 390


def test_a_tab_is_not_lent_again_after_an_error(browser):
    with pytest.raises(ZeroDivisionError), lent(browser) as tab:
        raise ZeroDivisionError
    assert tab.page.is_closed()
    with lent(browser) as another:
        assert another.page is not tab.page
