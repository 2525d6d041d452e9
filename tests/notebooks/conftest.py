"""A small book to convert, and the real one."""

from pathlib import Path

import pytest
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import read_myst_markdown_notebook
from nbformat.v4 import new_output

from web.colab.built import WIDGET_STATE
from web.colab.index import Book

ROOT = Path(__file__).resolve().parents[2]

CONFIG = """\
title: A small book
repository:
  url: https://github.com/Someone/small-book
  branch: main
sphinx:
  config:
    bibtex_default_style: plain
    mathjax3_config:
      tex:
        macros:
          E: "\\\\operatorname{E}"
          bm: ["\\\\boldsymbol{#1}", 1]
"""
TOC = """\
format: jb-book
root: book/index
parts:
  - caption: One
    chapters:
      - file: notebooks/first
        sections:
          - file: notebooks/second
"""
REFERENCES = r"""
@misc{one, author = {Ada Lovelace}, title = {Notes}, year = {1843}}
@misc{two, author = {Klaus-Robert M{\"u}ller and Ada Lovelace}, title = {Two},
  year = {1998}, url = {https://example.org/two}}
@misc{three, author = {A. Uno and B. Due and C. Tre}, title = {Three},
  year = {2001}, doi = {10.1/x}}
@misc{many, author = {A. Uno and others}, title = {Many}, year = {2002}}
"""
SECOND = """\
# The second chapter

(sec-there)=
## Over there

$$
b = 2
$$ (eq-b)
"""
INDEX = """\
# Welcome

:::{glossary}
Batch
: Some images.

He's weights
: Some numbers.
:::
"""
CELL = "```{code-cell} ipython3\nglue()\n```\n"
# What the built pages say of numbers and terms; the first chapter is another in each
# test, so that this stands for all of them.
HTML = {
    "book/index": """\
<dt id="term-Batch"><em>Batch</em><a class="headerlink" href="#">
<dt id="term-He-s-weights">He’s weights<a class="headerlink" href="#">""",
    "notebooks/first": """\
<figure class="x" id="fig-a"><figcaption><p><span class="caption-number">Fig. 3 </span>
<figure id="fig-line"><p><span class="caption-number">Fig. 4 </span></p></figure>
<div class="math" id="equation-eq-x"><span class="eqno">(5)<a>#</a></span></div>""",
    "notebooks/second": """\
<div class="math" id="equation-eq-b"><span class="eqno">(6)<a>#</a></span></div>""",
}
DOT = (  # a PNG of two dots by two
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADElEQVR4nGP4DwYABfwC/l0i2v8AAAAA"
    "SUVORK5CYII="
)
GLUED = {
    "gap": {"text/plain": "'1.5'"},
    "other": {"text/plain": '"1\'s to 2"'},
    "bare": {"text/plain": "1.5"},
    "fig": {"image/png": DOT, "image/svg+xml": "<svg/>", "text/plain": "F"},
}
PREFIX = "application/papermill.record/"


@pytest.fixture
def write_book(tmp_path, monkeypatch):
    """Return a function that makes a built book of two chapters, the first one given.

    Its second argument holds the outputs of the first chapter's cells, a list each.
    """
    for name in ("GITHUB_REPOSITORY", "GITHUB_SHA"):
        monkeypatch.delenv(name, raising=False)

    def write(first: str, outputs: list[list] = (), widgets: dict | None = None):
        files = {
            "_config.yml": CONFIG,
            "_toc.yml": TOC,
            "requirements.txt": "cycler==1.0\nd2l==1.0.3\n",
            "book/references.bib": REFERENCES,
            "book/index.md": INDEX,
            "notebooks/first.md": first,
            "notebooks/second.md": SECOND,
            **{f"_build/html/{page}.html": text for page, text in HTML.items()},
        }
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(text)
        fill_cache(tmp_path / "_build" / ".jupyter_cache", first, outputs, widgets)
        return Book(tmp_path)

    return write


def fill_cache(folder, chapter, outputs, widgets):
    """Leave what a build leaves of a chapter that it executed; the first cell glues."""
    notebook = read_myst_markdown_notebook(chapter)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, shown in zip(code, outputs, strict=False):
        cell.outputs = list(shown)
    if code:
        code[0].outputs = [*code[0].get("outputs", []), *map(glued, GLUED)]
    if widgets:
        notebook.metadata["widgets"] = {WIDGET_STATE: {"state": widgets}}
    bundle = CacheBundleIn(notebook, "first.md")
    get_cache(folder).cache_notebook_bundle(bundle, False, overwrite=True)


def glued(name):
    """What a cell leaves for the text."""
    data = {f"{PREFIX}{kind}": value for kind, value in GLUED[name].items()}
    scrapbook = {"name": name, "mime_prefix": PREFIX}
    return new_output("display_data", data, metadata={"scrapbook": scrapbook})


@pytest.fixture
def convert(write_book):
    """Return a function from a piece of MyST to plain Markdown."""
    from web.colab.directives import convert_blocks

    def convert(text: str) -> str:
        page = write_book(f"# T\n\n{text}\n\n{CELL}").pages["notebooks/first"]
        return convert_blocks(text, page)

    return convert


def chapters() -> list[Path]:
    """Return the chapters that are written."""
    return sorted((ROOT / "notebooks").glob("*.md"))
