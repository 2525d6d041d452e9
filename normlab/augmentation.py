"""Images changed at random, and several changes of one image in a batch.

An augmentation is called as augment(images, generator): (N, 1, 28, 28) in, N or a
multiple of N such images out, copies of one image side by side.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Augment = Callable[[Tensor, torch.Generator], Tensor]


def shift_and_flip(
    images: Tensor, generator: torch.Generator, shift: int = 2
) -> Tensor:
    """Move each image by up to ``shift`` pixels along both axes, and mirror half.

    All offsets are equally likely. Zeros come in at the edges; left and right are
    mirrored with probability 1/2.

    Shape:
        images (N, C, H, W), of any type -> the same

    Raises:
        ValueError: ``images`` has not four axes, or ``shift`` is negative.
    """
    if images.dim() != 4:
        raise ValueError(f"images has shape {tuple(images.shape)}; give (N, C, H, W)")
    if shift < 0:
        raise ValueError(f"shift is {shift}; it must be at least 0 pixels")
    count, _, height, width = images.shape
    drawn = {"generator": generator, "device": generator.device}
    moved = torch.randint(2 * shift + 1, (2, count, 1), **drawn).to(images.device)
    mirrored = torch.randint(2, (count, 1), **drawn).to(images.device).bool()
    rows = moved[0] + torch.arange(height, device=images.device)  # (N, H)
    columns = moved[1] + torch.arange(width, device=images.device)  # (N, W)
    columns = torch.where(mirrored, columns.flip(1), columns)
    padded = F.pad(images, [shift] * 4).movedim(1, -1)  # (N, H', W', C)
    which = torch.arange(count, device=images.device).view(-1, 1, 1)
    taken = padded[which, rows[:, :, None], columns[:, None, :]]
    return taken.movedim(-1, 1).contiguous()


def repeated(augment: Augment, copies: int) -> Augment:
    """Return an augmentation that makes ``copies`` of each image, each its own way.

    Batch augmentation (Hoffer et al. 2019, arXiv 1901.09335): the loss is the mean over
    all copies. The copies of one image lie side by side, as
    ``labels.repeat_interleave(copies)`` does.

    Raises:
        ValueError: ``copies`` is below 1.
    """
    if copies < 1:
        raise ValueError(f"copies is {copies}; it must be at least 1")

    def augmented(images: Tensor, generator: torch.Generator) -> Tensor:
        return augment(images.repeat_interleave(copies, dim=0), generator)

    return augmented
