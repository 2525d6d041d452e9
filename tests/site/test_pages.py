"""Every page: nothing from elsewhere, broken, too wide, cut off, or against axe."""

import re

import pytest
from axe import faults_by_theme, press_theme_button, set_dark
from test_widgets import pages
from visit import is_widgets

# rule of axe -> why it cannot hold here
EXCEPTIONS: dict[str, str] = {}
PAPER = 718  # CSS pixels of an A4 page between margins of a centimetre
# Each element that is wider than its page, or that hides a part of itself.
CUT = """() => {
  const article = document.querySelector("article") ?? document.body;
  const { right } = article.getBoundingClientRect();
  const all = [...article.querySelectorAll("*")].filter(
    (e) => e.getClientRects().length && !e.closest("mjx-assistive-mml, .bn-hidden"));
  const wide = all.filter((e) => e.getBoundingClientRect().right > right + 1);
  // A short formula hides only its words for a screen reader.
  const hides = all.filter((e) => getComputedStyle(e).overflowX !== "visible" &&
    e.scrollWidth > e.clientWidth + 1 && !e.closest("span.math, mjx-container"));
  return [...wide, ...hides].map((e) => e.outerHTML.slice(0, 120));
}"""
FOLDS = "article details"


def test_head_is_complete(visit):
    assert visit.seen["lang"] == "en"
    for part in ("title", "description", "canonical"):
        assert visit.seen[part], f"no {part}"
    assert visit.seen["canonical"].startswith("https://")
    assert len(visit.seen["description"]) <= 170
    assert "\\" not in visit.seen["description"], "TeX in the description"
    assert visit.seen["h1"] == 1


def test_images_say_what_they_show(visit):
    for image in visit.seen["images"]:
        if image["src"].endswith("/logo.svg"):
            continue  # the title stands beside it
        alt = (image["alt"] or "").strip()
        assert alt, f"no alt: {image['src']}"
        name = image["src"].rsplit("/", 1)[-1]
        is_name = name in alt or re.search(r"[0-9a-f]{16}|\.(svg|png|jpe?g)$", alt)
        assert not is_name, f"a file name for an alt: {alt}"


def test_formulas_are_set(visit):
    assert visit.seen["unset"] == 0, "a formula is not set"
    if visit.seen["formulas"]:
        assert visit.loaded("/assets/maths."), "no stylesheet for formulas"
        assert visit.seen["mathsFonts"] > 0, "the formulas' fonts did not load"
    else:
        assert not visit.loaded("maths"), "a page without formulas loads their code"


def test_weight(visit):
    """Compressed bytes without figures; what counts is what the browser fetched.

    Widgets have a limit of their own, in test_widgets.py.
    """
    limit = 250_000 if visit.seen["formulas"] else 150_000
    if visit.url.endswith("search.html"):
        limit = 250_000  # the index of every word of the book
    total = sum(size for url, size in visit.bytes.items() if not is_widgets(url))
    assert total <= limit, f"{total} bytes: {visit.bytes}"


def test_a_page_from_a_server_says_nothing_of_files(visit):
    """As one that is opened as a file does: test_bad_days.py."""
    assert visit.seen["notes"] == 0


def test_axe_finds_nothing(visit):
    """In light, and in dark by the rules that colours can break."""
    found = faults_by_theme(visit.page, press_theme_button, off=EXCEPTIONS)
    visit.page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert found == {"light": [], "dark": []}


@pytest.mark.parametrize("width", [390, 1440])
def test_fits_the_screen(visit, width):
    seen = visit.at(width)
    assert seen["used"] <= seen["room"], f"too wide: {seen['first']}"


def test_nothing_is_cut_off_on_paper(visit):
    """Printed from dark; folds are open on paper alone."""
    page = visit.page
    set_dark(page)
    open_folds = page.locator(f"{FOLDS}[open]")
    assert open_folds.count() == 0
    page.set_viewport_size({"width": PAPER, "height": 1000})
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert open_folds.count() == page.locator(FOLDS).count()
    assert page.evaluate(CUT) == []
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert open_folds.count() == 0


# What it did meanwhile, and while the tests above turned it dark, narrow and into paper


def test_asks_no_other_host(visit):
    assert visit.elsewhere() == []


def test_nothing_is_missing(visit):
    assert visit.broken() == []
    assert visit.failures == []


def test_no_error_in_the_console(visit):
    assert visit.console == []
    assert visit.errors == []


def test_security_policy_holds(visit):
    assert visit.violations() == []


def test_loads_no_code_that_it_does_not_use(visit):
    for word in ("fontawesome", "thebe", "mathjax", "require", "embed", "bootstrap"):
        assert not visit.loaded(word)


def test_a_page_without_widgets_has_no_code_of_theirs(visit, page_name):
    if page_name not in pages():
        assert [r for r in visit.requests if is_widgets(r)] == []
