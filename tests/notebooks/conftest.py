"""A small book to convert, and the real one."""

from pathlib import Path

import pytest

from web.colab.index import Book

ROOT = Path(__file__).resolve().parents[2]

CONFIG = """\
title: A small book
repository:
  url: https://github.com/Someone/small-book
  branch: main
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
@article{one, author = {Ada Lovelace}, title = {Notes}, year = {1843}}
@article{two, author = {Klaus-Robert M{\"u}ller and Ada Lovelace}, title = {Two},
  year = {1998}, url = {https://example.org/two}}
@article{three, author = {A. Uno and B. Due and C. Tre}, title = {Three},
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


@pytest.fixture
def write_book(tmp_path, monkeypatch):
    """Return a function that makes a book of two chapters, the first one given."""
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)

    def write(first: str) -> Book:
        files = {
            "_config.yml": CONFIG,
            "_toc.yml": TOC,
            "requirements.txt": "cycler==1.0\nd2l==1.0.3\n",
            "book/references.bib": REFERENCES,
            "book/index.md": "# Welcome\n",
            "notebooks/first.md": first,
            "notebooks/second.md": SECOND,
        }
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return Book(tmp_path)

    return write


@pytest.fixture
def convert(write_book):
    """Return a function from a piece of MyST to plain Markdown."""
    from web.colab.directives import convert_blocks

    def convert(text: str) -> str:
        return convert_blocks(text, write_book(text).pages["notebooks/first"])

    return convert


def chapters() -> list[Path]:
    """Return the chapters that are written."""
    return sorted((ROOT / "notebooks").glob("*.md"))
