"""What a chapter may point at: the book's pages, labels, references and address."""

import os
import posixpath
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml
from docutils.nodes import make_id
from pybtex.database import BibliographyData, Entry, parse_file

from ..booksite.address import site_url

HEADING = re.compile(r"^#+\s+(.+?)\s*#*$", re.MULTILINE)
TARGET = re.compile(r"^\(([^()\s]+)\)=\s*\n\s*(?:#+\s+(.+?)\s*$)?", re.MULTILINE)
EQUATION = re.compile(r"\$\$[ ]*\(([\w:.-]+)\)\s*$|^\s*:label:\s*(\S+)", re.MULTILINE)
NAME = re.compile(r"^\s*:?name:\s*(\S+)\s*$", re.MULTILINE)


class ConversionError(ValueError):
    """A chapter holds syntax that Colab would show raw; the message names both."""


@dataclass
class Page:
    """One page of the book and its labels: name -> the title or number it shows."""

    book: "Book"
    document: str  # "notebooks/lenet"
    text: str
    labels: dict[str, str | None] = field(init=False)
    equations: dict[str, str] = field(init=False)
    glued: set[str] = field(default_factory=set)  # by the cells converted so far

    def __post_init__(self):
        numbered = (a or b for a, b in EQUATION.findall(self.text))
        self.equations = {x: str(n) for n, x in enumerate(numbered, start=1)}
        self.labels = dict.fromkeys(NAME.findall(self.text))
        self.labels |= {name: text or None for name, text in TARGET.findall(self.text)}

    @property
    def name(self) -> str:
        """Return the file's name without its folder and ending."""
        return posixpath.basename(self.document)

    @property
    def title(self) -> str:
        """Return the first heading."""
        found = HEADING.search(self.text)
        return found[1] if found else self.name

    def where(self, name: str) -> str:
        """Return on which side of the text a glued value is shown."""
        return "above" if name in self.glued else "below"

    def url(self, anchor: str = "") -> str:
        """Return the page's address on the published site."""
        return f"{self.book.site}{self.document}.html" + (anchor and f"#{anchor}")

    def neighbour(self, path: str) -> str:
        """Return a path written on this page, as seen from the book's root."""
        folder = posixpath.dirname(self.document)
        return posixpath.normpath(posixpath.join(folder, path)).lstrip("/")


class Book:
    """All pages in ``_toc.yml``, with the address from ``_config.yml``."""

    def __init__(self, root: Path):
        self.root = root
        config = yaml.safe_load((root / "_config.yml").read_text())
        self.title = config["title"]
        self.branch = config["repository"].get("branch", "main")
        fork = os.environ.get("GITHUB_REPOSITORY")
        url = f"https://github.com/{fork}" if fork else config["repository"]["url"]
        self.repository = url.rstrip("/")
        self.site = site_url(self.repository)
        toc = yaml.safe_load((root / "_toc.yml").read_text())
        files = {d: root / f"{d}.md" for d in _documents(toc)}
        self.pages = {
            document: Page(self, document, path.read_text())
            for document, path in files.items()
            if path.exists()  # Sphinx names what is missing
        }

    def chapters(self) -> list[Page]:
        """Return the pages with code, in the book's order."""
        return [p for d, p in self.pages.items() if d.startswith("notebooks/")]

    def find(self, label: str, here: Page) -> tuple[Page, str | None, str] | None:
        """Look a label up, this page first: (page, text or number, anchor)."""
        for page in [here, *self.pages.values()]:
            if label in page.equations:
                return page, page.equations[label], f"equation-{make_id(label)}"
            if label in page.labels:
                return page, page.labels[label], make_id(label)
        return None

    @cached_property
    def references(self) -> BibliographyData:
        """Return the bibliography."""
        return parse_file(self.root / "book" / "references.bib")

    def reference(self, key: str) -> Entry:
        """Return one entry of the bibliography."""
        if key not in self.references.entries:
            raise ConversionError(f"no reference {key!r} in book/references.bib")
        return self.references.entries[key]


def _documents(node) -> list[str]:
    if isinstance(node, list):
        return [d for item in node for d in _documents(item)]
    if not isinstance(node, dict):
        return []
    here = [node[k].removesuffix(".md") for k in ("root", "file") if k in node]
    return here + [d for value in node.values() for d in _documents(value)]
