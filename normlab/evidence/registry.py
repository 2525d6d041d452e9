"""Which rule was written before which run.

``results/rules.json`` names every claim's rule by a hash. A record stores the hashes
that stand there when it is made; where one is still the same, the rule was written
before the run. ``python -m normlab.evidence`` writes the file anew.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache, partial
from pathlib import Path

from normlab.evidence.claim import Claim
from normlab.evidence.wording import in_words
from normlab.runs.reach import NAME, PACKAGE, Code, Place, short_hash
from normlab.runs.store import (
    RULES,
    ResultsError,
    benchmark,
    folder,
    records,
    write_atomically,
)

AFTER, BEFORE = "Rule written after these runs.", "Rule written before these runs."
COMPUTED = "Computed whenever the book is built."
TIMED = "Recorded by “{}”, one timing; rule written {} it."
DEVICES = {"make benchmark": "cpu", "make gpu": "cuda"}  # of the commands that time


def rule_hash(claim: Claim) -> str:
    """Return a hash of what decides: the rule, its variants, and their code.

    Of the package's code what lies in ``evidence/`` counts, without what only words
    (``wording``); the numbers of the rule count as they are.
    """
    asked = [claim.rule, *claim.variants.values()]
    code, found = _code(), set()
    for path, name in code.reached(_places(asked), _lies_elsewhere):
        found |= {piece.hash for piece in code.pieces(path, name)}
    return short_hash(repr((claim.experiment, _described(asked), sorted(found))))


def rule_hashes(claims: Iterable[Claim]) -> dict[str, dict[str, str]]:
    """Map each experiment to the hashes of the rules that its records decide."""
    found: dict[str, dict[str, str]] = {}
    for claim in claims:
        if claim.rule is not None and claim.experiment:
            found.setdefault(claim.experiment, {})[claim.id] = rule_hash(claim)
    return {experiment: found[experiment] for experiment in sorted(found)}


def write(claims: Iterable[Claim]) -> Path:
    """Write ``results/rules.json`` and return where."""
    path = folder() / RULES
    write_atomically(path, json.dumps(rule_hashes(claims), indent=1) + "\n")
    return path


def written(claim: Claim) -> str:
    """Say whether the rule is older than the runs it judges."""
    if claim.benchmark:
        order = "before" if _came_first(claim) else "after"
        return TIMED.format(claim.benchmark, order)
    if not claim.experiment:
        return COMPUTED
    return BEFORE if _came_first(claim) else AFTER


def benchmark_rules(claims: Iterable[Claim], device: str) -> dict[str, str]:
    """Return what a benchmark keeps of the rules that it is read by: name -> hash."""
    timed = [c for c in claims if c.benchmark and DEVICES[c.benchmark] == device]
    return {_name_of_rule(claim): rule_hash(claim) for claim in timed}


def _name_of_rule(claim: Claim) -> str:
    return f"rule_{claim.id}"


def _came_first(claim: Claim) -> bool:
    """Return whether all that the rule judges knew it as it is."""
    if claim.benchmark:
        with suppress(ResultsError):
            kept = benchmark(DEVICES[claim.benchmark])
            return kept.get(_name_of_rule(claim)) == rule_hash(claim)
        return False
    own, known = rule_hash(claim), records(claim.experiment).values()
    stored = [r["provenance"].get("rules", {}).get(claim.id) for r in known]
    return bool(stored) and all(one == own for one in stored)


def rules_first(claims: Iterable[Claim]) -> str:
    """Say of how many rules on recorded runs the runs came first."""
    judged = [
        claim
        for claim in claims
        if claim.rule is not None
        and (claim.benchmark or (claim.experiment and records(claim.experiment)))
    ]
    before = sum(_came_first(claim) for claim in judged)
    if not before:
        return (
            f"None of the {len(judged)} rules that judge recorded runs was written "
            "before these runs: whoever wrote them had seen the numbers, or could have."
        )
    return (
        f"Of the {len(judged)} rules that judge recorded runs {before} were written "
        "before these runs; whoever wrote the others had seen the numbers, or could "
        "have."
    )


@cache
def _code() -> Code:
    return Code(PACKAGE, silent=in_words.__name__)


def _lies_elsewhere(path: str) -> bool:
    return not path.startswith("evidence/") or path.endswith("__init__.py")


def _places(value: object) -> Iterator[Place]:
    """Where the package defines the classes and functions that a rule consists of."""
    if isinstance(value, list | tuple):
        for part in value:
            yield from _places(part)
    elif isinstance(value, partial):
        yield from _places([value.func, *value.args, *value.keywords.items()])
    elif is_dataclass(value):
        yield from _place(type(value))
        yield from _places([getattr(value, name) for name in _deciding(value)])
    elif callable(value):
        yield from _place(value)


def _place(thing: Callable) -> Iterator[Place]:
    if thing.__module__.startswith(f"{NAME}."):
        path = thing.__module__.removeprefix(f"{NAME}.").replace(".", "/")
        yield f"{path}.py", thing.__qualname__.split(".")[0]


def _deciding(value: object) -> list[str]:
    """Return the names of a rule's fields, without those that only say something."""
    return [f.name for f in fields(value) if not f.metadata.get("words")]


def _described(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_described(part) for part in value]
    if isinstance(value, partial):
        return _described([value.func, *value.args, *value.keywords.items()])
    if is_dataclass(value):
        own = [(n, _described(getattr(value, n))) for n in _deciding(value)]
        return [type(value).__name__, own]
    if callable(value):
        return value.__qualname__
    return repr(value)
