"""``Claim``: what somebody said, and how we try it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from normlab.evidence.pages import title
from normlab.evidence.rules import Rule

OURS = "this book"
NO_VARIANTS: Mapping[str, Rule] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Claim:
    """An entry of the ledger.

    Args:
        id: short, unique, as in links: "B1-loss".
        source: a key in ``references.bib``, or ``OURS`` for a finding of this book.
        place: where in the source: section, line, table, minute; "" for our findings,
            whose place is the page.
        says: the claim in our words, with its hedges kept.
        setting: the source's setting; "" for our findings.
        ours: our setting.
        chapter: slug of the page that shows the card, in ``notebooks/``; "" for none.
        experiment: the experiment that its one primary measure is from; "" where the
            rule computes something, or where it is not tried.
        rule: how it is judged; None where it is not tried.
        variants: other ways to ask, name -> rule; one that decides the other way takes
            the word down a step.
        reason: why it is not tried, or why the setting differs.
        see: id of the claim that tries a part of this one.
        benchmark: the command that recorded what the rule reads, where it is no
            experiment: one timing.
    """

    id: str
    source: str
    says: str
    ours: str
    place: str = ""
    setting: str = ""
    chapter: str = ""
    experiment: str = ""
    rule: Rule | None = None
    variants: Mapping[str, Rule] = field(default_factory=lambda: NO_VARIANTS)
    reason: str = ""
    see: str = ""
    benchmark: str = ""

    def __post_init__(self) -> None:
        if self.rule is None and not self.reason:
            raise ValueError(f"claim {self.id!r} has no rule; give the reason why not")
        if self.rule is not None and not self.chapter:
            raise ValueError(f"claim {self.id!r} is tried; name the page of its card")

    @property
    def where(self) -> str:
        """Its place in the source, or the title of our page."""
        return self.place or (f"“{title(self.chapter)}”" if self.chapter else "")

    @property
    def anchor(self) -> str:
        """Its name in a link: of its card, and of its row in the ledger."""
        return f"claim-{self.id.lower()}"
