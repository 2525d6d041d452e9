"""Residual networks: blocks whose input is added to what they make of it.

After He, Zhang, Ren and Sun 2016 (arXiv 1512.03385), but with one width throughout, so
that all shortcuts are the identity.
"""

import torch
from torch import Tensor, nn

from normlab.models import Norm

SCALES = ("one", "depth", "learned")


class Block(nn.Module):
    """``relu(x + scale * branch(x))``, or ``relu(branch(x))`` without the shortcut.

    The branch is two convolutions, ReLU between them, a normalizer behind each.

    Args:
        width: channels that come in and go out.
        norm: what normalizes, ``num_features -> nn.Module``; None for nothing.
        shortcut: add the input.
        scale: a number, or a parameter that the block learns.
    """

    def __init__(
        self,
        width: int,
        norm: Norm | None,
        shortcut: bool,
        scale: float | nn.Parameter,
    ) -> None:
        super().__init__()
        first, last = (
            nn.Conv2d(width, width, kernel_size=3, padding=1) for _ in range(2)
        )
        norms = [norm(width) if norm else nn.Identity() for _ in range(2)]
        self.branch = nn.Sequential(first, norms[0], nn.ReLU(), last, norms[1])
        self.shortcut, self.scale = shortcut, scale

    def forward(self, input: Tensor) -> Tensor:
        """(N, width, H, W) -> the same."""
        branch = self.branch(input)
        return torch.relu(input + self.scale * branch if self.shortcut else branch)


def residual_cnn(
    norm: Norm | None = None,
    depth: int = 110,
    width: int = 8,
    shortcut: bool = True,
    scale: str = "one",
) -> nn.Sequential:
    """Return a network of ``depth`` weight layers on a quarter of the pixels.

    A convolution, blocks of two, the mean of each map, a dense layer.

    Args:
        norm: what normalizes behind each convolution; None for nothing.
        depth: 2, and 2 more for each block.
        width: channels throughout.
        shortcut: False leaves the inputs out: a plain chain of as many layers.
        scale: of the branches, "one"; "depth", 1 over the root of the number of
            blocks; "learned", a number a block, which starts at 0 (SkipInit, De and
            Smith 2020, arXiv 2002.10444).

    Shape:
        (N, 1, 28, 28) -> logits (N, 10)

    Raises:
        ValueError: ``depth`` is odd or below 4, or ``scale`` is another.
    """
    if depth < 4 or depth % 2:
        raise ValueError(f"depth={depth}; use an even number from 4")
    if scale not in SCALES:
        raise ValueError(f"scale={scale!r}; use one of {', '.join(SCALES)}")
    blocks = (depth - 2) // 2

    def block() -> Block:
        learned = nn.Parameter(torch.zeros(())) if scale == "learned" else None
        fixed = blocks**-0.5 if scale == "depth" else 1.0
        return Block(width, norm, shortcut, fixed if learned is None else learned)

    return nn.Sequential(
        nn.AvgPool2d(2),
        nn.Conv2d(1, width, kernel_size=3, padding=1),
        *([norm(width)] if norm else []),
        nn.ReLU(),
        *(block() for _ in range(blocks)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(width, 10),
    )


def close_branches(model: nn.Module) -> nn.Module:
    """Set gamma of the last normalizer of each branch to 0 (Goyal et al. 2017, 5.1).

    Raises:
        ValueError: there is none.
    """
    blocks = [m for m in model.modules() if isinstance(m, Block)]
    gammas = [getattr(block.branch[-1], "weight", None) for block in blocks]
    if not gammas or None in gammas:
        raise ValueError("a branch ends without gamma; give blocks with norm=BatchNorm")
    with torch.no_grad():
        for gamma in gammas:
            gamma.zero_()
    return model
