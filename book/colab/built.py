"""What the build computed for one page: outputs, glued values, the site's numbers."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from .errors import ConversionError

WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
EQUATION = re.compile(r'id="(equation-[^"]+)"><span class="eqno">\((\d+)\)')
FIGURE = re.compile(
    r'<(?:figure|table)[^>]*\bid="([^"]+)"[^>]*>(?:(?!<(?:figure|table)).)*?'
    r'<span class="caption-number">([^<]+)</span>',
    re.DOTALL,
)
TERM = re.compile(r'<dt id="(term-[^"]+)">(.*?)<a class="headerlink"')
TAG = re.compile(r"<[^>]+>")


@dataclass
class Built:
    """One page in the folder `_build`: "notebooks/lenet"."""

    folder: Path
    document: str

    @cached_property
    def cells(self) -> list[NotebookNode]:
        """Return the executed code cells."""
        return [cell for cell in self._notebook.cells if cell.cell_type == "code"]

    @cached_property
    def widgets(self) -> dict[str, dict]:
        """Return the state that each widget was left in: model's number -> traits."""
        kept = self._notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {})
        return {n: model["state"] for n, model in kept.get("state", {}).items()}

    @cached_property
    def numbers(self) -> dict[str, str]:
        """Return what the site calls formulas and figures: anchor -> "3", "Fig. 18"."""
        html = self._read(f"html/{self.document}.html")
        figures = {anchor: text.strip() for anchor, text in FIGURE.findall(html)}
        return dict(EQUATION.findall(html)) | figures

    @cached_property
    def terms(self) -> dict[str, str]:
        """Return the anchors of the page's glossary: term in small letters -> id."""
        html = self._read(f"html/{self.document}.html")
        return {TAG.sub("", text).lower(): at for at, text in TERM.findall(html)}

    def number(self, anchor: str) -> str:
        """Return the number that the site gives to a formula or a figure."""
        if anchor not in self.numbers:
            raise ConversionError(f"the built page has no number at #{anchor}")
        return self.numbers[anchor]

    def value(self, name: str) -> str:
        """Return a glued text as it stands in its sentence."""
        text = self.glued(name)["data"].get("text/plain", "")
        return text[1:-1] if text[:1] == text[-1:] == "'" else text

    def glued(self, name: str) -> dict:
        """Return the output that a cell gave a name."""
        if name not in self._glued:
            raise ConversionError(f"no cell gave the text a value {name!r}")
        return self._glued[name]

    @cached_property
    def _notebook(self) -> NotebookNode:
        text = self._read(f"jupyter_execute/{self.document}.ipynb")
        return nbformat.reads(text, as_version=4)

    @cached_property
    def _glued(self) -> dict[str, dict]:
        return json.loads(self._read(f"jupyter_execute/{self.document}.glue.json"))

    def _read(self, path: str) -> str:
        try:
            return (self.folder / path).read_text("utf-8")
        except FileNotFoundError:
            raise ConversionError(
                f"{self.folder / path} is missing: run `make book` first"
            ) from None
