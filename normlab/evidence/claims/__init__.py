"""Every claim of the book, a file a chapter; a new file is found by itself."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from normlab.evidence.claim import Claim


def _found() -> Iterator[Claim]:
    for module in sorted(iter_modules(__path__), key=lambda m: m.name):
        yield from import_module(f"{__name__}.{module.name}").CLAIMS


def _by_id(claims: Iterator[Claim]) -> dict[str, Claim]:
    known: dict[str, Claim] = {}
    for claim in claims:
        if claim.id in known:
            raise ValueError(f"two claims have the id {claim.id!r}; rename one")
        known[claim.id] = claim
    return known


CLAIMS: dict[str, Claim] = _by_id(_found())
