"""What to try when: a table of advice, each line beside what became of its claim."""

from dataclasses import dataclass
from html import escape

from normlab.evidence.card import LEDGER, found, known
from normlab.evidence.judge import Verdict
from normlab.evidence.words import Word

HEADS = ("If", "then try", "our runs say")


@dataclass(frozen=True)
class Line:
    """A piece of advice.

    Args:
        situation: when it is given: "a batch has room for two images".
        suggestion: what to try then.
        verdict: on the claim behind it; None where nothing in this book tries it.
    """

    situation: str
    suggestion: str
    verdict: Verdict | None

    @property
    def word(self) -> Word:
        """What became of the claim."""
        return Word.NOT_TRIED if self.verdict is None else self.verdict.word


@dataclass(frozen=True)
class Decisions:
    """Advice, to be shown as the last thing in a cell."""

    lines: tuple[Line, ...]

    def __repr__(self) -> str:
        return "\n".join(
            f"{HEADS[0]} {line.situation}, {HEADS[1]} {line.suggestion}: "
            f"{line.word.upper()}{_named(line, ' ({})')}"
            for line in self.lines
        )

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col">{head}</th>' for head in HEADS)
        rows = "\n".join(
            f'<tr><th scope="row">{escape(line.situation)}</th>'
            f"<td>{escape(line.suggestion)}</td><td>{_word(line)}</td></tr>"
            for line in self.lines
        )
        return (
            f'<table class="bn-decisions"><thead><tr>{heads}</tr></thead>\n'
            f"<tbody>\n{rows}\n</tbody></table>"
        )


def decisions(*lines: tuple[str, str, str | None]) -> Decisions:
    """Return the table of these lines: situation, suggestion, id of a claim or None.

    Raises:
        KeyError: there is no such claim.
    """
    return Decisions(
        tuple(
            Line(situation, suggestion, None if name is None else found(known(name)))
            for situation, suggestion, name in lines
        )
    )


def _word(line: Line) -> str:
    word = f'<span class="bn-word" data-word="{line.word.slug}">{line.word}</span>'
    if line.verdict is None:
        return word
    claim = line.verdict.claim
    return f'{word} <a href="{LEDGER}#{claim.anchor}">{escape(claim.id)}</a>'


def _named(line: Line, form: str) -> str:
    return "" if line.verdict is None else form.format(line.verdict.claim.id)
