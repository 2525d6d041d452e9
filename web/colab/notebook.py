"""A chapter as a notebook that stands alone in Colab."""

import re

import jupytext
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from .directives import convert_blocks, italic
from .index import ConversionError, Page

GLUED = re.compile(r"\b(\w+)=|glue\([\"'](\w+)")
FOLDED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
SET_UP = """\
# Run this first: d2l and this book's package. Colab has nearly everything else.
%pip install -q anywidget
%pip install -q --no-deps "{d2l}" "{package}"
"""
ABOUT = (
    "A chapter of [{title}]({url}), made to run here. Run the next cell first. "
    "No GPU is needed; with one, training is faster."
)


def convert_chapter(page: Page, package: str | None = None) -> NotebookNode:
    """Return the chapter as a notebook; ``package`` is what pip installs."""
    try:
        cells = [new for cell in read(page) for new in convert_cell(cell, page)]
    except ConversionError as error:
        raise ConversionError(f"{page.document}: {error}") from error
    title, rest = split_title(cells, page)
    cells = [title, set_up(page, package), *rest]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number:03d}"
    return new_notebook(cells=cells, metadata=metadata(page))


def read(page: Page) -> list[NotebookNode]:
    """Return the chapter's cells as they are in the source."""
    return jupytext.reads(page.text, "md:myst").cells


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


def split_title(
    cells: list[NotebookNode], page: Page
) -> tuple[NotebookNode, list[NotebookNode]]:
    """Put the title in a cell of its own, with a link to the page on the site."""
    source = cells[0].source if cells and cells[0].cell_type == "markdown" else ""
    head, _, text = source.partition("\n")
    if not head.startswith("# "):
        raise ConversionError(f"{page.document}: the first line is not a title")
    about = ABOUT.format(title=page.book.title, url=page.url())
    text = text.strip("\n")
    rest = [*([new_markdown_cell(text)] if text else []), *cells[1:]]
    return new_markdown_cell(f"{head}\n\n{about}"), rest


def set_up(page: Page, package: str | None) -> NotebookNode:
    """Return the cell that installs what Colab lacks, and nothing else."""
    requirements = (page.book.root / "requirements.txt").read_text()
    d2l = re.search(r"^d2l==\S+", requirements, re.MULTILINE)[0]
    package = package or f"normlab @ git+{page.book.repository}"
    source = SET_UP.format(d2l=d2l, package=package).rstrip()
    return new_code_cell(source, metadata={"tags": ["set-up"]})


def convert_cell(cell: NotebookNode, page: Page) -> list[NotebookNode]:
    """Return one cell as Colab shows it; a figure's caption follows its cell."""
    if cell.cell_type == "markdown":
        source = convert_blocks(cell.source, page)
        return [new_markdown_cell(source)] if source.strip() else []
    if "glue(" in cell.source:
        page.glued.update(a or b for a, b in GLUED.findall(cell.source))
    book_only = cell.metadata.get("mystnb", {})
    tags = list(cell.metadata.get("tags", []))
    new = new_code_cell(cell.source, metadata={"tags": tags} if tags else {})
    if FOLDED.intersection(tags):
        new.metadata["cellView"] = "form"
        new.source = add_title(cell.source, book_only)
    caption = book_only.get("figure", {}).get("caption")
    if not caption:
        return [new]
    return [new, new_markdown_cell(italic(convert_blocks(caption, page)))]


def add_title(source: str, book_only: dict) -> str:
    """Put the words that fold a cell on its first line, where Colab looks."""
    if source.startswith("%%"):  # a cell magic must stay first
        return source
    title = book_only.get("code_prompt_show", "Show code").replace("{type}", "code")
    return f"#@title {title}\n{source}"
