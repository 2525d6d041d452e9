"""What is said of the layer's formula: identities, computed in float64."""

import torch
from torch import Tensor, nn

from normlab.evidence.claim import Claim
from normlab.evidence.exact import exact
from normlab.evidence.rules import Holds
from normlab.evidence.words import Word
from normlab.layers import BatchNorm, batch_norm
from normlab.layers.batch import batch_stats

EPS = 1e-5
TEXT = "Every difference below is rounding: under 1e-9 in float64."
OURS = "random numbers, three channels of different mean and scale, float64"


def maps() -> Tensor:
    """Return made-up feature maps (8, 3, 5, 6) whose channels are unlike."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(8, 3, 5, 6, generator=generator, dtype=torch.float64).exp()
    return x * torch.tensor([0.5, 1.0, 20.0]).view(3, 1, 1) - 3


def identity_and_lines(_):
    """C6: gamma and beta give x back; with others the channel lies on a line."""
    x = maps()
    mean, var = batch_stats(x)
    restored = _normalized(x, (var + EPS).sqrt(), mean)
    y = _normalized(x, torch.tensor([3.0, -1.0, 0.1]), torch.tensor([-2.0, 0.0, 5.0]))
    return exact(
        {
            "output − input, gamma and beta chosen to undo": _largest(restored - x),
            "three other pairs: output − a straight line in the input": max(
                off_a_line(*pair) for pair in zip(x.unbind(1), y.unbind(1), strict=True)
            ),
        }
    )


def off_a_line(x: Tensor, y: Tensor) -> float:
    """Return how far y is at most from its best straight line in x."""
    x, y = (v.flatten() - v.mean() for v in (x, y))
    return _largest(y - (x @ y / (x @ x)) * x)


def bias_is_lost(_):
    """C7: a bias before the layer changes no output and has no gradient."""
    x, layer = maps(), BatchNorm(4).double()
    convolution = nn.Conv2d(3, 4, 3).double()
    torch.nn.init.constant_(convolution.weight, 0.1)
    before = layer(convolution(x))
    with torch.no_grad():
        convolution.bias += 7.0
    after = layer(convolution(x))
    (after * torch.arange(after.numel()).view(after.shape).cos()).sum().backward()
    return exact(
        {
            "output after − before the bias was moved": _largest(after - before),
            "gradient of the bias": _largest(convolution.bias.grad),
        }
    )


def one_mean_for_all_places(_):
    """B6: PyTorch's statistics of maps are over N * H * W values a channel."""
    x, layer = maps(), nn.BatchNorm2d(3, momentum=1.0).double()
    layer(x)
    rows = x.transpose(0, 1).flatten(1)  # (C, N * H * W)
    n = rows.shape[1]
    away = rows - rows.mean(1, keepdim=True)
    variance = away.square().sum(1) / (n - 1)
    return exact(
        {
            f"remembered mean − that of all 8 * 5 * 6 = {n} values": _largest(
                layer.running_mean - rows.mean(1)
            ),
            "remembered variance over theirs − 1": _largest(
                layer.running_var / variance - 1
            ),
        }
    )


def two_numbers_a_channel(_):
    """A5: a layer for k channels learns 2 * k numbers."""
    sizes = (1, 6, 16, 120)
    found = [sum(p.numel() for p in nn.BatchNorm1d(k).parameters()) for k in sizes]
    right = all(count == 2 * k for k, count in zip(sizes, found, strict=True))
    return (Word.REPRODUCED if right else Word.NOT_REPRODUCED), tuple(
        (f"parameters of a layer for {k} channel{'s' * (k > 1)}", f"{count}")
        for k, count in zip(sizes, found, strict=True)
    )


def _normalized(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    learned = weight.double(), bias.double()
    return batch_norm(x, None, None, *learned, training=True, eps=EPS)


def _largest(x: Tensor) -> float:
    return x.detach().abs().max().item()


CLAIMS = (
    Claim(
        id="C6",
        source="kilcher2019batch",
        place="transcript, “represent the identity”",
        says=(
            "Gamma and beta can make the layer the identity. What they reach is a "
            "stretch and a shift per dimension, not any distribution. That their "
            "potential to transform it is still pretty big was not tried."
        ),
        ours=OURS,
        chapter="batch-norm-by-hand",
        rule=Holds(TEXT, identity_and_lines),
    ),
    Claim(
        id="C7",
        source="kilcher2019batch",
        place="transcript, “beta is equal to a bias”",
        says=(
            "Beta does the work of a bias, so it is almost not worth it to learn a "
            "bias in the layer before as well."
        ),
        ours=f"a convolution with a bias before the layer, training mode; {OURS}",
        chapter="batch-norm-by-hand",
        rule=Holds(TEXT, bias_is_lost),
    ),
    Claim(
        id="B6",
        source="richtux2021deep",
        place="section on convolutional layers",
        says=(
            "After a convolution each output channel is normalized over all its "
            "values: those of every example and of every place in its map."
        ),
        ours=f"nn.BatchNorm2d; {OURS}",
        chapter="batch-norm-by-hand",
        rule=Holds(TEXT, one_mean_for_all_places),
    ),
    Claim(
        id="A5",
        source="habr2016batch",
        place="line 49",
        says="A layer for k attributes brings 2 * k parameters.",
        ours="nn.BatchNorm1d of 1, 6, 16 and 120 channels",
        chapter="batch-norm-by-hand",
        rule=Holds("Each layer has exactly so many.", two_numbers_a_channel),
    ),
)
