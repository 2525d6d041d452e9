"""Self-checks of the chapter on activations."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from normlab.checks.verdict import Verdict, check, number, random, undisturbed

Counting = Callable[[nn.Module], AbstractContextManager[list]]


@undisturbed()
def dead_units(function: Counting) -> Verdict:
    """Check a context manager that counts, at each ReLU, the units always at 0.

    It yields a list, and a forward pass inside appends one number for each ReLU.
    """

    def network() -> nn.Module:
        """Channels 0 and 2 of the first ReLU are dead, and unit 1 of the second."""
        model = nn.Sequential(
            nn.Conv2d(1, 3, 1), nn.ReLU(), nn.Flatten(), nn.Linear(12, 2), nn.ReLU()
        )
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.zero_()
            model[0].weight[1] = 1.0
            model[0].bias[2] = -1.0
            model[3].weight[:, 4] = 1.0  # the first place of channel 1
            model[3].bias[1] = -100.0
        return model

    def images() -> Tensor:
        x = random(5, 1, 2, 2)
        x[0, 0, 0, 0] = 2.0  # one image lights channel 1 and unit 0
        x[1:] = -x[1:].abs()
        return x

    def counted(first: int) -> list[float]:
        model = network()
        with function(model) as dead:
            model(images()[first:])
        return [number(count) for count in dead]

    def after(fails: bool) -> int:
        """Return how many entries a pass adds once the block is left."""
        model = network()
        try:
            with function(model) as dead:
                model(images())
                if fails:
                    raise RuntimeError("the block fails")
        except RuntimeError as error:
            if "the block fails" not in str(error):
                raise
        before = len(dead)
        model(images())
        return len(dead) - before

    return check(
        {
            "one image is enough to be alive": lambda: counted(0) == [2, 1],
            "without that image more are dead": lambda: counted(1) == [3, 2],
            "after the block nothing is counted": lambda: after(False) == 0,
            "nor after a block that fails": lambda: after(True) == 0,
        }
    )


@undisturbed()
def update_ratio(
    function: Callable[[Sequence[Tensor], Sequence[Tensor]], Sequence[float]],
) -> Verdict:
    """Check ``(before, after) -> ratios`` of one step, for the weight tensors only."""

    def agrees(lr: float, *layers: nn.Module) -> bool:
        model = nn.Sequential(*layers)
        with torch.no_grad():  # a bias of 0, as after many a start
            layers[-1].bias.zero_()
        model(random(8, 3)).square().sum().backward()
        before = [p.detach().clone() for p in model.parameters()]
        expected = [
            lr * (p.grad.double().norm() / p.double().norm()).item()
            for p in model.parameters()
            if p.ndim > 1
        ]
        torch.optim.SGD(model.parameters(), lr=lr).step()
        found = function(before, [p.detach() for p in model.parameters()])
        return len(found) == len(expected) and torch.allclose(
            torch.tensor([number(f) for f in found]), torch.tensor(expected), rtol=1e-2
        )

    return check(
        {
            "one layer": lambda: agrees(0.01, nn.Linear(3, 2)),
            "two layers with batch normalization": lambda: agrees(
                0.01, nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Linear(5, 2)
            ),
            "a step ten times as long": lambda: agrees(0.1, nn.Linear(3, 2)),
        }
    )


@undisturbed()
def flat_edge(function: Callable[[float], float]) -> Verdict:
    """Check ``share -> x``: from x on the sigmoid's slope is below that share."""

    def slope(x: float) -> float:
        """Return the sigmoid's slope at x as a share of its slope at 0."""
        at = torch.tensor([x, 0.0], dtype=torch.float64, requires_grad=True)
        (slopes,) = torch.autograd.grad(torch.sigmoid(at).sum(), at)
        return (slopes[0] / slopes[1]).item()

    def edge(share: float) -> bool:
        x = number(function(share))
        return x >= 0 and abs(slope(x) - share) < 1e-3 * share

    return check(
        {
            f"a share of {share:.0%}": lambda s=share: edge(s)
            for share in (0.5, 0.1, 0.01)
        }
        | {"the top itself": lambda: abs(number(function(1.0))) < 1e-6}
    )
