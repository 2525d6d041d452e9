"""Claims that the page can try, as its module reads them."""

from typing import Any

from normlab.evidence.card import found, known
from normlab.evidence.exact import BOUND
from normlab.evidence.intervals import UNITS
from normlab.evidence.rules import FEWEST, LEVEL, Effect, Holds, Same
from normlab.evidence.sources import SOURCES
from normlab.evidence.words import Word
from normlab.widgets.rerun.asked import ASKED, SEEDS, Asked, words_of

ORDER = (Word.NOT_REPRODUCED, Word.UNDECIDED, Word.IN_DIRECTION, Word.REPRODUCED)


def packed() -> dict[str, Any]:
    """Return the claims, their rules as tables, and their recorded verdicts."""
    about = {
        "level": LEVEL,
        "fewest": FEWEST,
        "seeds": SEEDS,
        "order": [str(word) for word in ORDER],
    }
    return {"about": about, "claims": [_claim(asked) for asked in ASKED]}


def _claim(asked: Asked) -> dict[str, Any]:
    claim = known(asked.claim)
    verdict = found(claim)
    return {
        "id": claim.id,
        "name": asked.name,
        "anchor": claim.anchor,
        "says": claim.says,
        "source": SOURCES.get(claim.source, ""),
        "rule": claim.rule.text,
        "recorded": str(verdict.primary),
        "numbers": [f"{what}: {number}" for what, number in verdict.numbers],
        "ours": claim.ours,
        "epochs": asked.epochs,
        "otherwise": asked.otherwise,
        "parts": [
            _part(rule) | {"columns": [vars(side) for side in sides]}
            for rule, sides in zip(asked.rules(), asked.parts, strict=True)
        ],
    }


def _part(rule: Effect | Same | Holds) -> dict[str, Any]:
    if isinstance(rule, Holds):
        about = {"what": "64-bit floats", "bound": BOUND, "judged": 2}
        return about | {"words": words_of(rule)}
    unit = UNITS[rule.unit]
    return {
        "what": rule.what,
        "unit": rule.unit,
        "factor": unit.factor,
        "digits": unit.digits,
        "word": unit.word,
        "shown_as": getattr(rule, "shown_as", 1),
        "smallest": rule.smallest if isinstance(rule, Effect) else rule.margin,
        "words": words_of(rule),
    }
