"""Grey images packed for a page: each pixel less what its neighbours let one expect."""

import numpy as np


def subtract_expected(levels: np.ndarray, modulo: int) -> np.ndarray:
    """Return pixels less the median of left, up, and left + up - upper left.

    Outside the image all is 0 (Weinberger, Seroussi and Sapiro 2000, LOCO-I).
    ``pixels.js`` adds it again.

    Args:
        levels: whole numbers from 0 to below ``modulo``, (N, side, side).
        modulo: of the differences.
    """
    padded = np.pad(levels.astype(int), ((0, 0), (1, 0), (1, 0)))
    left, up, corner = padded[:, 1:, :-1], padded[:, :-1, 1:], padded[:, :-1, :-1]
    median = np.sort([left, up, left + up - corner], axis=0)[1]
    return (levels - median) % modulo
