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
from .built import Built
from .errors import ConversionError

HEADING = re.compile(r"^#+\s+(.+?)\s*#*$", re.MULTILINE)
TARGET = re.compile(r"^\(([^()\s]+)\)=\s*\n\s*(?:#+\s+(.+?)\s*$)?", re.MULTILINE)
EQUATION = re.compile(r"\$\$[ ]*\(([\w:.-]+)\)\s*$|^\s*:label:\s*(\S+)", re.MULTILINE)
NAME = re.compile(r"^\s*:?name:\s*(\S+)\s*$", re.MULTILINE)
GLUED_ALT = re.compile(r"\{glue:figure\} *(\S+)\n(?::.*\n)*?:alt: *(.+)")
POINTED_AT = re.compile(
    r"\]\(#([^)\s]+)\)|\{(?:ref|numref|eq)\}`(?:[^`<]*<)?([^`>]+)>?`"
)


@dataclass
class Page:
    """One page of the book and its labels: name -> the title that a link shows."""

    book: "Book"
    document: str  # "notebooks/lenet"
    text: str
    labels: dict[str, str | None] = field(init=False)
    equations: set[str] = field(init=False)
    pointed_at: set[str] = field(init=False)  # by links and roles of this page
    built: Built = field(init=False)

    def __post_init__(self):
        self.equations = {a or b for a, b in EQUATION.findall(self.text)}
        self.labels = dict.fromkeys(NAME.findall(self.text))
        self.labels |= {name: text or None for name, text in TARGET.findall(self.text)}
        self.pointed_at = {a or b.strip() for a, b in POINTED_AT.findall(self.text)}
        self.built = Built(self.book.build, self.document, self.text)

    @property
    def name(self) -> str:
        """Return the file's name without its folder and ending."""
        return posixpath.basename(self.document)

    @property
    def title(self) -> str:
        """Return the first heading."""
        found = HEADING.search(self.text)
        return found[1] if found else self.name

    @property
    def alts(self) -> dict[str, str]:
        """Return figures that a cell made for another place, in words, by name."""
        return dict(GLUED_ALT.findall(self.text))

    def headings(self) -> set[str]:
        """Return what a link may call the page's headings."""
        return {make_id(text) for text in HEADING.findall(self.text)}

    def place(self, label: str) -> str:
        """Return the mark that links of this page to a label jump to, if there are."""
        return anchor(anchor_of(label, self)) if label in self.pointed_at else ""

    def number(self, label: str) -> str:
        """Return the number that the site gives to a formula or a figure."""
        return self.built.number(anchor_of(label, self))

    def url(self, anchor: str = "") -> str:
        """Return the page's address on the published site."""
        return f"{self.book.site}{self.document}.html" + (anchor and f"#{anchor}")

    def neighbour(self, path: str) -> str:
        """Return a path written on this page, as seen from the book's root."""
        folder = posixpath.dirname(self.document)
        return posixpath.normpath(posixpath.join(folder, path)).lstrip("/")


def anchor_of(label: str, page: Page) -> str:
    """Return the name that the site gives to the place of a label on a page."""
    return make_id(f"equation-{label}" if label in page.equations else label)


def anchor(name: str) -> str:
    """Return a mark to jump to: Jupyter looks for its id, Colab for its name."""
    return f'<a id="{name}" name="{name}"></a>'


class Book:
    """All pages in ``_toc.yml``, with the address from ``_config.yml``."""

    def __init__(self, root: Path):
        self.root = root
        self.build = root / "_build"
        self.stills = self.build / ".doctrees" / "stills"  # where the site keeps them
        config = yaml.safe_load((root / "_config.yml").read_text())
        self.title = config["title"]
        self.branch = config["repository"].get("branch", "main")
        fork = os.environ.get("GITHUB_REPOSITORY")
        url = f"https://github.com/{fork}" if fork else config["repository"]["url"]
        self.repository = url.rstrip("/")
        self.site = site_url(self.repository)
        commit = os.environ.get("GITHUB_SHA")  # what a workflow builds
        pinned = f"@{commit}" if commit else ""
        self.package = f"normlab @ git+{self.repository}{pinned}"
        sphinx = config.get("sphinx", {}).get("config", {})
        tex = sphinx.get("mathjax3_config", {}).get("tex", {})
        self.macros = tex.get("macros", {})
        self.bibliography_style = sphinx.get("bibtex_default_style", "alpha")
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

    def find(self, label: str, here: Page) -> Page | None:
        """Return the page on which a label stands; this page comes first."""
        for page in [here, *self.pages.values()]:
            if label in page.equations or label in page.labels:
                return page
        return None

    @cached_property
    def glossary(self) -> dict[str, str]:
        """Return where each term is explained: in small letters -> address."""
        pages = [p for p in self.pages.values() if "{glossary}" in p.text]
        return {t: page.url(at) for page in pages for t, at in page.built.terms.items()}

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
