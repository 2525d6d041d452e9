"""Every page: nothing from elsewhere, nothing broken, nothing too wide."""

import re

import pytest
from test_widgets import pages
from visit import is_widgets


def test_asks_no_other_host(visit):
    assert visit.elsewhere() == []


def test_nothing_is_missing(visit):
    assert visit.broken() == []
    assert visit.failures == []


def test_no_error_in_the_console(visit):
    assert visit.console == []
    assert visit.errors == []


def test_security_policy_holds(visit):
    assert visit.seen["violations"] == []


@pytest.mark.parametrize("width", [390, 1440])
def test_fits_the_screen(visit, width):
    seen = visit.widths[width]
    assert seen["used"] <= seen["room"], f"too wide: {seen['first']}"


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


def test_loads_no_code_that_it_does_not_use(visit):
    for word in ("fontawesome", "thebe", "mathjax", "require", "embed", "bootstrap"):
        assert not visit.loaded(word)


def test_weight(visit):
    """Compressed bytes without figures; what counts is what the browser fetched.

    Widgets have a limit of their own, in test_widgets.py.
    """
    limit = 250_000 if visit.seen["formulas"] else 150_000
    if visit.url.endswith("search.html"):
        limit = 250_000  # the index of every word of the book
    total = sum(size for url, size in visit.bytes.items() if not is_widgets(url))
    assert total <= limit, f"{total} bytes: {visit.bytes}"


def test_a_page_without_widgets_has_no_code_of_theirs(visit, page_name):
    if page_name not in pages():
        assert [r for r in visit.requests if is_widgets(r)] == []
