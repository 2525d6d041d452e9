"""Self-check of the page on binary networks."""

from collections.abc import Callable

from torch import Tensor

from normlab.checks.verdict import Verdict, check, number, random, undisturbed


@undisturbed()
def dot_of_signs(function: Callable[[Tensor, Tensor], int]) -> Verdict:
    """Check ``(a, b)`` -> the dot product of signs, of which True stands for +1.

    Both are vectors of bits, (n,).
    """

    def same(a: Tensor, b: Tensor) -> bool:
        signs = (2 * v.double() - 1 for v in (a, b))
        expected = float(next(signs) @ next(signs))
        return number(function(a.clone(), b.clone())) == expected

    a, b = random(101) > 0, random(101, seed=1) > 0
    return check(
        {
            "a vector and itself": lambda: same(a, a),
            "a vector and its opposite": lambda: same(a, ~a),
            "two vectors of an odd length": lambda: same(a, b),
            "a few bits": lambda: same(a[:4], b[:4]),
        }
    )
