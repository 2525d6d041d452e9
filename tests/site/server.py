"""A small web server that publishes a folder as GitHub Pages does."""

import http.server
import threading
from contextlib import contextmanager
from functools import partial


class Pages(http.server.SimpleHTTPRequestHandler):
    """Serves `directory` under `prefix`; what is missing gets 404.html."""

    protocol_version = "HTTP/1.1"  # several files by one connection
    disable_nagle_algorithm = True  # else each of them waits for an answer

    def __init__(self, *args, prefix, **kwargs):
        self.prefix = prefix
        super().__init__(*args, **kwargs)

    def do_GET(self):
        if not self.path.startswith(self.prefix):
            self.send_error(404)
            return
        self.path = "/" + self.path.removeprefix(self.prefix)
        super().do_GET()

    def send_error(self, code, message=None, explain=None):
        body = self.directory and self.missing_page()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def missing_page(self):
        with open(f"{self.directory}/404.html", "rb") as file:
            return file.read()

    def log_message(self, *args):
        pass


@contextmanager
def published(folder, prefix, pages=Pages):
    """Serve a folder on a free port while the block runs; yield its address."""
    handler = partial(pages, directory=str(folder), prefix=prefix)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{prefix}"
    finally:
        server.shutdown()
        server.server_close()
