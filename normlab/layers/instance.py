"""Instance normalization (Ulyanov, Vedaldi and Lempitsky 2016, arXiv 1607.08022)."""

import torch
from torch import Tensor, nn

from normlab.layers.batch import batch_norm, update_running
from normlab.layers.standardize import check_input, scale_and_shift, standardize


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each channel of each example, as PyTorch's ``instance_norm`` does.

    With ``use_input_stats`` the statistics are the example's own, and the running
    ones, if given, move towards their mean over the examples; else the running ones
    are used.

    Shape:
        input (N, C, *), the statistics and parameters (C,) -> (N, C, *)

    Raises:
        ValueError: one value per channel of an example, with its own statistics.
        RuntimeError: fewer than three axes, or wrong shapes.
        NotImplementedError: the input is not real floating point.
    """
    check_input(input, 3)
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, eps=eps)
    axes = list(range(2, input.dim()))
    n = input[0, 0].numel()
    if n == 1:
        raise ValueError(
            "Expected more than 1 spatial element when training, got input size "
            f"{tuple(input.shape)}: leave the normalizer out there"
        )
    y, mean, var = standardize(input, axes, eps)
    if running_mean is not None:
        mean, var = (s.detach().flatten(1).mean(0) for s in (mean, var))  # (C,)
        update_running(running_mean, mean, momentum)
        update_running(running_var, var * (n / (n - 1)), momentum)
    return scale_and_shift(y, weight, bias)


class InstanceNorm(nn.Module):
    """Instance normalization of (N, C, *), without running statistics.

    Args:
        num_features: C, the number of channels.
        eps: added to the variance, inside the square root.
        affine: learn gamma and beta; PyTorch's layer does not unless asked.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, affine: bool = True):
        super().__init__()
        self.num_features, self.eps = num_features, eps
        gamma = nn.Parameter(torch.ones(num_features)) if affine else None
        beta = nn.Parameter(torch.zeros(num_features)) if affine else None
        self.register_parameter("weight", gamma)
        self.register_parameter("bias", beta)

    def forward(self, input: Tensor) -> Tensor:
        """Normalize ``input`` (N, C, *)."""
        return instance_norm(input, weight=self.weight, bias=self.bias, eps=self.eps)

    def extra_repr(self) -> str:
        """Show the settings, as ``print`` does for PyTorch's layers."""
        return f"{self.num_features}, eps={self.eps}, affine={self.weight is not None}"
