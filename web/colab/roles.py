"""What stands inside a line: roles, links, images, labelled formulas."""

import html
import posixpath
import re
from urllib.parse import quote

from .errors import ConversionError
from .index import Page, anchor_of
from .macros import expand
from .references import citation, cited_keys

# Formulas and code are matched first, so that nothing inside them is touched.
INLINE = re.compile(
    r"""
      \$\$(?P<display>.+?)\$\$(?:[ ]*\((?P<label>[\w:.-]+)\))?
    | \{(?P<role>[a-zA-Z][\w:.+-]*)\}(?P<tick>`+)(?P<content>.+?)(?P=tick)
    | (?P<code>(?P<fence>`+)(?!`).+?(?<!`)(?P=fence)(?!`))
    | (?P<formula>(?<![\\$])\$(?![\s$])[^$]+?\$)
    | (?P<image>!)?\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]
      \((?P<target>[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?:\s+"[^"]*")?\)
    | <a[ ]href="\#(?P<widget>widget-[^"]+)">(?P<words>.+?)</a>
    | <project:(?P<project>[^>\s]+)>
    | (?<=[\])`])(?P<attributes>\{[^{}`\n]*\})
    | (?P<substitution>\{\{.+?\}\})
    """,
    re.DOTALL | re.VERBOSE,
)
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def convert_inline(text: str, page: Page) -> str:
    """Turn a stretch of MyST prose into plain Markdown."""

    def replace(match: re.Match) -> str:
        found = match.groupdict()
        if found["display"]:
            return display_formula(found["display"], found["label"], page)
        if found["role"]:
            return role(found["role"], " ".join(found["content"].split()), page)
        if found["formula"]:
            return f"${expand(found['formula'][1:-1], page.book.macros)}$"
        if found["target"] is not None:
            words = convert_inline(found["text"], page)
            return (image if found["image"] else link)(words, found["target"], page)
        if found["widget"]:  # only the site's own widgets can be set by a link
            state = quote(html.unescape(found["widget"]), safe="?=&,-%")  # % is there
            words = convert_inline(found["words"], page)
            where = "" if set_before(match) else " (on the site)"
            return f"[{words}]({page.url(state)}){where}"
        if found["project"]:
            return link("", found["project"], page)
        if found["substitution"]:
            raise ConversionError(f"substitution {match[0]}")
        return "" if found["attributes"] else match[0]

    return INLINE.sub(replace, text)


def set_before(match: re.Match) -> bool:
    """Return whether a link before this one in the paragraph sets a widget."""
    paragraph = match.string[: match.start()].rpartition("\n\n")[2]
    return '<a href="#widget-' in paragraph


def display_formula(formula: str, label: str | None, page: Page) -> str:
    """Return a displayed formula, with the number that it has on the site."""
    tag = rf"\tag{{{page.number(label)}}}" if label else ""
    if tag and formula.endswith("\n"):
        tag += "\n"
    text = f"$${expand(formula, page.book.macros)}{tag}$$"
    place = page.place(label) if label else ""
    return f"{place}\n\n{text}" if place else text


def link(text: str, target: str, page: Page) -> str:
    """Return a link; one to another page leads to the published site."""
    book = page.book
    if SCHEME.match(target) or target.startswith("//"):
        return f"[{text}]({target})" if text else f"<{target}>"
    path, _, anchor = target.partition("#")
    if not path:
        return link_to_label(text, anchor, page)
    path = page.neighbour(path)
    other = book.pages.get(path.removesuffix(".md"))
    if other:
        return f"[{text or other.title}]({other.url(anchor)})"
    if path.endswith(".md") and not text:
        raise ConversionError(f"link to {target}, which is no page of the book")
    return f"[{text or path}]({book.repository}/blob/{book.branch}/{path})"


def link_to_label(text: str, label: str, page: Page) -> str:
    """Return a link to a label or a heading: inside the notebook, or on the site."""
    other = page.book.find(label, page)
    if other is None and label in page.headings():
        return f"[{text or 'here'}](#{label})"
    if other is None:
        raise ConversionError(f"no label {label!r} in the book")
    anchor = anchor_of(label, other)
    shown = convert_inline(text or other.labels.get(label) or "here", page)
    return f"[{shown}]({f'#{anchor}' if other is page else other.url(anchor)})"


def image(text: str, target: str, page: Page) -> str:
    """Return an image, read from the published site."""
    if not SCHEME.match(target):
        target = f"{page.book.site}_images/{posixpath.basename(target)}"
    return f"![{text}]({target})"


def role(name: str, content: str, page: Page) -> str:
    """Return what a role shows."""
    if name not in ROLES:
        raise ConversionError(f"unknown role {{{name}}}`{content}`")
    return ROLES[name](content, page)


def split_target(content: str) -> tuple[str, str]:
    """Split ``text <target>`` into both; without text it is empty."""
    match = re.fullmatch(r"(.*?)\s*<([^<>]+)>", content)
    return (match[1], match[2]) if match else ("", content)


def term(content: str, page: Page) -> str:
    """``text <entry>``: a link to the glossary, which is on the site."""
    text, entry = split_target(content)
    if entry.lower() not in page.book.glossary:
        raise ConversionError(f"no term {entry!r} in the glossary")
    return (
        f"[{convert_inline(text or entry, page)}]({page.book.glossary[entry.lower()]})"
    )


def doc(content: str, page: Page) -> str:
    """Link to another page."""
    text, target = split_target(content)
    return link(text, target.removesuffix(".md") + ".md", page)


def ref(content: str, page: Page) -> str:
    """Link to a label: the section's title, or the words given."""
    return link_to_label(*split_target(content), page)


def numref(content: str, page: Page) -> str:
    """Link to a figure by its number: "Fig. 3", or words with ``%s`` for the 3."""
    words, label = split_target(content)
    other = page.book.find(label, page)
    if other is None:
        raise ConversionError(f"no figure {label!r} in the book")
    number = other.number(label)
    only = number.split()[-1]
    words = words.replace("%s", only).replace("{number}", only)
    return link_to_label(words or number, label, page)


def eq(content: str, page: Page) -> str:
    """Link to a formula by its number: "(3)"."""
    other = page.book.find(content, page)
    if other is None:
        raise ConversionError(f"no formula {content!r} in the book")
    return link_to_label(f"({other.number(content)})", content, page)


def glued(content: str, page: Page) -> str:
    """Return a value as the build computed it."""
    if ":" in content:
        raise ConversionError(f"{content}: format a value in its cell, not in the text")
    return page.built.value(content)


def cite_in_brackets(content: str, page: Page) -> str:
    """Return "(Author year; Author year)"."""
    works = [citation(key, "{} {}", page) for key in cited_keys(content)]
    return f"({'; '.join(works)})"


def cite_in_text(content: str, page: Page) -> str:
    """Return "Author (year)"."""
    return ", ".join(citation(key, "{} ({})", page) for key in cited_keys(content))


def tagged(tag: str):
    """Return a role that puts its content in an HTML tag."""
    return lambda content, page: f"<{tag}>{content}</{tag}>"


def literal(content: str, page: Page) -> str:
    """Show a name as code."""
    return f"`{split_target(content)[1].lstrip('~')}`"


CITED_IN_BRACKETS = ("cite", "cite:p", "cite:ps")
CITED_IN_TEXT = ("cite:t", "cite:ts", "cite:ct")
GLUED = ("glue", "glue:", "glue:text", "glue:md", "glue:any")
LITERAL = ("code", "file", "py:func", "py:class", "py:meth", "py:mod", "py:obj")
ROLES = {
    "term": term,
    "doc": doc,
    "ref": ref,
    "numref": numref,
    "eq": eq,
    "math": lambda content, page: f"${expand(content, page.book.macros)}$",
    "abbr": lambda content, page: content,
    **{tag: tagged(tag) for tag in ("kbd", "sub", "sup")},
    **dict.fromkeys(CITED_IN_BRACKETS, cite_in_brackets),
    **dict.fromkeys(CITED_IN_TEXT, cite_in_text),
    **dict.fromkeys(GLUED, glued),
    **dict.fromkeys(LITERAL, literal),
}
