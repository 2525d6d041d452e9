"""The test server, with a script in each page that writes down what goes wrong."""

import io
import mimetypes
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from server import Pages, published

RECORDER = Path(__file__).with_name("watch.js").read_bytes()
PHONE = b'<!DOCTYPE html><link rel="icon" href="data:,"><body style="margin: 0">'


@dataclass
class Watched:
    """A site that is served: its address, and the paths that it was asked in vain."""

    address: str = ""
    missing: list = field(default_factory=list)


class WatchedPages(Pages):
    """Pages with the recorder; `phone.html` is empty, to hold a page in a frame."""

    def __init__(self, *args, missing, **kwargs):
        self.missing = missing
        super().__init__(*args, **kwargs)

    def send_head(self):
        made = {"/watch.js": RECORDER, "/phone.html": PHONE}.get(self.path)
        file = Path(self.translate_path(self.path))
        if made is None and file.suffix == ".html" and file.exists():
            tag = f'<head><script src="{self.prefix}watch.js"></script>'
            made = file.read_bytes().replace(b"<head>", tag.encode(), 1)
        if made is None:
            return super().send_head()
        self.send_response(200)
        self.send_header("Content-Type", mimetypes.guess_type(file.name)[0])
        self.send_header("Content-Length", str(len(made)))
        self.end_headers()
        return io.BytesIO(made)

    def send_error(self, code, message=None, explain=None):
        self.missing.append(self.path)
        super().send_error(code, message, explain)


@contextmanager
def watched(folder, prefix):
    """Serve a folder under ``prefix`` while the block runs; yield it, watched."""
    site = Watched()
    pages = partial(WatchedPages, missing=site.missing)
    with published(folder, prefix, pages) as site.address:
        yield site
