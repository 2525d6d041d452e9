"""Binary networks, with batch normalization or without it (Chen et al. 2021).

"BNN - BN = ?", arXiv 2104.08215, and its code. What enters a binary convolution is +1
or -1; in a second stage of training so are its weights, but for one factor a unit.
The sign has no useful derivative, so each is given that of a function near it.
"""

import torch
from torch import Tensor, nn

from normlab.layers.door import full, without_autocast
from normlab.layers.weights import (
    ScaledStandardizedConv2d,
    per_unit,
    scale_standardize_weight,
)


class Sign(torch.autograd.Function):
    """``Sign.apply(input)``: +1 or -1, differentiated as a parabola; see ``sign``."""

    generate_vmap_rule = True

    @staticmethod
    def forward(input):
        """Return +1 where ``input`` is at least 0, else -1."""
        return _signs(input)

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Keep what ``backward`` will need."""
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradient of the parabola."""
        (x,) = ctx.saved_tensors
        return grad_output * (2 - 2 * x.abs()).clamp(min=0)


def sign(input: Tensor) -> Tensor:
    """Return +1 where ``input`` is at least 0, else -1; NaN stays.

    The backward pass is that of ``x (2 - |x|)``, held at -1 and 1 outside (Liu et al.
    2018, arXiv 1808.00278)::

        d/dx = 2 - 2 |x| where |x| < 1, else 0

    ``torch.sign`` has 0 at 0, a third value, and no gradient.

    Shape:
        input of any shape -> the same

    Raises:
        NotImplementedError: the input is not real floating point.
    """
    _check_floating("input", input)
    return Sign.apply(input)


def binarize_weight(weight: Tensor) -> Tensor:
    """Return the signs of each unit's weights times the mean of their sizes.

    The backward pass takes the factor for a constant, and the sign for the identity
    from -1 to 1, with no gradient outside. Half precision is computed in float32.

    Shape:
        weight (out, in, *) -> the same, with two values a unit

    Raises:
        ValueError: fewer than 2 axes.
        NotImplementedError: the weight is not real floating point.
    """
    _check_floating("weight", weight)
    if weight.dim() < 2:
        raise ValueError(
            f"weight has shape {tuple(weight.shape)}; give a layer's, (out, in, *)"
        )
    with without_autocast(weight):
        w = full(weight)
        factor = w.abs().mean(list(range(1, w.dim())), keepdim=True)
        through = w.clamp(-1, 1)
        # The difference is 0; it brings the gradient.
        binary = (factor * _signs(w)).detach() + (through - through.detach())
        return binary.to(weight.dtype)


def set_binary_weights(model: nn.Module, binary: bool = True) -> nn.Module:
    """Begin the second stage of training, in place: the weights are binary too.

    False returns to the first. Which stage it is stands in no state_dict, as the mode
    does not.

    Raises:
        ValueError: the model has no binary convolution.
    """
    layers = [m for m in model.modules() if isinstance(m, BINARY)]
    if not layers:
        raise ValueError(
            f"the model, a {type(model).__name__}, has no binary convolution; build "
            "one with normlab.models.binary_cnn"
        )
    for layer in layers:
        layer.binary_weights = binary
    return model


class BinaryConv2d(nn.Conv2d):
    """A convolution of the signs of its inputs; for a network with a normalizer.

    A border of zeros, which ``padding`` brings, stays 0. All is computed in floating
    point: what +1 and -1 would save of time and memory is not saved here.

    Args:
        shape: in_channels, out_channels, kernel_size, ... of ``nn.Conv2d``.
        options: of ``nn.Conv2d``.

    Attributes:
        binary_weights: False in the first stage of training, True in the second; see
            ``set_binary_weights``.
    """

    binary_weights = False

    def forward(self, input: Tensor) -> Tensor:
        """Convolve the signs of ``input`` (N, in, H, W)."""
        weight = binarize_weight(self.weight) if self.binary_weights else self.weight
        return self._conv_forward(sign(input), weight, self.bias)

    def settings(self) -> dict[str, object]:
        """Return what ``print`` shows of the layer, besides what a convolution has."""
        return {"binary_weights": self.binary_weights}

    def extra_repr(self) -> str:
        """Show the settings, as ``print`` does for PyTorch's layers."""
        return f"{super().extra_repr()}, binary_weights={self.binary_weights}"


class ScaledBinaryConv2d(ScaledStandardizedConv2d):
    """A convolution of the signs of its inputs, without a normalizer.

    Its weights are scaled and standardized, in the second stage then made binary; the
    gain is multiplied last. The rest is as in ``BinaryConv2d``.

    Args:
        shape: in_channels, out_channels, kernel_size, ... of ``nn.Conv2d``.
        options: of ``ScaledStandardizedConv2d``.

    Attributes:
        binary_weights: False in the first stage of training, True in the second; see
            ``set_binary_weights``.
        gain: learned, one number a unit, (out_channels,), at the start 1.

    Raises:
        ValueError: a unit has a single weight.
    """

    binary_weights = False

    def standardized(self) -> Tensor:
        """Return the weight that is used, (out, in / groups, kH, kW)."""
        if not self.binary_weights:
            return super().standardized()
        weight = scale_standardize_weight(self.weight, eps=self.eps)
        return binarize_weight(weight) * per_unit(self.gamma * self.gain, weight)

    def forward(self, input: Tensor) -> Tensor:
        """Convolve the signs of ``input`` (N, in, H, W)."""
        return super().forward(sign(input))

    def settings(self) -> dict[str, object]:
        """Return what ``print`` shows of the layer, besides what a convolution has."""
        return super().settings() | {"binary_weights": self.binary_weights}


BINARY = (BinaryConv2d, ScaledBinaryConv2d)


def _signs(x: Tensor) -> Tensor:
    signs = torch.where(x < 0, -1.0, 1.0).to(x.dtype)
    return torch.where(x.isnan(), x, signs)


def _check_floating(name: str, x: Tensor) -> None:
    if not x.is_floating_point():
        raise NotImplementedError(
            f"{name} has dtype {x.dtype}; its sign is differentiated, so give floating "
            f"point: {name}.float()"
        )
