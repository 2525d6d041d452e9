"""Self-checks of the exercises: call one with your function, read what it says.

Each returns a ``Verdict`` that a notebook shows; none raises on a wrong answer.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass
class Verdict:
    """The outcome of a self-check: what held and what did not."""

    passed: list[str]
    failed: list[str]

    def __bool__(self) -> bool:
        return not self.failed

    def __repr__(self) -> str:
        lines = [f"[x] {text}" for text in self.passed]
        lines += [f"[ ] {text}" for text in self.failed]
        end = "All of it holds." if self else "Not yet. Change the function, run again."
        return "\n".join([*lines, end])


def _check(cases: dict[str, Callable[[], bool]]) -> Verdict:
    """Run every case; one that raises has failed, and its error is part of the text."""
    verdict = Verdict([], [])
    for name, case in cases.items():
        try:
            held, why = case(), ""
        except Exception as error:  # a reader's function may raise anything
            held, why = False, f" ({type(error).__name__}: {error})"
        (verdict.passed if held else verdict.failed).append(name + why)
    return verdict


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def standardize(function: Callable[[Tensor], Tensor]) -> Verdict:
    """Check a function that standardizes each column of (N, D)."""
    x = _random(50, 3) * torch.tensor([1.0, 100.0, 0.01]) + torch.tensor([5.0, 0, -3])
    constant = torch.cat([x, torch.full((50, 1), 7.0)], 1)
    return _check(
        {
            "each column has mean 0": lambda: bool(
                function(x).mean(0).abs().max() < 1e-4
            ),
            "each column has standard deviation 1": lambda: torch.allclose(
                function(x).std(0, correction=0), torch.ones(3), atol=1e-2
            ),
            "the order within a column stays": lambda: torch.equal(
                function(x).argsort(0), x.argsort(0)
            ),
            "a constant column becomes 0, not nan": lambda: bool(
                function(constant)[:, 3].abs().max() < 1e-2
            ),
        }
    )


def largest_stable_rate(function: Callable[[Tensor], float]) -> Verdict:
    """Check a function that maps a Hessian (D, D) to the learning rate at the edge."""

    def end(hessian: Tensor, factor: float) -> float:
        w = torch.ones(len(hessian), dtype=torch.float64)
        for _ in range(2000):
            w = w - factor * function(hessian) * hessian @ w
        return float(w.norm())

    a = _random(4, 4).double()
    hessians = {
        "diag(4, 1)": torch.diag(torch.tensor([4.0, 1.0], dtype=torch.float64)),
        "a random one": a @ a.T + 0.1 * torch.eye(4, dtype=torch.float64),
    }
    cases = {}
    for name, h in hessians.items():
        cases[f"just below it descent converges on {name}"] = lambda h=h: (
            end(h, 0.99) < 1.0
        )
        cases[f"just above it descent diverges on {name}"] = lambda h=h: (
            end(h, 1.01) > 1e3
        )
    return _check(cases)


def batch_norm(function: Callable[..., Tensor]) -> Verdict:
    """Check a function ``(x, gamma, beta, eps) -> y`` for x of 2 to 4 dimensions."""

    def equals(*shape: int) -> bool:
        x, w, b = _random(*shape), _random(shape[1], seed=1), _random(shape[1], seed=2)
        expected = F.batch_norm(x, None, None, w, b, training=True, eps=1e-3)
        return torch.allclose(function(x, w, b, 1e-3), expected, atol=1e-5)

    return _check(
        {
            "(N, C) equals PyTorch": lambda: equals(8, 3),
            "(N, C, L) equals PyTorch": lambda: equals(8, 3, 5),
            "(N, C, H, W) equals PyTorch": lambda: equals(4, 3, 5, 6),
        }
    )


def cumulative_average(function: Callable[[Tensor, Tensor, int], Tensor]) -> Verdict:
    """Check ``(average, new, count) -> average`` against the plain mean."""

    def plain_mean() -> bool:
        values = _random(7, 3)
        average = torch.zeros(3)
        for count, new in enumerate(values, start=1):
            average = function(average, new, count)
        return torch.allclose(average, values.mean(0), atol=1e-5)

    def like_torch() -> bool:
        layer = torch.nn.BatchNorm1d(3, momentum=None)
        average = torch.zeros(3)
        for count in range(1, 6):
            x = _random(4, 3, seed=count)
            layer(x)
            average = function(average, x.mean(0), count)
        return torch.allclose(average, layer.running_mean, atol=1e-5)

    return _check(
        {
            "seven vectors give their plain mean": plain_mean,
            "five batches give nn.BatchNorm1d(momentum=None)": like_torch,
        }
    )


def torch_momentum(function: Callable[[float], float]) -> Verdict:
    """Check a function from the share kept (Keras, Caffe) to PyTorch's momentum."""

    def same(kept: float) -> bool:
        layer = torch.nn.BatchNorm1d(1, momentum=function(kept))
        layer(torch.tensor([[9.0], [11.0]]))
        return abs(layer.running_mean.item() - (1 - kept) * 10) < 1e-4

    return _check(
        {
            "Keras's 0.99": lambda: same(0.99),
            "d2l's 0.9": lambda: same(0.9),
            "a layer that keeps everything, 1.0": lambda: same(1.0),
        }
    )


def parameter_count(function: Callable[[int, int, int], int]) -> Verdict:
    """Check ``(channels_in, channels_out, kernel) -> count`` of conv + BN, no bias."""

    def counted(i: int, o: int, k: int) -> bool:
        layers = (torch.nn.Conv2d(i, o, k, bias=False), torch.nn.BatchNorm2d(o))
        learned = sum(p.numel() for layer in layers for p in layer.parameters())
        return function(i, o, k) == learned

    return _check(
        {
            "1 to 6 channels, 5 x 5": lambda: counted(1, 6, 5),
            "6 to 16 channels, 5 x 5": lambda: counted(6, 16, 5),
            "64 to 128 channels, 3 x 3": lambda: counted(64, 128, 3),
        }
    )


def convert(function: Callable[[torch.nn.Module], torch.nn.Module]) -> Verdict:
    """Check a function that swaps every hand-written layer for PyTorch's."""
    from normlab.layers import BatchNorm
    from normlab.models import lenet

    def swapped() -> tuple[torch.nn.Module, torch.nn.Module]:
        model = lenet(BatchNorm)
        model(_random(16, 1, 28, 28))  # so that the running statistics have moved
        copy = lenet(BatchNorm)
        copy.load_state_dict(model.state_dict())
        return model.eval(), function(copy).eval()

    def none_left() -> bool:
        return not any(isinstance(m, BatchNorm) for m in swapped()[1].modules())

    def same_output() -> bool:
        before, after = swapped()
        x = _random(4, 1, 28, 28, seed=1)
        return torch.allclose(before(x), after(x), atol=1e-5)

    return _check(
        {
            "no hand-written layer is left": none_left,
            "in eval mode the outputs are the same": same_output,
        }
    )


def interval(function: Callable[[Tensor], tuple[float, float]]) -> Verdict:
    """Check a function from differences (n,) to the ends of their 95% interval."""
    from scipy import stats

    def same(n: int) -> bool:
        d = _random(n).double() + 0.3
        low, high = stats.t.interval(
            0.95, n - 1, loc=d.mean().item(), scale=d.std().item() / n**0.5
        )
        mine = function(d)
        return abs(mine[0] - low) < 1e-3 and abs(mine[1] - high) < 1e-3

    return _check({f"{n} differences": lambda n=n: same(n) for n in (5, 8, 20)})
