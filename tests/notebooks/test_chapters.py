"""Chapters follow the house's frame; the linter of the text, so to say."""

import ast
import re
import sys

import jupytext
import pytest
import yaml

from .conftest import ROOT, chapters

LINES, COLUMNS = 25, 88
# What Colab has already, and the two packages that the set-up cell adds.
AT_HAND = {
    *("torch", "torchvision", "numpy", "pandas", "matplotlib", "tqdm", "joblib"),
    *("IPython", "ipywidgets", "anywidget", "scipy", "PIL"),
    *("d2l", "normlab"),
}
STAMP = re.compile(r"^ +(format_version|jupytext_version): .*\n", re.MULTILINE)

each_chapter = pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)


def code_cells(path):
    """Return the code cells, magics blanked so that Python can read the rest."""
    cells = jupytext.reads(path.read_text(), "md:myst").cells
    return [cell for cell in cells if cell.cell_type == "code"]


def parse(cell):
    return ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.source, flags=re.M))


def in_toc():
    toc = (ROOT / "_toc.yml").read_text()
    files = re.findall(r"(?:file|root): *(\S+)", toc)
    assert yaml.safe_load(toc)
    return files


def test_toc_and_folder_agree():
    listed = {file.split("/")[1] for file in in_toc() if file.startswith("notebooks/")}
    assert {path.stem for path in chapters()} == listed


def test_the_landing_page_has_a_line_for_each_chapter_in_the_books_order():
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text())["parts"]
    files = [entry["file"] for part in parts for entry in part["chapters"]]
    table = (ROOT / "book/index.md").read_text()
    listed = re.findall(r"^\| \{doc\}`\.\./(\S+)` \| \S.* \|$", table, re.MULTILINE)
    assert listed == [file for file in files if file.startswith("notebooks/")]


@each_chapter
def test_source_survives_the_way_through_a_notebook(path):
    text = path.read_text()
    notebook = jupytext.writes(jupytext.reads(text, "md:myst"), "ipynb")
    back = jupytext.writes(jupytext.reads(notebook, "ipynb"), "md:myst")
    remedy = f"jupytext --to md:myst notebooks/{path.name} writes it that way"
    assert STAMP.sub("", back) == STAMP.sub("", text), remedy  # its version aside


@each_chapter
def test_cells_are_short(path):
    for cell in code_cells(path):
        lines = cell.source.split("\n")
        assert len(lines) <= LINES, f"{len(lines)} lines:\n{cell.source}"
        widest = max(lines, key=len)
        assert len(widest) <= COLUMNS, f"{len(widest)} columns: {widest}"


@each_chapter
def test_cells_say_where_names_come_from(path):
    for cell in code_cells(path):
        assert "plt.show" not in cell.source, cell.source
        for node in ast.walk(parse(cell)):
            if isinstance(node, ast.ImportFrom):
                assert node.names[0].name != "*", cell.source


@each_chapter
def test_colab_has_what_is_imported(path):
    for cell in code_cells(path):
        for node in ast.walk(parse(cell)):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            used = {name.split(".")[0] for name in names}
            assert used <= AT_HAND | sys.stdlib_module_names, cell.source


@each_chapter
def test_figures_have_caption_and_alternative_text(path):
    for cell in code_cells(path):
        book = cell.metadata.get("mystnb", {})
        if "figure" in book or "image" in book:
            assert book.get("figure", {}).get("caption"), cell.source
            assert book.get("figure", {}).get("name"), cell.source
            assert book.get("image", {}).get("alt"), cell.source


@each_chapter
def test_glued_figures_have_caption_and_alternative_text(path):
    pattern = r"^(`{3,}|:{3,})\{glue:figure\} *\S+\n(.*?)^\1\s*$"
    for _, body in re.findall(pattern, path.read_text(), re.M | re.S):
        assert re.search(r"^:alt: \S", body, re.M), body
        assert re.search(r"^[^:\s]", body, re.M), body


@each_chapter
def test_no_function_is_defined_twice(path):
    defined = [
        node.name
        for cell in code_cells(path)
        for node in parse(cell).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ]
    assert len(defined) == len(set(defined)), sorted(defined)
