"""Worker processes: they end with the process that started them, and reuse memory."""

import os
import threading
import time
from functools import cache

SECONDS = 0.5  # between two looks
# What glibc's allocator reads as a process starts. Without this it hands every large
# tensor's memory back and asks for it again at the next step.
ALLOCATOR = {"MALLOC_MMAP_MAX_": "0"}


def reuse_memory() -> None:
    """Let processes that are started from now on keep the memory that they free."""
    for name, value in ALLOCATOR.items():
        os.environ.setdefault(name, value)


@cache  # one watch a process
def end_with(parent: int) -> None:
    """In a child of the process ``parent``: end soon after it, however it ended.

    A killed process cannot tell its workers, and a worker would first finish its run.
    Where a process keeps its parent's number (Windows), this does nothing.
    """
    if os.getpid() == parent:  # the runs are carried out in the process itself
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(SECONDS)
        os._exit(1)  # not sys.exit, which would end this thread only

    threading.Thread(target=watch, daemon=True).start()
