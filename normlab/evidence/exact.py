"""Identities: what holds for any numbers, up to rounding, and needs no records."""

from normlab.evidence.words import Word

BOUND = 1e-9  # of float64 sums of some thousand numbers of the order of one
TINY = 1e-12  # what rounding leaves of them, and more; its digits are the processor's


def exact(errors: dict[str, float]) -> tuple[Word, tuple[tuple[str, str], ...]]:
    """Return what a ``Holds`` rule says of errors that should all be rounding.

    Args:
        errors: what was compared -> the largest difference found; nan decides against.
    """
    holds = all(error < BOUND for error in errors.values())
    numbers = tuple((what, rounding(error)) for what, error in errors.items())
    return (Word.REPRODUCED if holds else Word.NOT_REPRODUCED), numbers


def rounding(error: float) -> str:
    """Return an error as text, without the digits that differ between processors."""
    for bound in (TINY, BOUND):
        if error < bound:
            return f"0 to rounding (below {bound:.0e})"
    return f"{error:.1g}"
