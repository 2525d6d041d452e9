"""Self-checks of the chapter on depth."""

from collections.abc import Callable

from normlab.checks.verdict import Verdict, check, number, random, undisturbed

WIDE = 2000  # units: so many that chance hardly shows


@undisturbed()
def layers_apart(function: Callable[[float, float], int]) -> Verdict:
    """Check ``(factor, ratio)``: after how many layers signals are so far apart.

    ``factor`` is what one layer makes of the signal, not 1; the answer is the fewest
    layers after which the larger of two signals is at least ``ratio`` times the other.
    """

    def counted(factor: float, ratio: float) -> bool:
        layers = 1
        while max(factor**layers, factor**-layers) < ratio:
            layers += 1
        return number(function(factor, ratio)) == layers

    return check(
        {
            "halved in each layer, 100 times": lambda: counted(0.5, 100),
            "doubled in each layer, 100 times": lambda: counted(2.0, 100),
            "0.224 in each layer, a million times": lambda: counted(0.224, 1e6),
            "one layer is enough": lambda: counted(0.1, 5),
        }
    )


@undisturbed()
def leaky_deviation(function: Callable[[int, float], float]) -> Verdict:
    """Check ``(fan_in, slope)``: the deviation that keeps the size of the signal.

    After each layer negative values are multiplied by ``slope``. The answer has to
    keep the root mean square to 3 per cent.
    """

    def keeps(fan_in: int, slope: float) -> bool:
        inputs = random(200, fan_in, seed=1)
        weights = random(fan_in, WIDE) * number(function(fan_in, slope))
        before = inputs @ weights
        after = before.where(before > 0, slope * before)
        change = after.square().mean() / inputs.square().mean()
        return abs(change.sqrt().item() - 1) < 0.03

    return check(
        {
            "slope 0, which is ReLU": lambda: keeps(500, 0.0),
            "slope 0.5": lambda: keeps(500, 0.5),
            "slope 1, no activation": lambda: keeps(300, 1.0),
        }
    )
