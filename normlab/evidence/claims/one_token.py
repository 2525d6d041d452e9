"""What is said of normalizers of tokens: identities, and what needs a language."""

from collections.abc import Callable

import torch
from torch import Tensor

from normlab.evidence.claim import OURS as BOOK
from normlab.evidence.claim import Claim
from normlab.evidence.exact import BOUND, exact
from normlab.evidence.records import Records
from normlab.evidence.rules import Holds
from normlab.evidence.words import Word

Numbers = tuple[tuple[str, str], ...]
EPS = 1e-5


def standardized(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Give mean 0 and variance 1 over these axes."""
    var, mean = torch.var_mean(x, axes, correction=0, keepdim=True)
    return (x - mean) / (var + EPS).sqrt()


def rms_normalized(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Divide by the root of the mean square over these axes."""
    return x / (x.square().mean(axes, keepdim=True) + EPS).sqrt()


Way = Callable[[Tensor], Tensor]  # (N, T, C) -> (N, T, C)
OVER_FEATURES: dict[str, Way] = {
    "layer over C": lambda x: standardized(x, (2,)),
    "RMSNorm over C": lambda x: rms_normalized(x, (2,)),
}
BATCH: dict[str, Way] = {"batch": lambda x: standardized(x, (0, 1))}


def made_up() -> Tensor:
    """Return made-up tokens (N, T, C), off centre."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 10, 16, generator=generator, dtype=torch.float64) + 1


def dependence(way: Way) -> dict[str, float]:
    """Return how far a token's output moves with what it might depend on."""
    tokens = made_up()
    padded = torch.cat([tokens, torch.zeros_like(tokens)], 1)
    later, others = tokens.clone(), tokens.clone()
    later[0, -1] += 5
    others[1:] += torch.linspace(0, 5, 16, dtype=tokens.dtype)
    before = way(tokens)[0, 0]
    after = {
        "padding": way(padded)[0, 0],
        "company": way(tokens[:1, :1])[0, 0],
        "its future": way(later)[0, 0],
        "other sequences": way(others)[0, 0],
    }
    return {what: (a - before).abs().max().item() for what, a in after.items()}


def depends(ways: dict[str, Way], expected: bool) -> Callable:
    """Return a check: with all of these a token depends on all four, or on none."""

    def check(_: Records) -> tuple[Word, Numbers]:
        found = {name: dependence(way) for name, way in ways.items()}
        moves = [gap > BOUND for gaps in found.values() for gap in gaps.values()]
        word = Word.REPRODUCED if set(moves) == {expected} else Word.NOT_REPRODUCED
        numbers = tuple(
            (name, ", ".join(f"{what} {_size(gap)}" for what, gap in gaps.items()))
            for name, gaps in found.items()
        )
        return word, numbers

    return check


def _size(gap: float) -> str:
    return "0" if gap < BOUND else f"{gap:.2f}"


def without_mean(_: Records) -> tuple[Word, Numbers]:
    """Compare RMSNorm with layer norm on features whose mean is taken out before."""
    tokens = made_up()
    centred = tokens - tokens.mean(2, keepdim=True)
    gap = rms_normalized(centred, (2,)) - standardized(tokens, (2,))
    return exact({"largest difference": gap.abs().max().item()})


OURS = "random numbers in float64: 4 sequences, 10 tokens, 16 features"
CLAIMS = (
    Claim(
        id="token-features",
        source=BOOK,
        says="With statistics over C alone a token's output depends on nothing but the "
        "token, with or without a mean.",
        ours=OURS,
        chapter="one-token",
        rule=Holds(
            "Padding, company, later tokens and other sequences move the first token's "
            f"output by less than {BOUND:g}, with layer normalization and RMSNorm.",
            depends(OVER_FEATURES, False),
        ),
    ),
    Claim(
        id="token-batch",
        source=BOOK,
        says="With batch statistics a token's output depends on padding, company, its "
        "future and other sequences.",
        ours=OURS,
        chapter="one-token",
        rule=Holds(
            f"Each of the four moves the first token's output by more than {BOUND:g}.",
            depends(BATCH, True),
        ),
    ),
    Claim(
        id="zhang2019-centred",
        source="zhang2019root",
        place="section 4",
        says="Where the mean of the features is zero, RMSNorm and layer normalization "
        "are the same.",
        ours=OURS,
        chapter="one-token",
        rule=Holds(f"They agree on every value to {BOUND:g}.", without_mean),
    ),
    Claim(
        id="zhang2019-time",
        source="zhang2019root",
        place="abstract",
        says="Models with RMSNorm come out about as good as with layer normalization, "
        "and run 7% to 64% faster.",
        setting="translation, reading comprehension, retrieval and image models",
        ours="",
        reason="It is about language models, which this book does not train.",
    ),
    Claim(
        id="shen2020-text",
        source="shen2020powernorm",
        place="abstract and section 3",
        says="Batch statistics fluctuate more in training on text than on images, "
        "which is why batch normalization does worse there.",
        setting="transformers for translation and language modelling",
        ours="",
        reason="It needs transformers trained on text; the book has images.",
    ),
)
