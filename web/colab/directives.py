"""What stands in fences: ``:::{note}``, ```` ```{figure} ````, formulas, folds."""

import re
from dataclasses import dataclass

import yaml
from docutils.nodes import make_id

from .errors import ConversionError
from .index import HEADING, Page
from .pictures import picture
from .roles import convert_inline, display_formula, image

FENCE = re.compile(r"^(?P<indent>[ ]*)(?P<marks>:{3,}|`{3,}|~{3,})(?P<info>[^`]*)$")
INFO = re.compile(r"^\s*\{(?P<name>[^{}]+)\}\s*(?P<argument>.*?)\s*$")
OPTION = re.compile(r"^:([\w-]+):\s*(.*?)\s*$")
# Comments and lines of attributes: nothing to show.
SILENT = re.compile(r"^\s*(%.*|\{[#.][^{}]*\})\s*$")
LABEL = re.compile(r"^\s*\((?P<label>[^()\s]+)\)=\s*$")
DEFINITION = re.compile(r"^(?P<term>[^\s:].*)\n\n?:[ ]{1,3}(?P<text>\S.*)$", re.M)


@dataclass
class Directive:
    """A directive's parts; the body is still MyST."""

    name: str
    argument: str
    options: dict
    body: str
    page: Page

    @property
    def classes(self) -> list[str]:
        """Return the classes given to it."""
        return str(self.options.get("class", "")).split()

    def converted(self) -> str:
        """Return the body as plain Markdown."""
        return convert_blocks(self.body, self.page)


def convert_blocks(text: str, page: Page) -> str:
    """Turn a page or part of one into plain Markdown."""
    pieces, prose = [], []
    lines = text.split("\n")
    while lines:
        line = lines.pop(0)
        fence = FENCE.match(line)
        if fence:
            pieces.append(convert_prose(prose, page))
            prose = []
            pieces.append(convert_fence(fence, take_fence(fence, lines), page))
        elif not SILENT.match(line):
            prose += mark_places(line, page)
    pieces.append(convert_prose(prose, page))
    joined = "\n".join(piece for piece in pieces if piece is not None)
    return joined.strip("\n")


def mark_places(line: str, page: Page) -> list[str]:
    """Put marks where links of the page lead to: labels and headings."""
    label, heading = LABEL.match(line), HEADING.match(line)
    mark = ""
    if label:
        mark = page.place(label["label"])
    elif heading:
        mark = page.place(make_id(heading[1]))
    return ([mark, ""] if mark else []) + ([] if label else [line])


def take_fence(fence: re.Match, lines: list[str]) -> list[str]:
    """Take the lines up to the closing fence, and that one, off the list."""
    mark, width = fence["marks"][0], len(fence["marks"])
    closing = re.compile(rf"^\s*{mark}{{{width},}}\s*$")
    for at, line in enumerate(lines):
        if closing.match(line):
            body = lines[:at]
            del lines[: at + 1]
            indent = len(fence["indent"])
            return [
                text[min(indent, len(text) - len(text.lstrip())) :] for text in body
            ]
    raise ConversionError(f"{fence[0].strip()} is never closed")


def convert_prose(lines: list[str], page: Page) -> str | None:
    """Convert the lines between two fences."""
    text = "\n".join(lines)
    if not text.strip():
        return "" if lines else None
    text = DEFINITION.sub(r"- **\g<term>**: \g<text>", text)
    return convert_inline(text, page)


def convert_fence(fence: re.Match, body: list[str], page: Page) -> str:
    """Convert one fenced block, nested ones included; keep its indentation."""
    info = INFO.match(fence["info"])
    if info:
        options, rest = split_options(body)
        parts = (info["name"], info["argument"], options, "\n".join(rest), page)
        text = run(Directive(*parts))
    elif fence["marks"][0] == ":":
        raise ConversionError(f"unknown block {fence[0].strip()!r}")
    else:
        text = "\n".join([fence[0].strip(), *body, fence["marks"]])
    indent = fence["indent"]
    return "\n".join(indent + line if line else line for line in text.split("\n"))


def split_options(body: list[str]) -> tuple[dict, list[str]]:
    """Split ``:key: value`` lines, or a ``---`` block, off a directive's body."""
    if body and body[0].strip() == "---" and "---" in body[1:]:
        end = body.index("---", 1)
        return yaml.safe_load("\n".join(body[1:end])) or {}, body[end + 1 :]
    count = next((n for n, x in enumerate(body) if not OPTION.match(x)), len(body))
    return dict(OPTION.match(line).groups() for line in body[:count]), body[count:]


def run(directive: Directive) -> str:
    """Return what a directive shows."""
    if directive.name not in DIRECTIVES:
        raise ConversionError(f"unknown directive {{{directive.name}}}")
    return DIRECTIVES[directive.name](directive)


def quote(text: str) -> str:
    """Return a block quote."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def fold(title: str, text: str) -> str:
    """Return a block that opens on a click."""
    return f"<details>\n<summary>{title}</summary>\n\n{text}\n\n</details>"


def admonition(directive: Directive) -> str:
    """Return a block quote with a bold title, or a fold."""
    body, title = directive.body, directive.argument
    if directive.name != "admonition":  # there, the argument is part of the text
        body, title = f"{title}\n{body}".strip("\n"), directive.name.capitalize()
    if title == "Seealso":
        title = "See also"
    title = convert_inline(title, directive.page)
    text = convert_blocks(body, directive.page)
    if "dropdown" in directive.classes:
        return fold(title, text)
    return quote(f"**{title}**\n\n{text}".strip())


def dropdown(directive: Directive) -> str:
    """Return a fold."""
    title = convert_inline(directive.argument or "More", directive.page)
    return fold(title, directive.converted())


def titled(directive: Directive) -> str:
    """Return the body under its title, if it has one."""
    title = convert_inline(directive.argument, directive.page)
    return "\n\n".join(filter(None, [title and f"**{title}**", directive.converted()]))


def figure(directive: Directive) -> str:
    """Return an image and its caption; the dark theme's twin is left out."""
    if "only-dark" in directive.classes:
        return ""
    alt = str(directive.options.get("alt", ""))
    shown = image(alt, directive.argument, directive.page)
    return under(shown, directive)


def glued(directive: Directive) -> str:
    """Return a figure that a cell made, or a value in a line of its own."""
    output = directive.page.built.glued(directive.argument)
    alt = str(directive.options.get("alt", ""))
    shown = picture(output, alt) or directive.page.built.value(directive.argument)
    return under(shown, directive)


def under(shown: str, directive: Directive) -> str:
    """Return what a figure shows, with its number and caption below it."""
    name = directive.options.get("name")
    text = captioned(directive.body, name, directive.page)
    place = directive.page.place(name) if name else ""
    return "\n\n".join(filter(None, [place, shown, text]))


def captioned(caption: str, name: str | None, page: Page) -> str:
    """Return a figure's caption with the number that it has on the site."""
    if not caption.strip():
        return ""
    number = f"**{page.number(name)}.** " if name else ""
    return number + italic(convert_blocks(caption, page))


def italic(text: str) -> str:
    """Return a caption in italics, also when it stresses a word itself."""
    first, *rest = text.strip().split("\n\n")
    mark = "_" if "*" in first else "*"
    return "\n\n".join([f"{mark}{first}{mark}", *rest])


def table(directive: Directive) -> str:
    """Return a Markdown table under its caption."""
    caption = convert_inline(directive.argument, directive.page)
    body = directive.converted().strip("\n")
    return f"{italic(caption)}\n\n{body}" if caption else body


def list_table(directive: Directive) -> str:
    """Return a list of lists as a Markdown table; its first row is the head."""
    rows: list[list[str]] = []
    for line in directive.body.split("\n"):
        cell = re.match(r"^(\*\s+)?\s*-\s?(.*)$", line)
        if cell and cell[1]:
            rows.append([])
        if cell:
            rows[-1].append(cell[2].strip())
        elif line.strip():
            rows[-1][-1] += f" {line.strip()}"
    head, *rest = [[convert_inline(c, directive.page) for c in row] for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rest)]
    caption = convert_inline(directive.argument, directive.page)
    return "\n".join([*([f"{italic(caption)}\n"] if caption else []), *lines])


def math(directive: Directive) -> str:
    """Return a displayed formula."""
    formula = f"{directive.argument}\n{directive.body}".strip()
    return display_formula(
        f"\n{formula}\n", directive.options.get("label"), directive.page
    )


def code(directive: Directive) -> str:
    """Return a plain block of code."""
    body = directive.body.strip("\n")
    marks = "`" * max([3, *(len(run) + 1 for run in re.findall(r"`{3,}", body))])
    return f"{marks}{directive.argument}\n{body}\n{marks}"


NOTES = "note tip hint important warning caution attention danger error seealso"
GLUED = "glue glue:figure glue:any glue:text glue:md glue:math"
DROPPED = "contents index bibliography"  # each notebook ends with its own list
DIRECTIVES = {
    **dict.fromkeys([*NOTES.split(), "admonition"], admonition),
    **dict.fromkeys(GLUED.split(), glued),
    **dict.fromkeys(DROPPED.split(), lambda directive: ""),
    **dict.fromkeys(["figure", "image"], figure),
    **dict.fromkeys(["code", "code-block"], code),
    **dict.fromkeys(["tab-item", "margin", "sidebar", "topic"], titled),
    **dict.fromkeys(["div", "container", "tab-set"], Directive.converted),
    **dict.fromkeys(["epigraph", "pull-quote"], lambda d: quote(d.converted())),
    "rubric": lambda directive: f"**{directive.argument}**",
    "dropdown": dropdown,
    "table": table,
    "list-table": list_table,
    "math": math,
}
