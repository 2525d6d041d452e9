"""A small book to convert, and the real one."""

import json
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_notebook

from book.colab.built import WIDGET_STATE
from book.colab.index import Book

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
:::
"""
# What the built pages say of numbers and terms; the first chapter is another in each
# test, so that this stands for all of them.
HTML = {
    "book/index": '<dt id="term-Batch"><em>Batch</em><a class="headerlink" href="#">',
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
    "gap": {"data": {"text/plain": "'1.5'"}},
    "other": {"data": {"text/plain": "'1 to 2'"}},
    "fig": {"data": {"image/png": DOT, "image/svg+xml": "<svg/>", "text/plain": "F"}},
}


@pytest.fixture
def write_book(tmp_path, monkeypatch):
    """Return a function that makes a built book of two chapters, the first one given.

    Its second argument holds the outputs of the first chapter's cells, a list each.
    """
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)

    def write(first: str, outputs: list[list] = (), widgets: dict | None = None):
        executed = build(first, outputs, widgets)
        files = {
            "_config.yml": CONFIG,
            "_toc.yml": TOC,
            "requirements.txt": "cycler==1.0\nd2l==1.0.3\n",
            "book/references.bib": REFERENCES,
            "book/index.md": INDEX,
            "notebooks/first.md": first,
            "notebooks/second.md": SECOND,
            "_build/jupyter_execute/notebooks/first.ipynb": executed,
            "_build/jupyter_execute/notebooks/first.glue.json": json.dumps(GLUED),
            **{f"_build/html/{page}.html": text for page, text in HTML.items()},
        }
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(text)
        return Book(tmp_path)

    return write


def build(chapter: str, outputs: list[list], widgets: dict | None) -> str:
    """Return a chapter as the build leaves it, executed."""
    cells = jupytext.reads(chapter, "md:myst").cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    for cell, shown in zip(code, outputs, strict=False):
        cell.outputs = shown
    notebook = new_notebook(cells=cells)
    if widgets:
        notebook.metadata["widgets"] = {WIDGET_STATE: {"state": widgets}}
    return nbformat.writes(notebook)


@pytest.fixture
def convert(write_book):
    """Return a function from a piece of MyST to plain Markdown."""
    from book.colab.directives import convert_blocks

    def convert(text: str) -> str:
        page = write_book(f"# T\n\n{text}").pages["notebooks/first"]
        return convert_blocks(text, page)

    return convert


def chapters() -> list[Path]:
    """Return the chapters that are written."""
    return sorted((ROOT / "notebooks").glob("*.md"))
