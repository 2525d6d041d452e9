"""A cell's outputs as the build left them, in a form that every notebook can show."""

import re
from html import escape
from urllib.parse import urljoin

from nbformat import NotebookNode
from nbformat.v4 import new_output

from normlab.widgets.base import ASLEEP

from ..booksite.widgets import VIEW, class_of, draw_stills
from .errors import ConversionError
from .index import Page
from .pictures import from_file, half_size

TEXT = ("text/html", "text/markdown", "text/latex", "text/plain")
WAKE = (
    "<p>A still picture: run the first cell, then this one, and it can be moved. Links "
    "in the text that set it lead to the site.</p>"
)
ADDRESS = re.compile(r"""(<a\b[^>]*?\shref|<img\b[^>]*?\ssrc)=(["'])(.*?)\2""")
UNSEEN = {"remove-cell", "remove-output"}


def outputs_of(cell: NotebookNode, page: Page, alt: str) -> list[NotebookNode]:
    """Return what a notebook shows below a cell before it is run.

    Args:
        cell: the cell as the build executed it.
        page: where it stands.
        alt: its figure in words.
    """
    if UNSEEN.intersection(cell.metadata.get("tags", [])):
        return []
    shown: list[NotebookNode] = []
    for output in cell.outputs:
        if VIEW in output.get("data", {}):
            shown += still(output.data[VIEW]["model_id"], page)
        elif output.output_type != "stream":
            shown.append(with_data(output, page, alt))
        elif shown and shown[-1].get("name") == output.name:
            shown[-1].text += output.text
        else:
            shown.append(new_output("stream", name=output.name, text=output.text))
    return shown


def with_data(output: NotebookNode, page: Page, alt: str) -> NotebookNode:
    """Return one output that is no printed text."""
    if output.output_type == "error":
        return output
    data = output.data
    if ASLEEP in data.get("text/html", ""):
        return new_output("display_data", {"text/html": WAKE})
    kept = {kind: data[kind] for kind in TEXT if kind in data}
    if "text/html" in kept:
        kept["text/html"] = whole_addresses(kept["text/html"], page)
    metadata = {}
    image = next((k for k in ("image/png", "image/svg+xml") if k in data), None)
    if image:
        kept[image] = data[image]
        name = output.metadata.get("scrapbook", {}).get("name")
        alt = page.alts.get(name, alt)
        metadata = {image: dict(output.metadata.get(image, {}), alt=alt)}
    if not kept:
        raise ConversionError(f"no notebook shows an output of {', '.join(data)}")
    return new_output(output.output_type, kept, metadata=metadata)


def still(number: str, page: Page) -> list[NotebookNode]:
    """Return the picture of a widget as the build drew it, and below it its words."""
    traits = page.built.widgets[number]
    drawn = draw_stills(class_of(traits), traits, page.book.stills)
    image = from_file(drawn["png"])
    width, height = half_size(image)
    size = {"width": width, "height": height, "alt": traits["alt"]}
    drawing = {"image/png": image, "text/plain": traits["alt"]}
    words = {"text/html": f"<p>{escape(traits['alt'])}</p>"}
    return [
        new_output("display_data", drawing, metadata={"image/png": size}),
        new_output("display_data", words),
    ]


def whole_addresses(html: str, page: Page) -> str:
    """Let the links of a piece of HTML lead to the site."""
    return ADDRESS.sub(
        lambda m: f"{m[1]}={m[2]}{urljoin(page.url(), m[3])}{m[2]}", html
    )
