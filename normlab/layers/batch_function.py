"""Batch normalization in training, with its backward pass derived by hand.

The formulas of Ioffe and Szegedy 2015 (arXiv 1502.03167, section 3), collected
into one line per gradient. The chapter ``backward-by-hand`` derives them.
"""

import math

import torch
from torch import Tensor

from normlab.layers.arguments import check_arguments
from normlab.layers.batch import batch_stats, normalize


def batch_norm_backward(
    grad_output: Tensor,
    x: Tensor,
    mean: Tensor,
    rstd: Tensor,
    weight: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients (of x, of gamma, of beta) of training-mode batch norm.

    With g = grad_output, x_hat = (x - mean) * rstd, sums and overbars over every
    axis but the second::

        dL/dbeta  = sum g
        dL/dgamma = sum g x_hat
        dL/dx     = gamma rstd (g - bar(g) - x_hat bar(g x_hat))

    All steps are differentiable, so autograd can go through them once more.

    Args:
        grad_output: gradient of the loss with respect to the layer's output.
        x: what entered the layer.
        mean: of each channel of x.
        rstd: 1 / sqrt(biased variance + eps) of each channel of x.
        weight: gamma; None stands for ones.

    Shape:
        grad_output, x (N, C, *); the rest (C,) -> (N, C, *), (C,), (C,)

    Raises:
        ValueError: grad_output has another shape than x, or a statistic or the
            weight is not (C,).
    """
    _check_shapes(grad_output, x, {"mean": mean, "rstd": rstd, "weight": weight})
    axes = [d for d in range(x.dim()) if d != 1]
    per_channel = (1, -1) + (1,) * (x.dim() - 2)  # (C,) -> (1, C, 1, 1)
    n = math.prod(x.shape[d] for d in axes)  # values per channel: N, or N * H * W
    x_hat = (x - mean.view(per_channel)) * rstd.view(per_channel)
    grad_bias = grad_output.sum(axes)
    grad_weight = (grad_output * x_hat).sum(axes)
    scale = rstd if weight is None else rstd * weight
    # What goes through the mean, then what goes through the variance, is taken away.
    left = grad_output - grad_bias.view(per_channel) / n
    left = left - x_hat * (grad_weight / n).view(per_channel)
    return left * scale.view(per_channel), grad_weight, grad_bias


class BatchNormFunction(torch.autograd.Function):
    """``BatchNormFunction.apply(input, weight, bias, eps)``: training-mode batch norm.

    The value is that of ``batch_norm(input, None, None, weight, bias, training=True,
    eps=eps)``; the gradient is the hand-derived ``batch_norm_backward``. For it only
    the input, the weight and two numbers per channel are kept. Derivatives of any
    order are right: passes gradcheck and gradgradcheck in float64.

    Shape:
        input (N, C, *); weight, bias (C,) or None -> (N, C, *)

    Raises:
        ValueError: one value per channel, ``eps`` not positive, or a weight or bias
            that is not one vector.
        RuntimeError: fewer than 2 dimensions, a wrong number of channels, or mixed
            dtypes.
        NotImplementedError: the input is not real floating point.
    """

    @staticmethod
    def forward(ctx, input, weight, bias, eps):
        """Normalize ``input``; keep what the backward pass will need."""
        parameters = {"weight": weight, "bias": bias}
        running = {"running_mean": None, "running_var": None}
        check_arguments(input, parameters | running, training=True, eps=eps)
        _check_vectors(input, parameters)
        mean, var = _statistics(input)
        ctx.save_for_backward(input, weight, mean, torch.rsqrt(var + eps))
        ctx.eps, ctx.bias_dtype = eps, None if bias is None else bias.dtype
        x = input.to(mean.dtype)
        return normalize(x, mean, var, weight, bias, eps).to(input.dtype)

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradients of input, weight, bias and eps (None)."""
        input, weight, mean, rstd = ctx.saved_tensors
        if torch.is_grad_enabled():
            # This gradient will itself be differentiated. The saved statistics would
            # then pass for constants, so they are computed anew from the input.
            mean, var = _statistics(input)
            rstd = torch.rsqrt(var + ctx.eps)
        g, x = grad_output.to(mean.dtype), input.to(mean.dtype)
        grad_input, grad_weight, grad_bias = batch_norm_backward(
            g, x, mean, rstd, weight
        )
        return (
            grad_input.to(input.dtype),
            None if weight is None else grad_weight.to(weight.dtype),
            None if ctx.bias_dtype is None else grad_bias.to(ctx.bias_dtype),
            None,
        )


def _statistics(input: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance; of half precision in float32, of nothing 0 and 1."""
    half = input.dtype in (torch.float16, torch.bfloat16)
    x = input.float() if half else input
    if x.numel() == 0:
        return x.new_zeros(x.shape[1]), x.new_ones(x.shape[1])
    return batch_stats(x)


def _check_shapes(g: Tensor, x: Tensor, vectors: dict[str, Tensor | None]) -> None:
    if g.shape != x.shape:
        raise ValueError(
            f"grad_output has shape {tuple(g.shape)}, x {tuple(x.shape)}; "
            "the gradient of an output has the shape of that output"
        )
    _check_vectors(x, vectors)


def _check_vectors(x: Tensor, vectors: dict[str, Tensor | None]) -> None:
    for name, vector in vectors.items():
        if vector is not None and vector.shape != x.shape[1:2]:
            raise ValueError(
                f"{name} has shape {tuple(vector.shape)}; give one number per "
                f"channel, ({x.shape[1]},), for an input of shape {tuple(x.shape)}"
            )
