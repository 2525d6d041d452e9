"""The page at the site's root, which leads to the landing page."""

from html import escape
from pathlib import Path

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta name="description" content="{description}">
<meta http-equiv="refresh" content="0; url={target}">
<link rel="canonical" href="{canonical}">
<link rel="icon" href="_static/favicon.svg">
</head>
<body><main><h1>{title}</h1><p><a href="{target}">Go to the book</a></p></main></body>
</html>
"""


def write_redirect(app):
    """Write index.html where the book's first page lies in a folder."""
    first = app.config.root_doc
    if first == "index":
        return
    target = app.builder.get_target_uri(first)
    Path(app.outdir, "index.html").write_text(
        PAGE.format(
            title=escape(app.config.html_title),
            description=escape(app.config.booksite_description),
            target=target,
            canonical=app.config.html_baseurl + target,
        ),
        encoding="utf-8",
    )
