"""Which scripts a page loads: only those that something on the page uses.

Jupyter Book's extensions each add their scripts to every page. Here a script of
theirs stays where its mark stands in the page, and what the book never uses is left
out. A script that neither table names is kept as it is.
"""

import re

FOLDED = r'class="[^"]*(?<![\w-])(toggle|dropdown)(?![\w-])'
CODE = r'class="highlight'

# file or start of an inline script -> pattern of a page that needs it
NEEDED_BY = {
    "clipboard.min.js": CODE,
    "copybutton.js": CODE,
    "togglebutton.js": FOLDED,
    "let toggleHint": FOLDED,
    "let toggleOpenOnPrint": FOLDED,
    "var togglebuttonSelector": FOLDED,
    "design-tabs.js": "sd-tab-label",
}

# the same -> why no page needs it
UNUSED = {
    "sphinx-thebe.js": "no live kernel on the page",
    "const THEBE_JS_URL": "the same, and declared twice, which is an error",
    "const thebe_": "the same",
    "DOCUMENTATION_OPTIONS.": "for a menu of versions, which the book has not",
}

# ours -> the same
OWN = {"assets/ledger.js": 'class="bn-ledger"'}

# The theme's own script and ours come last: they expect the page to be there.
LAST = [("_static/scripts/pydata-sphinx-theme.js", {}), ("assets/book.js", {})]


def choose_scripts(app, pagename, templatename, context, doctree):
    """Give the template the page's scripts: files, and settings as text.

    Both come with their attributes.
    """
    body = context.get("body", "")
    context["page_scripts"] = []
    context["page_settings"] = []
    for script in context.get("script_files", []):
        file = str(getattr(script, "filename", script) or "")
        attributes = dict(getattr(script, "attributes", {}))
        text = attributes.pop("body", None) or ""
        if not is_wanted(file.removeprefix("_static/") or text.strip(), body):
            continue
        if file:
            context["page_scripts"].append((file, attributes))
        else:
            context["page_settings"].append((text, attributes))
    own = [(file, {}) for file, pattern in OWN.items() if re.search(pattern, body)]
    context["page_scripts"] += LAST + own


def is_wanted(name, body):
    """Tell whether a page with this body uses a script of this name."""
    if any(name.startswith(unused) for unused in UNUSED):
        return False
    needed = [pattern for start, pattern in NEEDED_BY.items() if name.startswith(start)]
    return not needed or re.search(needed[0], body) is not None
