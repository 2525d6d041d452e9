"""Self-check of the page on the noise of a batch's gradient."""

from collections.abc import Callable

from normlab.checks.verdict import Verdict, check, number, undisturbed


@undisturbed()
def noise_scale(function: Callable[[float, float, float, float], float]) -> Verdict:
    """Check ``(small, square_small, large, square_large)``, the noise scale in images.

    The squares are mean squared lengths of gradients of batches of two sizes.
    """

    def right(scale: float, small: int, large: int, gradient: float) -> bool:
        def square(size: int) -> float:
            return gradient + scale * gradient / size

        found = function(small, square(small), large, square(large))
        return abs(number(found) - scale) < 1e-6 * scale

    return check(
        {
            "as much noise as signal at 100": lambda: right(100, 8, 64, 0.5),
            "at 7": lambda: right(7, 2, 1024, 0.01),
            "at 5,000": lambda: right(5000, 16, 256, 3.0),
        }
    )
