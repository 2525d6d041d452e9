"""Identities: what holds for any numbers, up to rounding, and needs no records."""

from normlab.evidence.words import Word

BOUND = 1e-9  # of float64 sums of some thousand numbers of the order of one


def exact(errors: dict[str, float]) -> tuple[Word, tuple[tuple[str, str], ...]]:
    """Return what a ``Holds`` rule says of errors that should all be rounding.

    Args:
        errors: what was compared -> the largest difference found; nan decides against.
    """
    holds = all(error < BOUND for error in errors.values())
    numbers = tuple((what, f"{error:.1g}") for what, error in errors.items())
    return (Word.REPRODUCED if holds else Word.NOT_REPRODUCED), numbers
