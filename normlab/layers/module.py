"""What the modules share: gamma and beta, and the memory of the batches seen."""

import torch
from torch import Tensor, nn


class Normalizer(nn.Module):
    """A module with gamma (``weight``) and beta (``bias``), one number a channel.

    Args:
        num_features: C, the number of channels.
        eps: added to the variance, inside the square root.
        affine: learn gamma, which starts at 1, and beta, at 0.
        device: where parameters and buffers live.
        dtype: their type.
        bias: False learns gamma alone.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.affine = num_features, eps, affine
        made = {"device": device, "dtype": dtype}
        gamma = nn.Parameter(torch.ones(num_features, **made)) if affine else None
        beta = nn.Parameter(torch.zeros(num_features, **made)) if affine else None
        self.register_parameter("weight", gamma)
        self.register_parameter("bias", beta if bias else None)

    @property
    def gamma(self) -> nn.Parameter | None:
        """The learned scale, ``weight`` in PyTorch's words; shape (C,)."""
        return self.weight

    @property
    def beta(self) -> nn.Parameter | None:
        """The learned shift, ``bias`` in PyTorch's words; shape (C,)."""
        return self.bias

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Set gamma to 1 and beta to 0."""
        if self.weight is not None:
            self.weight.fill_(1)
        if self.bias is not None:
            self.bias.zero_()

    def settings(self) -> dict[str, object]:
        """Return what ``print`` shows of the layer, besides ``num_features``."""
        return {
            "eps": self.eps,
            "affine": self.affine,
            "bias": self.bias is not None,
        }

    def extra_repr(self) -> str:
        """Show the settings, as ``print`` does for PyTorch's layers."""
        shown = (f"{name}={value}" for name, value in self.settings().items())
        return ", ".join([str(self.num_features), *shown])


class TrackingNormalizer(Normalizer):
    """A normalizer that may remember the statistics of the batches seen.

    Args:
        num_features: C, the number of channels.
        eps: added to the variance, inside the square root.
        momentum: weight of the newest batch in the running statistics; None
            keeps the plain average of all batches seen.
        affine: learn gamma (``weight``, starts at 1) and beta (``bias``, at 0).
        track_running_stats: keep running statistics; without them evaluation
            uses the input's own.
        device: where the parameters and buffers live.
        dtype: their type.
        bias: False learns gamma alone.
    """

    _version = 2  # as PyTorch's: version 2 added num_batches_tracked

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, affine, device, dtype, bias=bias)
        self.momentum, self.track_running_stats = momentum, track_running_stats
        made, track = {"device": device, "dtype": dtype}, track_running_stats
        mean = torch.zeros(num_features, **made) if track else None
        var = torch.ones(num_features, **made) if track else None
        seen = torch.zeros((), dtype=torch.long, device=device) if track else None
        self.register_buffer("running_mean", mean)
        self.register_buffer("running_var", var)
        self.register_buffer("num_batches_tracked", seen)

    def count_batch(self) -> float:
        """Count a batch and return the weight that its statistics get."""
        seen = self.num_batches_tracked
        if seen is not None:
            seen.add_(1)
        if self.momentum is not None:
            return self.momentum
        return 0.0 if seen is None else 1.0 / float(seen)

    @torch.no_grad()
    def reset_running_stats(self) -> None:
        """Forget the batches seen: mean 0, variance 1, count 0."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Reset the running statistics, gamma to 1 and beta to 0."""
        self.reset_running_stats()
        super().reset_parameters()

    def _load_from_state_dict(self, state_dict, prefix, metadata, *rest) -> None:
        key = prefix + "num_batches_tracked"
        old = (metadata.get("version") or 0) < 2
        if old and self.track_running_stats and key not in state_dict:
            seen = self.num_batches_tracked
            usable = seen is not None and seen.device.type != "meta"
            state_dict[key] = seen if usable else torch.tensor(0)
        super()._load_from_state_dict(state_dict, prefix, metadata, *rest)

    def settings(self) -> dict[str, object]:
        """Return what ``print`` shows of the layer, besides ``num_features``."""
        return {
            "eps": self.eps,
            "momentum": self.momentum,
            "affine": self.affine,
            "bias": self.bias is not None,
            "track_running_stats": self.track_running_stats,
        }


@torch.no_grad()
def update_running(running: Tensor, new: Tensor, momentum: float) -> None:
    """Move ``running`` in place: (1 - momentum) * running + momentum * new."""
    # One rounding, also where running is in half precision and new in float32.
    running.copy_((1 - momentum) * running.to(new.dtype) + momentum * new)
