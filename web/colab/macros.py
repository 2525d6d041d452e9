"""The book's TeX macros written out, because Colab knows only TeX's own."""

import re

from .errors import ConversionError

COMMAND = re.compile(r"\\([a-zA-Z]+)")


def expand(tex: str, macros: dict) -> str:
    """Write out every macro; ``macros`` is MathJax's: name -> text or [text, count]."""
    at = 0
    while found := COMMAND.search(tex, at):
        if found[1] not in macros:
            at = found.end()
            continue
        text, end = written_out(tex, found, macros[found[1]])
        tex = tex[: found.start()] + text + tex[end:]
        at = found.start()  # a macro may stand in a macro
    return tex


def written_out(tex: str, found: re.Match, macro: str | list) -> tuple[str, int]:
    """Return a macro's text with its arguments put in, and where they end."""
    text, count = (macro, 0) if isinstance(macro, str) else macro[:2]
    end = found.end()
    arguments = []
    for _ in range(count):
        argument, end = take_argument(tex, end, found[0])
        arguments.append(argument)
    text = re.sub(r"#(\d)", lambda m: arguments[int(m[1]) - 1], text)
    follows = tex[end : end + 1]
    apart = re.search(r"\\[a-zA-Z]+$", text) and follows.isalpha()
    return text + (" " if apart else ""), end


def take_argument(tex: str, at: int, name: str) -> tuple[str, int]:
    """Return the argument that begins at or after a place, and where it ends."""
    rest = tex[at:].lstrip()
    at = len(tex) - len(rest)
    if not rest:
        raise ConversionError(f"{name} has no argument in {tex!r}")
    if rest[0] != "{":
        one = COMMAND.match(rest)
        length = one.end() if one else 1
        return rest[:length], at + length
    depth = 0
    for place, letter in enumerate(rest):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if not depth:
            return rest[1:place], at + place + 1
    raise ConversionError(f"the argument of {name} never ends in {tex!r}")
