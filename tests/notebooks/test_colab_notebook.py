"""The notebook around the text: cells, metadata, set-up, files."""

import subprocess
import sys
from html import escape

import nbformat
import pytest
from nbformat.v4 import new_output

from normlab.widgets import FiveNumbers
from normlab.widgets.base import WAKE
from web.colab.__main__ import write
from web.colab.errors import ConversionError
from web.colab.index import Book
from web.colab.notebook import convert_chapter

from .conftest import CELL, DOT, ROOT

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

HTML = '<a class="b" href="{}">x</a><svg><use xlink:href="#mark"/></svg>'
VIEW = "application/vnd.jupyter.widget-view+json"
OUTPUTS = [
    new_output("stream", name="stdout", text="a\n"),
    new_output("stream", name="stdout", text="b\n"),
    new_output("execute_result", {"image/svg+xml": "<svg/>", "image/png": DOT}),
    new_output(
        "display_data",
        {
            "text/html": HTML.format("../book/index.html#x"),
            "text/plain": "x",
            "a/b": "y",
        },
    ),
]


@pytest.fixture
def first(write_book):
    return write_book(FIRST, [[], OUTPUTS]).pages["notebooks/first"]


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
    site = "https://someone.github.io/small-book/"
    assert f"[A small book]({site})" in title.source
    assert f"[this chapter on the site]({site}notebooks/first.html)" in title.source
    assert set_up.metadata["tags"] == ["set-up"]
    assert set_up.source.splitlines()[2:] == [
        "%pip install -q anywidget",
        '%pip install -q --no-deps "d2l==1.0.3" '
        '"normlab @ git+https://github.com/Someone/small-book"',
    ]
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
    assert 'git+https://github.com/Other/fork"' in cells[1].source


def test_what_a_workflow_builds_installs_the_commit_it_was_built_from(
    write_book, monkeypatch
):
    monkeypatch.setenv("GITHUB_SHA", "0123abcd")
    page = Book(write_book(FIRST).root).pages["notebooks/first"]
    assert 'Someone/small-book@0123abcd"' in convert_chapter(page).cells[1].source


def test_a_page_below_a_chapter_is_a_notebook_too(first):
    assert [page.name for page in first.book.chapters()] == ["first", "second"]


def test_folded_cells_are_forms(notebook):
    quiet, drawing, magic = [c for c in notebook.cells if c.cell_type == "code"][1:]
    assert quiet.source == "#@title Show the code\nquiet = 1"
    assert drawing.source.startswith("#@title Show the drawing\n")
    assert magic.source.startswith("%%capture")
    for cell in (quiet, drawing, magic):
        assert cell.metadata["cellView"] == "form"  # Colab
        assert cell.metadata["jupyter"]["source_hidden"]
    assert not any("mystnb" in cell.metadata for cell in notebook.cells)


def test_caption_with_its_number_follows_its_figure(notebook):
    at = next(n for n, c in enumerate(notebook.cells) if "drawing" in c.source)
    caption = notebook.cells[at + 1].source
    caption, _, words = caption.partition("\n\n")
    assert caption == "**Fig. 4.** *A line, ([Lovelace 1843](#reference-one)).*"
    assert "<summary>The figure in words</summary>\n\nA line\n" in words


def test_text_has_the_numbers_of_the_build(notebook):
    text = next(c.source for c in notebook.cells if "Now" in c.source)
    assert text == "Now 1.5 and 1's to 2."


def test_what_is_cited_stands_at_the_end(notebook):
    assert notebook.cells[-1].source.startswith("## References\n")


def test_outputs_are_there_and_can_be_shown_anywhere(notebook):
    (drawing,) = (c for c in notebook.cells if "drawing" in c.source)
    printed, figure, link = drawing.outputs
    assert printed.text == "a\nb\n"
    assert figure.data == {"image/png": DOT}
    assert figure.metadata["image/png"]["alt"] == "A line"
    address = "https://someone.github.io/small-book/book/index.html#x"
    assert link.data == {"text/html": HTML.format(address), "text/plain": "x"}


def test_a_widget_is_a_still_and_a_sentence(write_book):
    shown = FiveNumbers(gamma=-1.0)
    outputs = [
        new_output("display_data", {VIEW: {"model_id": "7"}, "text/plain": "x"}),
        new_output("display_data", {"text/html": WAKE.data, "text/plain": "x"}),
    ]
    state = {"7": {"state": shown.get_state()}}
    text = f"# T\n\n{CELL}\n```{{code-cell}} ipython3\nw\n```"
    page = write_book(text, [[], outputs], state).pages["notebooks/first"]
    still, words, sentence = convert_chapter(page).cells[3].outputs
    assert still.data["image/png"] and VIEW not in still.data
    assert still.metadata["image/png"]["alt"] == still.data["text/plain"] == shown.alt
    assert words.data["text/html"] == f"<p>{escape(shown.alt)}</p>"
    assert "run the first cell, then this one" in sentence.data["text/html"]


def test_a_figure_made_for_another_place_is_shown_below_its_cell_too(write_book):
    text = "# T\n\n```{glue:figure} fig\n:alt: A dot\n\nCap\n```\n\n"
    page = write_book(f"{text}```{{code-cell}} ipython3\nglue()\n```").pages
    (figure,) = convert_chapter(page["notebooks/first"]).cells[3].outputs
    assert figure.data == {"image/png": DOT, "text/plain": "F"}
    assert figure.metadata["image/png"]["alt"] == "A dot"


def test_what_no_notebook_shows_stops_the_conversion(write_book):
    outputs = [new_output("display_data", {"application/x": "y"})]
    text = "# T\n\n```{code-cell} ipython3\nw\n```"
    page = write_book(text, [outputs]).pages["notebooks/first"]
    with pytest.raises(ConversionError, match="application/x"):
        convert_chapter(page)


def test_a_build_of_another_text_is_refused(first):
    first.built.text = first.text.replace("quiet = 1", "quiet = 2")
    with pytest.raises(ConversionError, match=r"other cells.*make book"):
        convert_chapter(first)


def test_without_a_build_it_says_how_to_make_one(first):
    first.built.folder = first.built.folder / "nothing"
    with pytest.raises(ConversionError, match="make book"):
        convert_chapter(first)


def test_error_names_the_chapter_and_the_directive(write_book):
    page = write_book("# T\n\n```{frobnicate}\n```").pages["notebooks/first"]
    with pytest.raises(ConversionError, match=r"notebooks/first: .*\{frobnicate\}"):
        convert_chapter(page)
    with pytest.raises(ConversionError, match="title"):
        convert_chapter(write_book("No title\n").pages["notebooks/first"])


def test_a_folded_cell_for_the_text_says_so(write_book):
    text = "# T\n\n```{code-cell} ipython3\n:tags: [hide-input]\n\nglue(a=b)\n```"
    page = write_book(text).pages["notebooks/first"]
    source = convert_chapter(page).cells[2].source
    assert source.startswith("#@title Where the numbers around here come from\n")


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
    subprocess.run(command, cwd=ROOT, check=True, timeout=300)
    listed = {page.name for page in Book(ROOT).chapters()}
    assert {path.stem for path in tmp_path.glob("*.ipynb")} == listed
