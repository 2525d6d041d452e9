"""Random numbers that are drawn on the side, and leave no trace."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def random_numbers_kept() -> Iterator[None]:
    """Give every generator its state back at the end: Python's, NumPy's, PyTorch's.

    PyTorch's are the processor's and those of the graphics cards in use.
    """
    in_use = torch.cuda.is_initialized()
    cards = range(torch.cuda.device_count()) if in_use else []
    pythons, numpys = random.getstate(), np.random.get_state(legacy=False)
    with torch.random.fork_rng(devices=cards):
        try:
            yield
        finally:
            random.setstate(pythons)
            np.random.set_state(numpys)
