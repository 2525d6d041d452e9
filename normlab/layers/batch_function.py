"""Batch normalization in training, with its backward pass derived by hand.

The formulas of Ioffe and Szegedy 2015 (arXiv 1502.03167, section 3), collected
into one line per gradient. The chapter ``backward-by-hand`` derives them.
"""

import torch
from torch import Tensor

from normlab.layers.batch import batch_stats, check_batch, normalize
from normlab.layers.door import full, without_autocast
from normlab.layers.formula import per_channel


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
    n = x.shape[:1].numel() * x.shape[2:].numel()  # per channel: N, or N * H * W
    x_hat = (x - per_channel(mean, x)) * per_channel(rstd, x)
    grad_bias = grad_output.sum(axes)
    grad_weight = (grad_output * x_hat).sum(axes)
    scale = rstd if weight is None else rstd * weight
    # What goes through the mean, then what goes through the variance, is taken away.
    left = grad_output - per_channel(grad_bias, x) / n
    left = left - x_hat * per_channel(grad_weight / n, x)
    return left * per_channel(scale, x), grad_weight, grad_bias


class BatchNormFunction(torch.autograd.Function):
    """``BatchNormFunction.apply(input, weight, bias, eps)``: training-mode batch norm.

    The value is that of ``batch_norm(input, None, None, weight, bias, training=True,
    eps=eps)``; the gradient is the hand-derived ``batch_norm_backward``. For it only
    the input and the weight are kept, and the statistics computed anew: saved ones
    would pass for constants wherever the gradient is differentiated once more.
    Derivatives of any order are right (gradcheck and gradgradcheck in float64), under
    ``torch.func.grad``, ``jacrev``, ``vmap`` and ``torch.compile`` too. Forward mode
    is refused by PyTorch, which compiles no function that has it; ``batch_norm`` has.

    Shape:
        input (N, C, *); weight, bias (C,) or None -> (N, C, *)

    Raises:
        ValueError: one value per channel, ``eps`` not positive, or a weight or bias
            that is not one vector.
        RuntimeError: fewer than 2 dimensions, a wrong number of channels, or mixed
            dtypes.
        NotImplementedError: the input is not real floating point, or forward mode.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(input, weight, bias, eps):
        """Normalize ``input``."""
        check_batch(input, None, None, weight, bias, training=True, eps=eps)
        _check_vectors(input, {"weight": weight, "bias": bias})
        with without_autocast(input):
            x = full(input)
            y = normalize(x, *batch_stats(x), weight, bias, eps)
            return y.to(input.dtype)

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Keep what ``backward`` will need."""
        input, weight, bias, ctx.eps = inputs
        ctx.bias_dtype = None if bias is None else bias.dtype
        ctx.save_for_backward(input, weight)

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradients of input, weight, bias and eps (None)."""
        input, weight = ctx.saved_tensors
        x, g = full(input), full(grad_output)
        mean, var = batch_stats(x)
        rstd = torch.rsqrt(var + ctx.eps)
        grad_input, grad_weight, grad_bias = batch_norm_backward(
            g, x, mean, rstd, weight
        )
        return (
            grad_input.to(input.dtype),
            None if weight is None else grad_weight.to(weight.dtype),
            None if ctx.bias_dtype is None else grad_bias.to(ctx.bias_dtype),
            None,
        )


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
