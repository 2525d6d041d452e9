"""Instance normalization (Ulyanov, Vedaldi and Lempitsky 2016, arXiv 1607.08022)."""

import torch
from torch import Tensor

from normlab.layers.batch import batch_norm, check_momentum
from normlab.layers.door import (
    check_eps,
    check_input,
    check_parameters,
    normalize_with,
)
from normlab.layers.formula import moments, per_channel
from normlab.layers.module import TrackingNormalizer, update_running


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
    are used. Half precision is computed in float32.

    Shape:
        input (N, C, *), the statistics and parameters (C,) -> (N, C, *)

    Raises:
        ValueError: one value per channel of an example, with its own statistics; only
            one of the running statistics given; or ``eps`` negative.
        RuntimeError: fewer than three axes, wrong shapes, or mixed dtypes.
        NotImplementedError: the input is not real floating point.
    """
    check_input(input, 3)
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, eps=eps)
    check_eps(eps)
    if (running_mean is None) != (running_var is None):
        raise ValueError("running_mean and running_var: give both or neither")
    vectors = {"running_mean": running_mean, "running_var": running_var}
    vectors |= {"weight": weight, "bias": bias}
    check_parameters(input, input.shape[1:2], **vectors)
    n = input.shape[2:].numel()  # values of a channel of an example
    if n == 1:
        raise ValueError(
            "Expected more than 1 spatial element when training, got input size "
            f"{tuple(input.shape)}: leave the normalizer out there"
        )
    if running_mean is not None:
        check_momentum(momentum)

    def statistics(x: Tensor) -> tuple[Tensor, Tensor]:
        mean, var = moments(x, range(2, x.dim()))
        if running_mean is not None and x.numel():  # of nothing nothing is learned
            means, variances = (s.detach().flatten(1).mean(0) for s in (mean, var))
            update_running(running_mean, means, momentum)
            update_running(running_var, variances * (n / (n - 1)), momentum)
        return mean, var

    learned = (per_channel(p, input) for p in (weight, bias))
    return normalize_with(input, statistics, *learned, eps)


class InstanceNorm(TrackingNormalizer):
    """Instance normalization of (N, C, *).

    Args:
        num_features: C, the number of channels.
        eps: added to the variance, inside the square root.
        momentum: weight of the newest batch in the running statistics; None leaves
            them, as in PyTorch's layer.
        affine: learn gamma and beta; PyTorch's layer does not unless asked.
        track_running_stats: keep running statistics, which evaluation then uses.
        device: where the parameters and buffers live.
        dtype: their type.
        bias: False learns gamma alone.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        memory = (momentum, affine, track_running_stats)
        super().__init__(num_features, eps, *memory, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """Normalize ``input`` (N, C, *)."""
        return instance_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
