"""Write one ``.ipynb`` for each chapter in ``_toc.yml``, from the built book."""

import argparse
import os
import sys
from pathlib import Path

import nbformat

from .errors import ConversionError
from .index import Book
from .notebook import convert_chapter

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, convert every chapter, then write them."""
    parser = argparse.ArgumentParser(prog="python -m web.colab", description=__doc__)
    parser.add_argument("out_dir", type=Path)
    parser.add_argument(
        "--package", help="what pip installs as normlab (default: the repository)"
    )
    options = parser.parse_args(arguments)
    book = Book(ROOT)
    try:
        notebooks = {
            page.name: convert_chapter(page, options.package)
            for page in book.chapters()
        }
    except ConversionError as error:
        sys.exit(f"web.colab: {error}")
    options.out_dir.mkdir(parents=True, exist_ok=True)
    for name, notebook in notebooks.items():
        write(options.out_dir / f"{name}.ipynb", notebook)
    print(f"{len(notebooks)} notebooks in {options.out_dir}")


def write(path: Path, notebook: nbformat.NotebookNode) -> None:
    """Write to a neighbour, then rename: readers see the old file or the new one."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        scratch.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
