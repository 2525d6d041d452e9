"""Which code made a number: hashes of all definitions that a run can reach.

The search starts at what carries the run out and at what its names stand for.
It follows each name that a definition uses, inside functions too, through the
package's imports. So what an experiment's own file and the files it imports do counts
where it is used; a sibling, another normalizer or a new helper does not. Nor do
comments, docstrings, layout, the paths of files, the lists of names (``__init__.py``,
registry.py), and config.py, since a configuration is in the key.

Names are followed as they are written: what ``getattr`` finds by a computed name is
not seen.
"""

from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import chain
from pathlib import Path

from normlab.runs.config import CONSTANT, Outcome, Run
from normlab.runs.reach import NAME, PACKAGE, Code, Place, short_hash
from normlab.runs.registry import (
    ARRANGEMENTS,
    AUGMENTS,
    INITS,
    MODELS,
    NORMS,
    SCHEDULES,
    TRANSFORMS,
)

REGISTRY, CONFIG = "runs/registry.py", "runs/config.py"
Carry = Callable[[Run, str], Outcome]


def fingerprint(run: Run, carry_out: Carry, package: Path = PACKAGE) -> dict[str, str]:
    """Map each file that the run uses to hashes of what it uses there, in one string.

    ``package`` is the folder of the code, this one's by default.
    """
    norms = tuple(sorted(NORMS[run.norm].items()))
    starts = (carry_out, MODELS[run.model], norms, INITS[run.init])
    if run.schedule != CONSTANT:
        starts += (SCHEDULES[run.schedule],)
    others = ((TRANSFORMS, run.transform), (AUGMENTS, run.augment))
    for known, name in (*others, (ARRANGEMENTS, run.arrange)):
        if name:
            starts += (known[name],)
    return dict(_fingerprint(starts, package))


def is_older(recorded: object, run: Run, carry_out: Carry, package=PACKAGE) -> bool:
    """Return whether a record's fingerprint is of other code than today's.

    A moved definition or a renamed file is not other code: hashes are compared, not
    paths. The first records have one hash a file, and none of the files in ``runs/``.
    They are older if a file that the run uses today, outside ``runs/``, is not among
    theirs, also where only other lines of it changed; of the code in ``runs/`` nothing
    is known then, and it is not held against them.
    """
    now = fingerprint(run, carry_out, package)
    if not isinstance(recorded, dict):
        return True
    then = {one for hashes in recorded.values() for one in str(hashes).split()}
    if REGISTRY in recorded:
        return then != {one for hashes in now.values() for one in hashes.split()}
    code = _code(package)
    files = [path for path in now if not path.startswith("runs/")]
    return any(code.source(path).whole not in then for path in files)


@cache
def _code(package: Path) -> Code:
    return Code(package)


def _does_not_count(path: str) -> bool:
    return path in (REGISTRY, CONFIG) or path.endswith("__init__.py")


@cache
def _fingerprint(starts: tuple, package: Path) -> tuple[tuple[str, str], ...]:
    code = _code(package)
    found = {REGISTRY: {short_hash(repr(_settings(starts)))}}
    places = chain.from_iterable(_places(start) for start in starts)
    for path, name in code.reached(places, _does_not_count):
        hashes = {piece.hash for piece in code.pieces(path, name)}
        found.setdefault(path, set()).update(hashes)
    return tuple((path, " ".join(sorted(found[path]))) for path in sorted(found))


def _places(value: object) -> Iterator[Place]:
    """Where the package defines a registered callable and the callables it holds."""
    if isinstance(value, tuple | partial):
        for part in _parts(value):
            yield from _places(part)
    elif callable(value):
        module, name = _address(value)
        if f"{module}.".startswith(f"{NAME}."):
            path = module.removeprefix(f"{NAME}.").replace(".", "/")
            yield f"{path}.py", name.split(".")[0]


def _address(value: Callable) -> tuple[str, str]:
    named = value if hasattr(value, "__qualname__") else type(value)
    return named.__module__, named.__qualname__


def _parts(value: tuple | partial) -> tuple:
    if isinstance(value, tuple):
        return value
    return value.func, *value.args, *sorted(value.keywords.items())


def _settings(value: object) -> object:
    """What the registry itself says: which callables, with which arguments."""
    if isinstance(value, tuple | partial):
        return [_settings(part) for part in _parts(value)]
    if not callable(value):
        return value
    module, name = _address(value)
    ours = any(_places(value))  # then its code counts, wherever it is
    return name if ours else f"{module}.{name}"
