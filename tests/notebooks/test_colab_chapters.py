"""The notebooks of the real chapters, beside the pages that were built with them."""

import re
from functools import cache
from urllib.parse import urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup
from jupyter_cache import get_cache
from markdown_it import MarkdownIt
from myst_nb.core.read import read_myst_markdown_notebook

from web.colab.__main__ import write
from web.colab.index import Book
from web.colab.notebook import convert_chapter

from .conftest import ROOT

LARGEST = 4_000_000  # bytes; Colab opens no file above 20 MB, and slowly a large one
BOOK = Book(ROOT)
GLUED = "application/papermill.record/"
CODE = re.compile(r"^```.*?^```|``.+?``|`[^`]*`", re.MULTILINE | re.DOTALL)
ROLE = re.compile(r"^\s*(:::|```)\{|\{[a-z:]+\}`", re.MULTILINE)
LINK = re.compile(r"\]\(([^()\s]+)\)|\b(?:href|src)=[\"']([^\"']*)")
MARK = re.compile(r'<a id="([^"]+)" name="([^"]+)">')
# The page's paragraphs and captions, without what stands in cells.
TEXT = ".bd-article p:not(.cell p, figcaption p), .bd-article .caption-text"
UNSEEN = {"remove-cell", "remove-output"}


@cache
def made(page):
    """The notebook of a chapter, once for all tests."""
    return convert_chapter(BOOK.pages[page])


def prose(page):
    """The Markdown cells as one text, code left out."""
    cells = [c.source for c in made(page).cells if c.cell_type == "markdown"]
    return re.sub(
        r"(?s)^```.*?^```|``.+?``|`[^`]*`", "", "\n\n".join(cells), flags=re.M
    )


def html(page):
    """What the cells show as HTML."""
    outputs = [o for c in made(page).cells for o in c.get("outputs", [])]
    return "\n".join(o.get("data", {}).get("text/html", "") for o in outputs)


@cache
def soup(path):
    """A page of the built site; read it, never change it."""
    return BeautifulSoup((BOOK.build / "html" / path).read_text(), "html.parser")


each_chapter = pytest.mark.parametrize("page", [p.document for p in BOOK.chapters()])


@each_chapter
def test_it_is_a_sound_notebook_of_moderate_size(page):
    nbformat.validate(made(page))
    assert len(nbformat.writes(made(page)).encode()) < LARGEST


@each_chapter
def test_it_is_plain_markdown(page):
    assert not ROLE.search(prose(page))
    for name in BOOK.macros:
        assert not re.search(rf"\\{name}(?![a-zA-Z])", prose(page)), name


@each_chapter
def test_its_links_lead_somewhere(page):
    marks = {name for pair in MARK.findall(prose(page)) for name in pair}
    inside = [a or b for a, b in LINK.findall(prose(page))]
    assert inside
    for target in inside + [a or b for a, b in LINK.findall(html(page))]:
        assert "%25" not in target, target
        if target.startswith("#"):
            assert target[1:] in marks
        else:
            assert urlsplit(target).scheme in ("https", "http", "data"), target


@each_chapter
def test_links_to_the_book_lead_to_places_that_are_there(page):
    for target in (a or b for a, b in LINK.findall(prose(page) + html(page))):
        path, _, anchor = target.removeprefix(BOOK.site).partition("#")
        if path != target.partition("#")[0]:
            assert not anchor or anchor.split("?")[0] in places(path), target


@cache
def places(path):
    """The names in a page of the site that a link may lead to."""
    return {element["id"] for element in soup(path).select("[id]")}


@each_chapter
def test_formulas_and_figures_are_called_as_on_the_page(page):
    tags = [f"({number})" for number in re.findall(r"\\tag\{(\d+)\}", prose(page))]
    there = soup(f"{page}.html")
    assert tags == [e.find(string=True).strip() for e in there.select(".eqno")]
    figures = re.findall(r"\*\*(Fig\. \d+)\.\*\*", prose(page))
    assert figures == [e.text.strip() for e in there.select(".caption-number")]


@each_chapter
def test_all_that_the_page_draws_is_in_it(page):
    drawn = soup(f"{page}.html").select(".bd-article img")
    outputs = [o for c in made(page).cells for o in c.get("outputs", [])]
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    text = [c.source for c in made(page).cells if c.cell_type == "markdown"]
    twice = sum(hands_a_picture_over(o) for c in executed(page) for o in c.outputs)
    assert len(drawn) == len(pictures) + "".join(text).count("<img ") - twice


@each_chapter
def test_each_cell_shows_what_it_showed_in_the_build(page):
    cells = [c for c in made(page).cells if c.cell_type == "code"][1:]
    for cell, done in zip(cells, executed(page), strict=True):
        seen = [o for o in done.outputs if not hands_over(o) or hands_a_picture_over(o)]
        if not UNSEEN.intersection(cell.metadata.get("tags", [])):
            assert bool(cell.outputs) == bool(seen), cell.source
        kinds = {kind for o in cell.outputs for kind in o.get("data", {})}
        assert not any(k.startswith("application/") for k in kinds), kinds
        images = {
            kind.removeprefix(GLUED)
            for o in seen
            for kind in o.get("data", {})
            if "image/" in kind
        }
        assert not images or kinds & images, cell.source


def executed(page):
    """The code cells as the build cached them."""
    notebook = read_myst_markdown_notebook(BOOK.pages[page].text)
    cache = get_cache(BOOK.build / ".jupyter_cache")
    _, notebook = cache.merge_match_into_notebook(notebook)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def hands_over(output):
    return any(kind.startswith(GLUED) for kind in output.get("data", {}))


def hands_a_picture_over(output):
    """Such a figure stands elsewhere in the text, and below the cell that draws it."""
    return hands_over(output) and any("image/" in kind for kind in output["data"])


@each_chapter
def test_every_paragraph_of_the_page_is_there_with_its_numbers(page):
    """All but those with a formula or a citation, which the page writes otherwise."""
    cells = [c.source for c in made(page).cells if c.cell_type == "markdown"]
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    rendered = markdown.render("\n\n".join(cells))
    here = as_typed(BeautifulSoup(rendered, "html.parser").get_text())
    here = here.replace(" (on the site)", "")  # said where a link leaves the notebook
    paragraphs = soup(f"{page}.html").select(TEXT)
    plain = [p for p in paragraphs if not p.select(".math, .bibtex-citation")]
    assert plain
    for paragraph in plain:
        assert as_typed(paragraph.get_text()) in here


def as_typed(text):
    """Text on one line, with the quotes and dashes of a typewriter."""
    for drawn, typed in {"’": "'", "‘": "'", "“": '"', "”": '"', "…": "..."}.items():
        text = text.replace(drawn, typed)
    return " ".join(text.split())


@each_chapter
def test_the_download_is_this_notebook(page, tmp_path):
    write(tmp_path / "made.ipynb", made(page))
    offered = BOOK.build / "html" / "colab" / f"{BOOK.pages[page].name}.ipynb"
    assert offered.read_bytes() == (tmp_path / "made.ipynb").read_bytes()
