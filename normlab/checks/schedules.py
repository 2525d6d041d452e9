"""Self-checks of the chapter on schedules."""

from collections.abc import Callable, Sequence

from normlab.checks.verdict import Verdict, check, number, undisturbed
from normlab.schedules import drops


@undisturbed()
def rate_that_jumps(
    function: Callable[[int, float, float, Sequence[int]], float],
) -> Verdict:
    """Check ``(n, rate, factor, at)``, the learning rate of update ``n``, from 0.

    Once so many updates are done as ``at`` lists, in any order, the rate is multiplied
    by ``factor``: twice where a number is there twice.
    """

    def same(rate: float, factor: float, at: tuple[int, ...]) -> bool:
        right = drops(rate, factor, at)
        return all(
            abs(number(function(n, rate, factor, list(at))) / right(n) - 1) < 1e-9
            for n in range(12)
        )

    return check(
        {
            "no jump": lambda: same(0.3, 0.5, ()),
            "one jump, at 4": lambda: same(0.055, 0.7, (4,)),
            "four at once": lambda: same(1.0, 0.7, (2, 6, 6, 6, 6)),
            "in any order": lambda: same(1.0, 0.1, (9, 3)),
        }
    )


@undisturbed()
def first_of_three(
    function: Callable[[list[int], list[float], float], float],
) -> Verdict:
    """Check ``(steps, accuracy, level)``: when three looks in a row are up there.

    The first of the three; the last look where there are no three.
    """
    steps = [10, 20, 30, 50, 80, 100]

    def arrives(accuracy: list[float], expected: int) -> bool:
        return number(function(list(steps), list(accuracy), 0.8)) == expected

    return check(
        {
            "once there, it stays": lambda: arrives([0.5, 0.7, 0.9, 0.9, 0.9, 0.9], 30),
            "one look is luck": lambda: arrives([0.9, 0.7, 0.9, 0.9, 0.9, 0.9], 30),
            "so are two": lambda: arrives([0.9, 0.9, 0.7, 0.9, 0.9, 0.9], 50),
            "at the level is enough": lambda: arrives([0.8] * 6, 10),
            "never": lambda: arrives([0.9, 0.7, 0.9, 0.7, 0.9, 0.9], 100),
        }
    )
