"""What stands inside a line: roles, links, images, labelled formulas."""

import html
import posixpath
import re
from urllib.parse import quote

from docutils.nodes import make_id
from pybtex.database import Entry
from pybtex.richtext import Text

from .index import ConversionError, Page

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
        if found["target"] is not None:
            words = convert_inline(found["text"], page)
            return (image if found["image"] else link)(words, found["target"], page)
        if found["widget"]:  # only the site's own widgets can be set by a link
            state = quote(html.unescape(found["widget"]), safe="?=&,-")
            return f"[{convert_inline(found['words'], page)}]({page.url(state)})"
        if found["project"]:
            return link("", found["project"], page)
        if found["substitution"]:
            raise ConversionError(f"substitution {match[0]}")
        return "" if found["attributes"] else match[0]

    return INLINE.sub(replace, text)


def display_formula(formula: str, label: str | None, page: Page) -> str:
    """Return a displayed formula, with the number it has on the site."""
    tag = rf"\tag{{{page.equations[label]}}}" if label else ""
    if tag and formula.endswith("\n"):
        tag += "\n"
    return f"$${formula}{tag}$$"


def link(text: str, target: str, page: Page) -> str:
    """Return a link; one to another page leads to the published site."""
    book = page.book
    if SCHEME.match(target) or target.startswith("//"):
        return f"[{text}]({target})" if text else f"<{target}>"
    path, _, anchor = target.partition("#")
    if not path:
        found = book.find(anchor, page)
        other, title, anchor = found or (page, None, make_id(anchor))
        return f"[{text or title or 'here'}]({other.url(anchor)})"
    path = page.neighbour(path)
    other = book.pages.get(path.removesuffix(".md"))
    if other:
        return f"[{text or other.title}]({other.url(anchor)})"
    if path.endswith(".md") and not text:
        raise ConversionError(f"link to {target}, which is no page of the book")
    return f"[{text or path}]({book.repository}/blob/{book.branch}/{path})"


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
    """``text <entry>``: the glossary is on the site, the word stays."""
    text, entry = split_target(content)
    return convert_inline(text or entry, page)


def doc(content: str, page: Page) -> str:
    """Link to another page."""
    text, target = split_target(content)
    return link(text, target.removesuffix(".md") + ".md", page)


def ref(content: str, page: Page) -> str:
    """Link to a label: the section's title, or the words given."""
    text, label = split_target(content)
    found = page.book.find(label, page)
    if found is None:
        raise ConversionError(f"no label {label!r} in the book")
    other, title, anchor = found
    return f"[{text or title or 'the figure'}]({other.url(anchor)})"


def numref(content: str, page: Page) -> str:
    """Link to a figure; figures have no numbers here."""
    _, label = split_target(content)
    return ref(f"the figure <{label}>", page)


def eq(content: str, page: Page) -> str:
    """Return a formula's number; one on another page becomes a link."""
    found = page.book.find(content, page)
    if found is None:
        raise ConversionError(f"no formula {content!r} in the book")
    other, number, anchor = found
    return f"({number})" if other is page else f"[({number})]({other.url(anchor)})"


def glued(content: str, page: Page) -> str:
    """Name a value that a cell of the notebook prints."""
    name = content.split(":")[0]
    return f"`{name}` (printed {page.where(name)})"


def cite_in_brackets(content: str, page: Page) -> str:
    """Return "(Author year; Author year)"."""
    keys = [key.strip() for key in content.split(",")]
    return f"({'; '.join(_citation(k, '{} {}', page) for k in keys)})"


def cite_in_text(content: str, page: Page) -> str:
    """Return "Author (year)"."""
    keys = [key.strip() for key in content.split(",")]
    return ", ".join(_citation(k, "{} ({})", page) for k in keys)


def _citation(key: str, pattern: str, page: Page) -> str:
    entry = page.book.reference(key)
    text = pattern.format(authors(entry), entry.fields.get("year", "n.d."))
    url = address(entry)
    return f"[{text}]({url})" if url else text


def authors(entry: Entry) -> str:
    """Return the last names: one, "A and B", or "A et al."."""
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [
        str(Text(" ").join([*person.rich_prelast_names, *person.rich_last_names]))
        for person in people
    ]
    if not names:
        return plain(entry.fields.get("title", "Anonymous"))
    many = len(names) > 2 or names[-1] == "others"
    return f"{names[0]} et al." if many else " and ".join(names)


def address(entry: Entry) -> str | None:
    """Return where the work can be read, if the entry says so."""
    doi = entry.fields.get("doi")
    return f"https://doi.org/{doi}" if doi else entry.fields.get("url")


def plain(latex: str) -> str:
    """Return a bibliography field without its LaTeX."""
    return str(Text.from_latex(latex))


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
    "math": lambda content, page: f"${content}$",
    "abbr": lambda content, page: content,
    **{tag: tagged(tag) for tag in ("kbd", "sub", "sup")},
    **dict.fromkeys(CITED_IN_BRACKETS, cite_in_brackets),
    **dict.fromkeys(CITED_IN_TEXT, cite_in_text),
    **dict.fromkeys(GLUED, glued),
    **dict.fromkeys(LITERAL, literal),
}
