"""What is said of the inputs that a layer wants."""

from functools import cache, partial

import torch
from torch import Tensor

from normlab.data import fashion_mnist
from normlab.evidence.claim import Claim
from normlab.evidence.records import Records
from normlab.evidence.rules import Holds
from normlab.evidence.words import Word

PAIRS, IMAGES, WIDTH = 10_000, 512, 256
NEARLY_ALL = 0.99  # of the pairs: "no matter what"
APART = 5  # layers
FACTOR = 100 ** (1 / APART)  # of He's scale: 100 times over so many layers
Found = tuple[Word, tuple[tuple[str, str], ...]]


@cache
def pixels() -> Tensor:
    """Return the training images (60000, 784), each pixel from 0 to 1."""
    return fashion_mnist()[0].flatten(1) / 255


@cache
def products(cosine: bool) -> tuple[Tensor, Tensor]:
    """Return inner products, or cosines, of random pairs: raw, and centred (PAIRS,)."""
    x = pixels()
    picks = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    first, second = x[picks[:PAIRS]], x[picks[PAIRS : 2 * PAIRS]]
    mean = x.mean(0)
    centred = first - mean, second - mean
    if cosine:
        sides = (first, second), centred
        return tuple(torch.cosine_similarity(*side) for side in sides)
    return (first * second).sum(1), (centred[0] * centred[1]).sum(1)


def large(raw: Tensor, centred: Tensor) -> Found:
    """Judge whether nearly every raw pair has more than a centred pair's size."""
    typical = centred.square().mean().sqrt()
    share = (raw > typical).double().mean().item()
    if share >= NEARLY_ALL:
        word = Word.REPRODUCED
    else:
        word = Word.IN_DIRECTION if share > 0.5 else Word.NOT_REPRODUCED
    return word, (
        ("raw pairs above the root mean square of centred ones", f"{100 * share:.1f}%"),
        ("mean of the raw pairs over that", f"{raw.mean() / typical:.1f}"),
    )


def _large(_: Records, cosine: bool) -> Found:
    return large(*products(cosine))


def rates(inputs: Tensor) -> tuple[float, float]:
    """Return the best and the largest stable rate of a linear layer on (N, D)."""
    inputs = inputs.double()
    curvatures = torch.linalg.eigvalsh(inputs.T @ inputs / len(inputs))
    largest, smallest = curvatures[-1].item(), curvatures[0].item()
    return 2 / (largest + smallest), 2 / largest


def two_layers(seed: int) -> tuple[Tensor, Tensor]:
    """Return what the first and sixth of six layers put out, 100 times as large."""
    generator = torch.Generator().manual_seed(seed)
    x = pixels()
    h, kept = (x[:IMAGES] - x.mean(0)) / x.std(), []
    for _ in range(1 + APART):
        weights = torch.randn(h.shape[1], WIDTH, generator=generator)
        h = (h @ weights * FACTOR * (2 / h.shape[1]) ** 0.5).relu()
        kept.append(h)
    return kept[0], kept[-1]


def no_rate_for_both(best_small: Tensor, limit_large: Tensor, sizes: Tensor) -> Found:
    """Judge, by seed, whether the small's best rate is beyond the large's limit."""
    beyond = int((best_small > limit_large).sum())
    words = {0: Word.NOT_REPRODUCED, len(sizes): Word.REPRODUCED}
    ratio = best_small / limit_large
    return words.get(beyond, Word.UNDECIDED), (
        ("spread of the sixth layer's values over the first's", _range(sizes)),
        ("best rate on the first layer's over the limit on the sixth's", _range(ratio)),
    )


def _range(values: Tensor) -> str:
    return f"{values.min():,.0f} to {values.max():,.0f}, {len(values)} seeds"


def _rates_of_two_layers(_: Records) -> Found:
    found = []
    for seed in range(5):
        small, big = two_layers(seed)
        found.append((rates(small)[0], rates(big)[1], (big.std() / small.std()).item()))
    return no_rate_for_both(*torch.tensor(found, dtype=torch.float64).T)


LARGE = (
    "{what} of a pair of raw images is large if it is above the root mean square of "
    "centred pairs: as claimed if 99 of 100 random pairs are, in direction if more "
    "than half are."
)

CLAIMS = (
    Claim(
        id="C12",
        source="kilcher2019batch",
        place="on whitening the data, before the paper's section 2",
        says="Of data that lie far from the origin, two vectors have a large inner "
        "product, no matter what; of centred data they do not.",
        setting="a drawing of points in a plane",
        ours="10,000 random pairs of Fashion-MNIST images, raw and less the mean image",
        chapter="why-normalize",
        rule=Holds(
            LARGE.format(what="The inner product"), partial(_large, cosine=False)
        ),
        variants={
            "cosines": Holds(
                LARGE.format(what="The cosine"), partial(_large, cosine=True)
            )
        },
    ),
    Claim(
        id="B8",
        source="richtux2021deep",
        place="training deep networks, second point",
        says="A guess: where one layer's values are 100 times another's, the learning "
        "rates may have to make up for it.",
        setting="an intuition, in passing",
        ours="ReLU layers of 256 with weights too large, 512 images, 5 seeds, nothing "
        "trained: a linear layer with squared error reads either layer",
        chapter="why-normalize",
        rule=Holds(
            "As claimed if in every seed the rate that is best for a linear layer on "
            "the small values is above the largest stable one on the large values; not "
            "if in none.",
            _rates_of_two_layers,
        ),
    ),
)
