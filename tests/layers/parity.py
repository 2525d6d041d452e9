"""``parity``: does a function compute what ``torch.nn.functional.batch_norm`` does?

Each check returns pairs (ours, PyTorch's); the names of those that differ come back.
"""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

SHAPE = (6, 3, 4, 5)
TOLERANCE = 1e-10  # float64; the largest entries are of order 10
Pairs = Iterator[tuple[Tensor, Tensor]]


def parity(batch_norm: Callable[..., Tensor]) -> list[str]:
    """Return the names of the checks that ``batch_norm`` fails; [] if none."""
    return [name for name, check in CHECKS.items() if not _passes(check, batch_norm)]


def error_of(call: Callable[[], object]) -> type[Exception] | None:
    """Return the type of what a call raises, or None."""
    try:
        call()
    except Exception as error:
        return type(error)
    return None


def _passes(check, batch_norm) -> bool:
    try:
        return all(_close(ours, theirs) for ours, theirs in check(batch_norm))
    except (RuntimeError, TypeError, ValueError):
        return False


def _close(ours: Tensor, theirs: Tensor) -> bool:
    return ours.shape == theirs.shape and torch.allclose(
        ours, theirs, rtol=0, atol=TOLERANCE
    )


def _draw(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def _arguments(shape=SHAPE) -> list[Tensor]:
    """Input with unequal channels, running mean and variance, weight, bias."""
    x = _draw(*shape) * _draw(shape[1]).exp().view(1, -1, *[1] * (len(shape) - 2)) + 2
    c = shape[1]
    return [x, _draw(c, 1)[:, 0], _draw(c, 2)[:, 0].exp(), _draw(c, 3)[:, 0], _draw(c)]


def _both(batch_norm, read, arguments=None, **options) -> Pairs:
    """Call both functions on equal copies; yield what ``read`` makes of each."""
    arguments = arguments or _arguments()
    seen = []
    for function in (batch_norm, F.batch_norm):
        copies = [a.clone() for a in arguments]
        for i in (0, 3, 4):
            copies[i].requires_grad_()
        seen.append(read(function(*copies, **options), *copies))
    yield from zip(*seen, strict=True)


def _output(y, *_):
    return [y.detach()]


def _running(_, x, running_mean, running_var, *__):
    return [running_mean.detach(), running_var.detach()]


def _gradients(y, x, running_mean, running_var, weight, bias):
    return torch.autograd.grad((y * _draw(*y.shape)).sum(), [x, weight, bias])


def output_in_training(batch_norm) -> Pairs:
    yield from _both(batch_norm, _output, training=True)


def output_in_evaluation(batch_norm) -> Pairs:
    yield from _both(batch_norm, _output, training=False)


def output_with_large_eps(batch_norm) -> Pairs:
    yield from _both(batch_norm, _output, training=True, eps=0.3)


def output_of_vectors(batch_norm) -> Pairs:
    yield from _both(batch_norm, _output, _arguments((7, 4)), training=True)


def running_mean_and_variance(batch_norm) -> Pairs:
    yield from _both(batch_norm, _running, training=True, momentum=0.1)


def running_statistics_in_evaluation(batch_norm) -> Pairs:
    yield from _both(batch_norm, _running, training=False)


def gradients_in_training(batch_norm) -> Pairs:
    yield from _both(batch_norm, _gradients, training=True)


def gradients_in_evaluation(batch_norm) -> Pairs:
    yield from _both(batch_norm, _gradients, training=False)


def training_without_gradients(batch_norm) -> Pairs:
    with torch.no_grad():
        yield from _both(batch_norm, _output, training=True)
        yield from _both(batch_norm, _running, training=True)


def running_statistics_without_a_graph(batch_norm) -> Pairs:
    def needs_gradient(_, x, running_mean, running_var, *__):
        return [
            torch.tensor([1.0 * r.requires_grad for r in (running_mean, running_var)])
        ]

    yield from _both(batch_norm, needs_gradient, training=True)


def _error(function, arguments: list[Tensor]) -> float:
    """The largest difference from the same computation in float64."""
    exact = F.batch_norm(*[a.double() for a in arguments], training=True)
    with torch.no_grad():
        y = function(*[a.clone() for a in arguments], training=True)
    return (y.double() - exact).abs().nan_to_num(torch.inf).max().item()


def _as_exact(batch_norm, arguments: list[Tensor]) -> Pairs:
    allowed = 2 * _error(F.batch_norm, arguments) + 1e-6
    accurate = _error(batch_norm, arguments) <= allowed
    yield torch.tensor(float(accurate)), torch.tensor(1.0)


def large_mean_in_float32(batch_norm) -> Pairs:
    x, *others = _arguments((32, 3, 4, 5))
    yield from _as_exact(batch_norm, [(x + 1e4).float(), *[o.float() for o in others]])


def half_precision(batch_norm) -> Pairs:
    x, *others = _arguments((32, 3, 4, 5))
    yield from _as_exact(batch_norm, [(x + 1e2).half(), *[o.float() for o in others]])


CHECKS: dict[str, Callable[[Callable], Pairs]] = {
    check.__name__.replace("_", " "): check
    for check in (
        output_in_training,
        output_in_evaluation,
        output_with_large_eps,
        output_of_vectors,
        running_mean_and_variance,
        running_statistics_in_evaluation,
        gradients_in_training,
        gradients_in_evaluation,
        training_without_gradients,
        running_statistics_without_a_graph,
        large_mean_in_float32,
        half_precision,
    )
}
