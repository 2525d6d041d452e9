"""A chapter on paper: a PDF that the browser makes, read back."""

import io
import re
import unicodedata
from functools import cache

import pytest
from conftest import SITE, built_pages
from pypdf import PdfReader

# A chapter with a widget each, many folds and wide tables.
THREE = [
    f"notebooks/{name}.html"
    for name in ("batch-norm-by-hand", "batch-size", "train-and-eval")
]
# What is folded is a solution, in chapters; the pages below have none, and their paper
# is only looked at for what is cut off.
WITH_SOLUTIONS = [
    page
    for page in built_pages()
    if page.startswith("notebooks/") and "Show a solution" in (SITE / page).read_text()
]
each_with_solutions = pytest.mark.parametrize("page", WITH_SOLUTIONS)
WIDTH = 718  # CSS pixels of an A4 page between margins of a centimetre
FOLDED = "article details pre"
# Each element that is wider than its page, or that hides a part of itself.
CUT = """() => {
  const article = document.querySelector("article").getBoundingClientRect();
  const all = [...document.querySelectorAll("article *")].filter(
    (e) => e.getClientRects().length && !e.closest("mjx-assistive-mml, .bn-hidden"));
  const wide = all.filter((e) => e.getBoundingClientRect().right > article.right + 1);
  // A short formula hides only its words for a screen reader.
  const hides = all.filter((e) => getComputedStyle(e).overflowX !== "visible" &&
    e.scrollWidth > e.clientWidth + 1 && !e.closest("span.math, mjx-container"));
  return [...wide, ...hides].map((e) => e.outerHTML.slice(0, 120));
}"""


@pytest.fixture(scope="module")
def printed(browser, address):
    """Return a function that prints a page: (its PDF, what the screen has of it).

    Without solutions there is no PDF.
    """
    kept = {}

    def make(page, theme="dark"):
        if (page, theme) not in kept:
            context = browser.new_context(color_scheme=theme)
            tab = context.new_page()
            tab.goto(address + page, wait_until="networkidle")
            assert tab.get_attribute("html", "data-theme") == theme
            folds = page in WITH_SOLUTIONS
            pdf = tab.pdf(format="A4", print_background=True) if folds else None
            seen = {
                "title": tab.locator("article h1").inner_text(),
                "folded": tab.locator(FOLDED).all_text_contents(),
                "menu": tab.locator("nav.bd-links a").all_text_contents(),
            }
            assert tab.get_attribute("html", "data-theme") == theme
            assert tab.locator("article details[open]").count() == 0, "folds stay open"
            seen["cut"] = cut_off(tab)
            kept[page, theme] = pdf and PdfReader(io.BytesIO(pdf)), seen
            context.close()
        return kept[page, theme]

    return make


def letters(text):
    """A text without white space and ligatures, which paper has elsewhere."""
    return re.sub(r"\s|#$", "", unicodedata.normalize("NFKC", text))


@cache
def text_of(pdf):
    """The letters of a whole PDF; to read them takes as long as to print them."""
    return letters("".join(page.extract_text() for page in pdf.pages))


def cut_off(tab):
    """What does not fit a page of paper; the tab stays as wide as that."""
    tab.set_viewport_size({"width": WIDTH, "height": 1000})
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    return tab.evaluate(CUT)


@each_with_solutions
def test_paper_has_the_title_and_what_is_folded(page, printed):
    pdf, seen = printed(page)
    assert seen["folded"]
    text = text_of(pdf)
    assert text.startswith(letters(seen["title"]))
    for code in seen["folded"]:
        assert letters(code) in text


@each_with_solutions
def test_paper_has_no_menu_and_nothing_to_press(page, printed):
    pdf, seen = printed(page)
    text = text_of(pdf)
    assert letters("".join(seen["menu"])) not in text
    for word in ("Backtotop", "Onthispage", "Searchthisbook", "Showthe", "Hidethe"):
        assert word not in text


@pytest.mark.parametrize("page", THREE)
def test_paper_is_the_same_in_both_themes(page, printed):
    """Text, lines and colours are in a page's content: it must be equal."""
    dark, light = (printed(page, theme)[0].pages for theme in ("dark", "light"))
    contents = [[p.get_contents().get_data() for p in pages] for pages in (dark, light)]
    assert contents[0] == contents[1]


def test_nothing_is_cut_off_on_paper(chapter, printed):
    _, seen = printed(chapter)
    assert seen["cut"] == []
