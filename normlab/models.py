"""The networks of the book, each with ``norm=``: what goes before each activation.

``norm`` is a callable ``num_features -> nn.Module``; None puts nothing there.
"""

from collections.abc import Callable
from itertools import pairwise

from torch import nn

Norm = Callable[[int], nn.Module]


def lenet(norm: Norm | None = None, act: Callable[[], nn.Module] = nn.Sigmoid):
    """LeNet as d2l.ai trains it with batch normalization: no padding, max-pooling.

    44,426 parameters without normalizers, 44,878 with batch normalization.

    Shape:
        (N, 1, 28, 28) -> logits (N, 10)
    """
    return nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5),  # (N, 6, 24, 24)
        *_maybe(norm, 6),
        act(),
        nn.MaxPool2d(2),  # (N, 6, 12, 12)
        nn.Conv2d(6, 16, kernel_size=5),  # (N, 16, 8, 8)
        *_maybe(norm, 16),
        act(),
        nn.MaxPool2d(2),  # (N, 16, 4, 4)
        nn.Flatten(),  # (N, 256)
        nn.Linear(256, 120),
        *_maybe(norm, 120),
        act(),
        nn.Linear(120, 84),
        *_maybe(norm, 84),
        act(),
        nn.Linear(84, 10),
    )


def mlp(
    depth: int,
    width: int,
    norm: Norm | None = None,
    act: Callable[[], nn.Module] = nn.ReLU,
    inputs: int = 784,
    outputs: int = 10,
):
    """A network of ``depth`` weight layers, ``depth - 1`` of them hidden.

    Shape:
        (N, 1, 28, 28) or (N, inputs) -> logits (N, outputs)

    Raises:
        ValueError: ``depth`` is below 1.
    """
    if depth < 1:
        raise ValueError(f"depth={depth}: a network needs at least one weight layer")
    sizes = [inputs] + [width] * (depth - 1)
    hidden = [
        layer
        for fan_in, fan_out in pairwise(sizes)
        for layer in (nn.Linear(fan_in, fan_out), *_maybe(norm, fan_out), act())
    ]
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(sizes[-1], outputs))


def xavier(model: nn.Module) -> nn.Module:
    """Draw weights uniformly with Xavier's bounds; leave biases as PyTorch made them.

    What d2l's ``train_ch6`` does (Glorot and Bengio 2010, equation 16).
    """
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.xavier_uniform_(layer.weight)
    return model


def gaussian(model: nn.Module, std: float) -> nn.Module:
    """Draw weights from N(0, std^2) and set biases to 0."""
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.normal_(layer.weight, std=std)
            nn.init.zeros_(layer.bias)
    return model


def _maybe(norm: Norm | None, num_features: int) -> list[nn.Module]:
    return [] if norm is None else [norm(num_features)]
