"""A chapter as a notebook that stands alone in Colab."""

import re
from html import escape

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from .directives import captioned, convert_blocks, fold
from .errors import ConversionError
from .index import Page
from .outputs import outputs_of
from .references import reference_list

FOLDED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
# As the site names them (web/booksite/tidy.py).
HANDS_OVER = re.compile(r"^glue\(", re.MULTILINE)
FOR_THE_TEXT = "Where the numbers around here come from"
SET_UP = """\
# Run this first: this book's package with its recorded runs, d2l, and anywidget for
# the widgets; Colab has the rest. A cell that needs the images downloads them.
%pip install -q anywidget
%pip install -q --no-deps "{d2l}" "{package}"
"""
ABOUT = (
    "A chapter of [{title}]({site}); [this chapter on the site]({url}). Numbers, "
    "tables and figures are stored here as they were computed on a CPU when the book "
    "was built. No GPU is needed. To compute live cells anew, run the next cell before "
    "any other; recorded runs come with the package and are read, not trained again. "
    "If your numbers differ, the sentences speak of those stored here."
)


def convert_chapter(page: Page, package: str | None = None) -> NotebookNode:
    """Return the chapter as a notebook; ``package`` is what pip installs."""
    try:
        title, *rest = convert_cells(page)
    except ConversionError as error:
        raise ConversionError(f"{page.document}: {error}") from error
    cells = [title, set_up(page, package), *rest]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number:03d}"
    return new_notebook(cells=cells, metadata=metadata(page))


def convert_cells(page: Page) -> list[NotebookNode]:
    """Return the title's cell and all that follow it but the set-up."""
    cells = []
    for cell in page.built.cells:
        if cell.cell_type == "markdown":
            source = convert_blocks(cell.source, page)
            cells += [new_markdown_cell(source)] if source.strip() else []
        else:
            cells += convert_code(cell, page)
    references = reference_list(page)
    cells += [new_markdown_cell(references)] if references else []
    return split_title(cells, page)


def metadata(page: Page) -> dict:
    """Return what Colab reads: the kernel, a GPU, the notebook's name."""
    return {
        "accelerator": "GPU",
        "colab": {"gpuType": "T4", "name": f"{page.name}.ipynb", "provenance": []},
        "kernelspec": {
            "display_name": "Python 3",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }


def split_title(cells: list[NotebookNode], page: Page) -> list[NotebookNode]:
    """Put the title in a cell of its own, with a link to the page on the site."""
    source = cells[0].source if cells and cells[0].cell_type == "markdown" else ""
    head, _, text = source.partition("\n")
    if not head.startswith("# "):
        raise ConversionError("the first line is not a title")
    book = page.book
    about = ABOUT.format(title=book.title, site=book.site, url=page.url())
    text = text.strip("\n")
    rest = [*([new_markdown_cell(text)] if text else []), *cells[1:]]
    return [new_markdown_cell(f"{head}\n\n{about}"), *rest]


def set_up(page: Page, package: str | None) -> NotebookNode:
    """Return the cell that installs what Colab lacks, and nothing else."""
    requirements = (page.book.root / "requirements.txt").read_text()
    d2l = re.search(r"^d2l==\S+", requirements, re.MULTILINE)[0]
    source = SET_UP.format(d2l=d2l, package=package or page.book.package).rstrip()
    return new_code_cell(source, metadata={"tags": ["set-up"]})


def convert_code(cell: NotebookNode, page: Page) -> list[NotebookNode]:
    """Return a cell with what the build computed; a figure's caption follows it.

    So does the figure in words, as no notebook shows an output's alternative text.
    """
    book_only = cell.metadata.get("mystnb", {})
    tags = list(cell.metadata.get("tags", []))
    alt = book_only.get("image", {}).get("alt", "")
    new = new_code_cell(
        cell.source,
        metadata={"tags": tags} if tags else {},
        outputs=outputs_of(cell, page, alt),
    )
    if FOLDED.intersection(tags):
        new.metadata |= {"cellView": "form", "jupyter": {"source_hidden": True}}
        new.source = add_title(cell.source, book_only)
    figure = book_only.get("figure", {})
    caption = captioned(figure.get("caption", ""), figure.get("name"), page)
    if not caption:
        return [new]
    words = fold("The figure in words", escape(alt)) if alt else ""
    below = "\n\n".join(filter(None, [caption, words]))
    return [new, new_markdown_cell(page.place(figure.get("name", "")) + below)]


def add_title(source: str, book_only: dict) -> str:
    """Put the words that fold a cell on its first line, where Colab looks."""
    if source.startswith("%%"):  # a cell magic must stay first
        return source
    usual = FOR_THE_TEXT if HANDS_OVER.search(source) else "Show the code"
    title = book_only.get("code_prompt_show", usual).replace("{type}", "code")
    return f"#@title {title}\n{source}"
