"""Several processes that record into one folder: one writes, each trains other runs.

Locks are the operating system's, so a killed process holds none. Where there is no
``fcntl`` (Windows) nothing is locked: record in one process at a time there.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:
    fcntl = None

PRESENT = 1 << 50  # beyond the number of every key


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``, which is there only while somebody holds it.

    Raises:
        OSError: the file cannot be made.
    """
    if fcntl is None:
        yield
        return
    while True:
        with open(path, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not _is_at(file, path):
                continue  # its holder removed it while we waited
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
            return


def _is_at(file: IO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


@contextmanager
def claims(path: Path, lock: Path) -> Iterator[Callable[[str], bool]]:
    """Yield ``take(key)``: whether no other process has taken that key already.

    A key is a byte of the file ``path``, locked until the claims end. ``lock`` guards
    the making and the removal of that file.
    """
    if fcntl is None:
        yield lambda key: True
        return
    try:
        with ExitStack() as opened:
            with locked(lock):
                file = opened.enter_context(open(path, "ab"))
                _take(file, PRESENT + os.getpid())
            yield lambda key: _take(file, int(key, 16))
    finally:
        with locked(lock):
            _remove_unclaimed(path)


def _take(file: IO, start: int, length: int = 1) -> bool:
    """Lock bytes of a file; False if another process has locked one of them."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # this file system has no such locks: do the run
        return True
    return True


def _remove_unclaimed(path: Path) -> None:
    with suppress(FileNotFoundError), open(path, "r+b") as file:
        if _take(file, 0, length=0):  # all of it
            path.unlink()
