"""A chapter on paper: a PDF that the browser makes, read back."""

import io
import re
import unicodedata
from functools import cache

import pytest
from pypdf import PdfReader
from tabs import lent

# A chapter with a widget each, many folds and wide tables; whether folds open on paper,
# and what is cut off, is asked of every page in test_pages.py.
THREE = [
    f"notebooks/{name}.html"
    for name in ("batch-norm-by-hand", "batch-size", "train-and-eval")
]
each_of_three = pytest.mark.parametrize("page", THREE)
FOLDED = "article details pre"
MISSING = """[...document.querySelectorAll("article img")]
    .filter((image) => !(image.complete && image.naturalWidth)).map((i) => i.src)"""


@pytest.fixture(scope="module")
def printed(browser, address):
    """Return a function that prints a page: (its PDF, what the screen has of it)."""
    kept = {}

    def make(page, theme="dark"):
        if (page, theme) not in kept:
            with lent(browser, color_scheme=theme) as tab:
                tab.page.goto(address + page, wait_until="networkidle")
                kept[page, theme] = on_paper(tab.page, theme)
        return kept[page, theme]

    return make


def on_paper(tab, theme):
    """Print the page that is open in a theme."""
    assert tab.get_attribute("html", "data-theme") == theme
    pdf = tab.pdf(format="A4", print_background=True)
    seen = {
        "title": tab.locator("article h1").inner_text(),
        "folded": tab.locator(FOLDED).all_text_contents(),
        "missing": tab.evaluate(MISSING),
        "menu": tab.locator("nav.bd-links a").all_text_contents(),
    }
    assert tab.get_attribute("html", "data-theme") == theme
    assert tab.locator("article details[open]").count() == 0, "folds stay open"
    return PdfReader(io.BytesIO(pdf)), seen


def letters(text):
    """A text without white space and ligatures, which paper has elsewhere."""
    return re.sub(r"\s|#$", "", unicodedata.normalize("NFKC", text))


@cache
def text_of(pdf):
    """The letters of a whole PDF; to read them takes as long as to print them."""
    return letters("".join(page.extract_text() for page in pdf.pages))


@each_of_three
def test_paper_has_the_title_and_what_is_folded(page, printed):
    pdf, seen = printed(page)
    assert seen["folded"]
    text = text_of(pdf)
    assert text.startswith(letters(seen["title"]))
    for code in seen["folded"]:
        assert letters(code) in text


@each_of_three
def test_paper_has_figures_to_which_nobody_scrolled(page, printed):
    assert printed(page)[1]["missing"] == []


@each_of_three
def test_paper_has_no_menu_and_nothing_to_press(page, printed):
    pdf, seen = printed(page)
    text = text_of(pdf)
    assert letters("".join(seen["menu"])) not in text
    for word in ("Backtotop", "Onthispage", "Searchthisbook", "Showthe", "Hidethe"):
        assert word not in text


@each_of_three
def test_paper_is_the_same_in_both_themes(page, printed):
    """Text, lines and colours are in a page's content: it must be equal."""
    dark, light = (printed(page, theme)[0].pages for theme in ("dark", "light"))
    contents = [[p.get_contents().get_data() for p in pages] for pages in (dark, light)]
    assert contents[0] == contents[1]
