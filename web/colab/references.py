"""What a chapter cites: its name in the text, and its entry in the list at the end."""

import re

from pybtex.backends.markdown import Backend
from pybtex.database import Entry
from pybtex.plugin import find_plugin
from pybtex.richtext import Text

from .index import Page, anchor

CITED = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")


class PlainBackend(Backend):
    """Markdown that escapes only what Markdown would read as a mark."""

    def format_str(self, text: str) -> str:
        """Return a text with those marks escaped."""
        return re.sub(r"([\\`*_\[\]<>])", r"\\\1", text)


def reference_list(page: Page) -> str:
    """Return the works that a page cites as a list, or nothing if it cites none.

    They are written and sorted as the site does it (`bibtex_default_style`).
    """
    groups = CITED.findall(page.text)
    keys = dict.fromkeys(key for group in groups for key in cited_keys(group))
    if not keys:
        return ""
    style = find_plugin("pybtex.style.formatting", page.book.bibliography_style)()
    entries = [page.book.reference(key) for key in keys]
    lines = [
        f"- {anchor(reference_id(entry.key))}"
        + " ".join(entry.text.render(PlainBackend()).split())
        for entry in style.format_entries(entries)
    ]
    return "\n".join(["## References", "", *lines])


def cited_keys(group: str) -> list[str]:
    """Split what stands in one citation into the keys of its works."""
    return [" ".join(key.split()) for key in group.split(",")]


def reference_id(key: str) -> str:
    """Return the anchor of an entry in the list."""
    return f"reference-{key}"


def citation(key: str, pattern: str, page: Page) -> str:
    """Return a work's authors and year, put into a pattern, as a link to its entry."""
    entry = page.book.reference(key)
    text = pattern.format(authors(entry), entry.fields.get("year", "n.d."))
    return f"[{text}](#{reference_id(key)})"


def authors(entry: Entry) -> str:
    """Return the last names: one, "A and B", or "A et al."."""
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [
        str(Text(" ").join([*person.rich_prelast_names, *person.rich_last_names]))
        for person in people
    ]
    if not names:
        return str(Text.from_latex(entry.fields.get("title", "Anonymous")))
    many = len(names) > 2 or names[-1] == "others"
    return f"{names[0]} et al." if many else " and ".join(names)
