"""The networks and rates of the post on faces (habr 309302), a hundredth of its time.

One update stands for a hundred of the post's.
"""

from normlab.schedules import Schedule, drops, powers

HUNDREDTH = 100
# The second of four blocks lost a convolution when the layer came.
SEVEN = ((8, 8), (16,), (32, 32), (64, 64))
# When the rate falls, in updates of the post; what it marks with "x4" falls four times.
JUMPS = (
    14_000,
    28_000,
    42_000,
    *[120_000] * 4,
    *[160_000] * 4,
    175_000,
    190_000,
    210_000,
)


def original(rate: float, updates: int) -> Schedule:
    """Return a tenth of the rate after each 150,000 updates of the post."""
    return powers(rate, 0.1, every=150_000 // HUNDREDTH)


def short_step(rate: float, updates: int) -> Schedule:
    """Return 0.7 of the rate after each 11,000 updates of the post."""
    return powers(rate, 0.7, every=11_000 // HUNDREDTH)


def multistep(rate: float, updates: int) -> Schedule:
    """Return 0.7 of the rate at each of the post's steps."""
    return drops(rate, 0.7, at=[jump // HUNDREDTH for jump in JUMPS])
