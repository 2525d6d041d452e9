"""Adaptive gradient clipping (Brock, De, Smith and Simonyan 2021, arXiv 2102.06171)."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from normlab.layers.door import full

LEAST_NORM = 1e-6  # of a gradient; below it nothing is divided


def clip_adaptively(
    gradient: Tensor, weight: Tensor, clip: float = 0.01, eps: float = 1e-3
) -> Tensor:
    """Return the gradient, no unit's part longer than ``clip`` times its weights.

    With W and G the weights of one unit and their gradient::

        G <- clip max(|W|, eps) / |G| G   where |G| > clip max(|W|, eps)

    A unit's norm is over all axes but the first; a vector or a number, such as a bias,
    is one unit. Half precision is computed in float32.

    Shape:
        gradient, weight (out, in, *), (out,) or () -> the same

    Raises:
        ValueError: another shape, or ``clip`` or ``eps`` is not positive.
        NotImplementedError: the gradient is not real floating point.
    """
    _check_limits(clip, eps)
    if gradient.shape != weight.shape:
        raise ValueError(
            f"gradient has shape {tuple(gradient.shape)}, weight "
            f"{tuple(weight.shape)}; give a weight and its own gradient"
        )
    if not gradient.is_floating_point():
        raise NotImplementedError(
            f"gradient has dtype {gradient.dtype}; clip floating point"
        )
    g = full(gradient)
    longest = clip * _norm_of_units(full(weight)).clamp(min=eps)
    norm = _norm_of_units(g)
    factor = longest / norm.clamp(min=LEAST_NORM)
    return torch.where(norm > longest, g * factor, g).to(gradient.dtype)


def _norm_of_units(x: Tensor) -> Tensor:
    axes = tuple(range(1, x.dim())) if x.dim() > 1 else None
    return torch.linalg.vector_norm(x, dim=axes, keepdim=x.dim() > 1)


def _check_limits(clip: float, eps: float) -> None:
    for name, value in (("clip", clip), ("eps", eps)):
        if not value > 0:
            raise ValueError(
                f"{name} is {value}; it must be positive, else some weights never move"
            )


class AdaptiveClipping:
    """Clips the gradients of a model: ``transform(step, model, batch, loss)``.

    Called between the backward pass and the update; with a gradient scaler, after
    ``unscale_``. Clipped are all parameters but those of the classifier.

    Args:
        model: whose gradients are clipped.
        clip: the longest gradient of a unit, as a share of the norm of its weights;
            0.01 is for batches of thousands, smaller ones may take more.
        eps: the norm that a unit's weights are taken to have at least.
        spared: layers that are left alone; None for the last Linear layer.

    Raises:
        ValueError: ``clip`` or ``eps`` is not positive.
    """

    def __init__(
        self,
        model: nn.Module,
        clip: float = 0.01,
        eps: float = 1e-3,
        spared: Iterable[nn.Module] | None = None,
    ) -> None:
        _check_limits(clip, eps)
        self.clip, self.eps = clip, eps
        if spared is None:
            spared = [m for m in model.modules() if isinstance(m, nn.Linear)][-1:]
        ids = {id(p) for layer in spared for p in layer.parameters()}
        self.parameters = [p for p in model.parameters() if id(p) not in ids]

    @torch.no_grad()
    def __call__(self, step: int, model: nn.Module, batch, loss) -> None:
        """Clip the gradients that are there, in place."""
        for p in self.parameters:
            if p.grad is not None:
                p.grad.copy_(clip_adaptively(p.grad, p, self.clip, self.eps))
