"""Pictures that travel inside a notebook."""

import base64
import struct
from html import escape
from pathlib import Path


def picture(output: dict, alt: str) -> str:
    """Return an output's PNG as an image for Markdown, or nothing if it has none.

    SVG will not do: Colab drops it from Markdown.
    """
    data = output["data"].get("image/png")
    if data is None:
        return ""
    width, _ = half_size(data)
    source = f"data:image/png;base64,{''.join(data.split())}"
    return f'<img src="{source}" alt="{escape(alt)}" width="{width}">'


def half_size(data: str) -> tuple[int, int]:
    """Return width and height in CSS pixels of a base64 PNG with two dots to each."""
    size = struct.unpack(">II", base64.b64decode(data[:64])[16:24])
    return size[0] // 2, size[1] // 2


def from_file(path: Path) -> str:
    """Return a picture's bytes in base64."""
    return base64.b64encode(path.read_bytes()).decode("ascii")
