"""What a room shows of itself: its modules' public names, found and not listed."""

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules


def public(room: str, folders: Iterable[str], leave_out=frozenset()) -> dict:
    """Return name -> function or class for all that the modules of a package define.

    Args:
        room: the package's name.
        folders: its ``__path__``.
        leave_out: names of modules that stay private.

    Raises:
        ImportError: two modules define one name, or a module has that name.
    """
    modules = sorted(m.name for m in iter_modules(folders) if m.name[0] != "_")
    found: dict[str, object] = {}
    for name in modules:
        if name in leave_out:
            continue
        module = import_module(f"{room}.{name}")
        for public_name, thing in vars(module).items():
            if public_name[0] == "_" or not _defined_in(thing, module.__name__):
                continue
            if public_name in found or public_name in modules:
                raise ImportError(
                    f"{room} has two things named {public_name!r}, one of them in "
                    f"{name}.py; rename it"
                )
            found[public_name] = thing
    return found


def _defined_in(thing: object, module: str) -> bool:
    return callable(thing) and getattr(thing, "__module__", None) == module
