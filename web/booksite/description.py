"""The sentence or two under a page's title in a search result or a shared link."""

import re
import unicodedata
from html import escape

from docutils import nodes

LONGEST = 155  # about what a search result shows


def add_description(app, pagename, templatename, context, doctree):
    """Describe a page by its own front matter, its opening words or the book's."""
    meta = context["meta"] = context.get("meta") or {}
    text = meta.get("description") or (opening(doctree) if doctree else "")
    text = text or app.config.booksite_description
    meta["og:description"] = text
    tag = f'<meta name="description" content="{escape(text)}">'
    if 'name="description"' not in context.get("metatags", ""):
        context["metatags"] = context.get("metatags", "") + tag + "\n"


def opening(doctree):
    """Return the first paragraphs of a page as plain text, cut at a word."""
    words = ""
    for paragraph in doctree.findall(nodes.paragraph):
        if in_margin(paragraph):
            continue
        words = f"{words} {plain(paragraph)}".strip()
        if len(words) >= 60:
            break
    if len(words) <= LONGEST:
        return words
    sentences = words[: LONGEST + 1].rfind(". ") + 1
    return (
        words[:sentences]
        if sentences > 60
        else words[:LONGEST].rsplit(" ", 1)[0] + " …"
    )


def in_margin(paragraph):
    """Tell whether a paragraph is not running text: a caption, a cell or a table."""
    ancestor = paragraph.parent
    while ancestor is not None:
        if isinstance(ancestor, nodes.table | nodes.figure):
            return True
        if "cell" in ancestor.get("classes", []):
            return True
        ancestor = ancestor.parent
    return False


def plain(paragraph):
    """Return a paragraph's text without the sentences that need a set formula."""
    text = paragraph.astext()
    for formula in paragraph.findall(nodes.math):
        text = text.replace(formula.astext(), letters(formula.astext()))
    text = re.sub(r"\s+", " ", text).strip()
    sentences = re.split(r"(?<=[.?!:]) ", text)
    return " ".join(sentence for sentence in sentences if "\\" not in sentence)


def letters(tex):
    """Write Greek letters as themselves; other commands keep their backslash."""
    tex = re.sub(r"\\(alpha|beta|gamma|epsilon|mu|sigma)\b", greek, tex)
    return tex.replace("^2", "²").replace("{", "").replace("}", "")


def greek(match):
    """Return the letter that a TeX command names."""
    return unicodedata.lookup(f"GREEK SMALL LETTER {match[1].upper()}")
