"""Learning rates that change as training goes on: updates done -> rate of the next."""

from collections.abc import Callable, Iterable

Schedule = Callable[[int], float]


def cooled(rate: float, steps: int, share: float = 0.3) -> Schedule:
    """Return a constant rate that falls to 0 in a line over the last ``share``.

    The last of ``steps`` updates still has a rate above 0: the line would meet 0 at
    the update after it.

    Raises:
        ValueError: ``steps`` is below 1, or ``share`` not above 0 and at most 1.
    """
    if steps < 1:
        raise ValueError(f"steps is {steps}; there must be at least 1")
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}; it must be above 0 and at most 1")
    falling = share * steps
    return lambda step: rate * min(1.0, (steps - step) / falling)


WARM_UP = 100  # updates


def warm_cooled(rate: float, steps: int, warm_up: int = WARM_UP) -> Schedule:
    """Return ``cooled`` with a rate that rises to its height in a line.

    Over ``warm_up`` updates, of which the last has the whole rate; over a tenth of a
    training that is shorter than ten times that.
    """
    fallen, rising = cooled(rate, steps), min(warm_up, max(1, steps // 10))
    return lambda step: min(rate * (step + 1) / rising, fallen(step))


def powers(rate: float, factor: float, every: int) -> Schedule:
    """Return a rate that is multiplied by ``factor`` after every so many updates."""
    return lambda step: rate * factor ** (step // every)


def drops(rate: float, factor: float, at: Iterable[int]) -> Schedule:
    """Return a rate that is multiplied by ``factor`` once these many updates are done.

    A number that is given twice counts twice.
    """
    places = sorted(at)
    return lambda step: rate * factor ** sum(place <= step for place in places)
