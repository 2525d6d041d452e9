"""The notebook around the text: cells, metadata, set-up, files."""

import re
import subprocess
import sys

import nbformat
import pytest

from web.colab.__main__ import write
from web.colab.index import Book, ConversionError
from web.colab.notebook import convert_chapter

from .conftest import ROOT, chapters

FIRST = """\
---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# The first chapter

It opens.

```{code-cell} ipython3
:tags: [remove-cell]

quiet = 1
```

```{code-cell} ipython3
---
mystnb:
  figure:
    caption: A line, {cite:p}`one`.
    name: fig-line
  image:
    alt: A line
  code_prompt_show: Show the drawing
tags: [hide-input]
---
glue(gap="1")
quiet
```

Now {glue:text}`gap` and {glue:text}`other`.

```{code-cell} ipython3
:tags: [hide-cell]

%%capture
quiet
```
"""
LEFT_OVER = re.compile(r"^\s*(:::|```)\{|\{[a-z:]+\}`", re.MULTILINE)


@pytest.fixture
def first(write_book):
    return write_book(FIRST).pages["notebooks/first"]


@pytest.fixture
def notebook(first):
    return convert_chapter(first)


def test_metadata_asks_for_a_gpu(notebook):
    nbformat.validate(notebook)
    assert notebook.metadata["accelerator"] == "GPU"
    colab = {"provenance": [], "gpuType": "T4", "name": "first.ipynb"}
    assert notebook.metadata["colab"] == colab
    assert notebook.metadata["kernelspec"]["name"] == "python3"


def test_title_then_set_up_then_chapter(notebook):
    title, set_up, text, *_ = notebook.cells
    assert title.source.startswith("# The first chapter\n")
    assert "https://someone.github.io/small-book/notebooks/first.html" in title.source
    assert set_up.metadata["tags"] == ["set-up"]
    assert set_up.source.splitlines()[1] == "%pip install -q anywidget"
    assert set_up.source.splitlines()[2] == (
        '%pip install -q --no-deps "d2l==1.0.3" '
        '"normlab @ git+https://github.com/Someone/small-book"'
    )
    assert text.source == "It opens."


def test_set_up_takes_another_package(first):
    assert (
        '"/tmp/normlab.whl"'
        in convert_chapter(first, "/tmp/normlab.whl").cells[1].source
    )


def test_a_fork_points_at_itself(write_book, monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "Other/fork")
    root = write_book(FIRST).root
    cells = convert_chapter(Book(root).pages["notebooks/first"]).cells
    assert "https://other.github.io/fork/" in cells[0].source
    assert "git+https://github.com/Other/fork" in cells[1].source


def test_folded_cells_are_forms(notebook):
    quiet, drawing, magic = [c for c in notebook.cells if c.cell_type == "code"][1:]
    assert quiet.source == "#@title Show code\nquiet = 1"
    assert drawing.source.startswith("#@title Show the drawing\n")
    assert magic.source.startswith("%%capture")
    assert {c.metadata["cellView"] for c in (quiet, drawing, magic)} == {"form"}
    assert not any("mystnb" in cell.metadata for cell in notebook.cells)


def test_caption_follows_its_figure(notebook):
    at = next(n for n, c in enumerate(notebook.cells) if "drawing" in c.source)
    assert notebook.cells[at + 1].source == "*A line, (Lovelace 1843).*"


def test_text_says_where_a_number_is_printed(notebook):
    text = next(c.source for c in notebook.cells if "Now" in c.source)
    assert text == "Now `gap` (printed above) and `other` (printed below)."


def test_error_names_the_chapter_and_the_directive(write_book):
    page = write_book("# T\n\n```{frobnicate}\n```").pages["notebooks/first"]
    with pytest.raises(ConversionError, match=r"notebooks/first: .*\{frobnicate\}"):
        convert_chapter(page)
    with pytest.raises(ConversionError, match="title"):
        convert_chapter(write_book("No title\n").pages["notebooks/first"])


def test_same_bytes_each_time_and_nothing_left_behind(first, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    contents = set()
    for _ in range(2):
        write(out / "first.ipynb", convert_chapter(first))
        contents.add((out / "first.ipynb").read_bytes())
    assert len(contents) == 1
    assert contents.pop().endswith(b"}\n")
    assert [path.name for path in out.iterdir()] == ["first.ipynb"]


def test_command_writes_every_chapter_of_the_book(tmp_path):
    command = [sys.executable, "-m", "web.colab", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    listed = {page.name for page in Book(ROOT).chapters()}
    assert {path.stem for path in tmp_path.glob("*.ipynb")} == listed


@pytest.mark.parametrize("chapter", chapters(), ids=lambda path: path.stem)
def test_real_chapter_is_plain_markdown(chapter):
    page = Book(ROOT).pages[f"notebooks/{chapter.stem}"]
    notebook = convert_chapter(page)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"``.+?``|`[^`{]*`", "", cell.source)
            assert not LEFT_OVER.search(prose), cell.source
