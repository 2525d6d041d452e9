"""A verdict as a chapter shows it: the same everywhere, plain text in a terminal."""

from dataclasses import dataclass
from functools import cache
from html import escape

from normlab.evidence.claim import Claim
from normlab.evidence.claims import CLAIMS
from normlab.evidence.judge import Verdict, judge
from normlab.evidence.registry import written
from normlab.evidence.sentences import of_other_ways, of_p
from normlab.evidence.sources import cited
from normlab.evidence.words import Word

LEDGER = "../book/claims.html"


@dataclass(frozen=True)
class Card:
    """One verdict, to be shown as the last thing in a cell."""

    verdict: Verdict

    def __repr__(self) -> str:
        claim = self.verdict.claim
        head = f"{claim.id}: {self.verdict.word.upper()}"
        lines = [f"Claim ({cited(claim)}): {claim.says}"]
        lines += [f"{what}: {number}" for what, number in self.verdict.numbers]
        return "\n".join([head, *(f"  {line}" for line in [*lines, *self.remarks()])])

    def remarks(self) -> list[str]:
        """Return the sentences below the numbers: p, other ways to ask, or why not."""
        claim = self.verdict.claim
        if self.verdict.word is Word.NOT_TRIED:
            return [self.verdict.reason]
        said = of_p(self.verdict), of_other_ways(self.verdict), written(claim)
        return list(filter(None, said))

    def _repr_html_(self) -> str:
        claim, word = self.verdict.claim, self.verdict.word
        numbers = "".join(
            f"<dt>{escape(what)}</dt><dd>{escape(number)}</dd>"
            for what, number in self.verdict.numbers
        )
        if numbers:
            numbers = f'<dl class="bn-card-numbers">{numbers}</dl>'
        remarks = escape(" ".join(self.remarks()))
        return (
            f'<div class="bn-card" id="{claim.anchor}">'
            f'<p class="bn-card-head"><strong class="bn-word" '
            f'data-word="{word.slug}">{word}</strong> '
            f'<a href="{LEDGER}#{claim.anchor}">{escape(claim.id)}</a></p>'
            f'<p class="bn-card-says">{escape(claim.says)} '
            f"<cite>{escape(cited(claim))}</cite></p>"
            f'{numbers}<p class="bn-card-remarks">{remarks}</p></div>'
        )


@dataclass(frozen=True)
class Cards:
    """Several cards below each other."""

    cards: tuple[Card, ...]

    def __repr__(self) -> str:
        return "\n\n".join(map(repr, self.cards))

    def _repr_html_(self) -> str:
        return "\n".join(card._repr_html_() for card in self.cards)


def card(*ids: str) -> Cards:
    """Return the cards of these claims.

    Raises:
        KeyError: there is no such claim.
    """
    claims = [known(name) for name in ids]
    return Cards(tuple(Card(found(claim)) for claim in claims))


def known(name: str) -> Claim:
    """Return the claim of this id.

    Raises:
        KeyError: there is none.
    """
    if name not in CLAIMS:
        raise KeyError(f"no claim {name!r}; there are {', '.join(CLAIMS)}")
    return CLAIMS[name]


def found(claim: Claim) -> Verdict:
    """Return what became of a claim, by what is recorded."""
    if not claim.experiment:
        return judge([claim])[claim.id]
    return _family(claim.experiment)[claim.id]


@cache
def _family(experiment: str) -> dict[str, Verdict]:
    """Judge the claims of one experiment together, since they share its level."""
    return judge(c for c in CLAIMS.values() if c.experiment == experiment)
