"""What the build computed for one page: outputs, glued values, the site's numbers."""

import re
from ast import literal_eval
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jupyter_cache import get_cache
from myst_nb.core.read import read_myst_markdown_notebook
from myst_nb.ext.glue import extract_glue_data_cell
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
REMEDY = "run `make book` first"


@dataclass
class Built:
    """One page in the folder `_build`: "notebooks/lenet", and its text."""

    folder: Path
    document: str
    text: str

    @property
    def cells(self) -> list[NotebookNode]:
        """Return the page's cells, those of code with what they show."""
        return self._executed[0]

    @cached_property
    def widgets(self) -> dict[str, dict]:
        """Return the state that each widget was left in: model's number -> traits."""
        kept = self._executed[2].get("widgets", {}).get(WIDGET_STATE, {})
        return {n: model["state"] for n, model in kept.get("state", {}).items()}

    @cached_property
    def numbers(self) -> dict[str, str]:
        """Return what the site calls formulas and figures: anchor -> "3", "Fig. 18"."""
        html = self._read(f"html/{self.document}.html")
        figures = {anchor: text.strip() for anchor, text in FIGURE.findall(html)}
        return dict(EQUATION.findall(html)) | figures

    @cached_property
    def terms(self) -> dict[str, str]:
        """Return the anchors of the page's glossary: term in small letters -> id.

        Apostrophes are straight, as they are typed; the page has them round.
        """
        html = self._read(f"html/{self.document}.html").replace("’", "'")
        return {TAG.sub("", text).lower(): at for at, text in TERM.findall(html)}

    def number(self, anchor: str) -> str:
        """Return the number that the site gives to a formula or a figure."""
        if anchor not in self.numbers:
            raise ConversionError(f"the built page has no number at #{anchor}")
        return self.numbers[anchor]

    def value(self, name: str) -> str:
        """Return a glued text as it stands in its sentence."""
        text = self.glued(name)["data"].get("text/plain", "")
        if not text.startswith(("'", '"')):
            raise ConversionError(f"the value {name!r} is no text: format it")
        return literal_eval(text)

    def glued(self, name: str) -> dict:
        """Return the output that a cell gave a name."""
        if name not in self._executed[1]:
            raise ConversionError(f"no cell gave the text a value {name!r}")
        return self._executed[1][name]

    @cached_property
    def _executed(self) -> tuple[list[NotebookNode], dict[str, NotebookNode], dict]:
        """The cells, what they glued by its name, the notebook's metadata.

        From the cache, as in the build. MyST-NB also leaves notebooks in
        `jupyter_execute`, but without outputs when it has taken them from the cache.
        """
        folder = self.folder / ".jupyter_cache"
        if not folder.exists():
            raise ConversionError(f"{folder} is missing: {REMEDY}")
        notebook = read_myst_markdown_notebook(self.text)
        try:
            _, notebook = get_cache(folder).merge_match_into_notebook(notebook)
        except KeyError:
            raise ConversionError(
                f"the book was built with other cells: {REMEDY}"
            ) from None
        glued = {}
        for cell in notebook.cells:
            if cell.cell_type == "code":
                made = dict(extract_glue_data_cell(cell))
                glued |= made
                # A plain kernel shows such a figure below the cell too.
                figures = [o for o in made.values() if "image/png" in o["data"]]
                cell.outputs = [*figures, *cell.outputs]
        return notebook.cells, glued, notebook.metadata

    def _read(self, path: str) -> str:
        try:
            return (self.folder / path).read_text("utf-8")
        except FileNotFoundError:
            raise ConversionError(
                f"{self.folder / path} is missing: {REMEDY}"
            ) from None
