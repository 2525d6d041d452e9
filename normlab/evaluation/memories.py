"""A network tested as some implementation would test it, from one training."""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from normlab.evaluation.conventions import CONVENTIONS, Average, OwnBatch
from normlab.evaluation.statistics import batch_norms
from normlab.layers.batch import batch_stats
from normlab.layers.door import full
from normlab.models import replace_layers


class Memory:
    """What one layer remembers by a convention.

    Args:
        convention: which.
        like: a vector (C,) of the type and device to remember in.
    """

    def __init__(self, convention: Average, like: Tensor) -> None:
        self.convention = convention
        self.weights = 0.0
        self.mean = torch.zeros_like(like)
        self.var = torch.full_like(like, convention.first_var)

    def see(self, mean: Tensor, var: Tensor, count: int) -> None:
        """Remember a batch: mean (C,), biased variance (C,), values a channel."""
        rule = self.convention
        spread = var + mean.square() if rule.of_squares else var
        if rule.unbiased and count > 1:
            spread = spread * count / (count - 1)
        self.weights = rule.keep * self.weights + rule.new
        self.mean = rule.keep * self.mean + rule.new * mean
        self.var = rule.keep * self.var + rule.new * spread

    def at_test(self) -> tuple[Tensor, Tensor]:
        """Return the mean and the variance that a test normalizes with."""
        mean, var = self.mean, self.var
        if self.convention.debiased and self.weights:
            mean, var = mean / self.weights, var / self.weights
        if self.convention.of_squares:
            var = var - mean.square()
        return mean, var


Memories = Mapping[str, Mapping[str, Memory]]  # by convention, then by layer


@contextmanager
def remembered(model: nn.Module) -> Iterator[Memories]:
    """Let every convention remember what passes through a model while it trains.

    Only training's own forward passes count: training mode, with gradients. The
    memories are of the layers' type and device; conventions without one have none.

    Raises:
        TypeError: a layer is not plain batch normalization.
    """
    layers = batch_norms(model)
    memories = {
        name: {
            at: Memory(rule, full(layer.running_mean)) for at, layer in layers.items()
        }
        for name, rule in CONVENTIONS.items()
        if isinstance(rule, Average)
    }

    def watch(at: str) -> Callable:
        here = [of_layer[at] for of_layer in memories.values()]

        def see(layer: nn.Module, arguments: tuple[Tensor]) -> None:
            if layer.training and torch.is_grad_enabled():
                x = full(arguments[0].detach())
                mean, var = batch_stats(x)
                for memory in here:
                    memory.see(mean, var, x.numel() // x.shape[1])

        return see

    handles = [
        layer.register_forward_pre_hook(watch(at)) for at, layer in layers.items()
    ]
    try:
        yield memories
    finally:
        for handle in handles:
            handle.remove()


@torch.no_grad()
def as_tested(model: nn.Module, name: str, memories: Memories) -> nn.Module:
    """Return a copy of a network that normalizes as a convention does at test time.

    Args:
        model: with plain batch normalization.
        name: in ``CONVENTIONS``.
        memories: of this model, see ``remembered``.
    """
    rule, copied = CONVENTIONS[name], copy.deepcopy(model).eval()
    if isinstance(rule, OwnBatch):
        norms = set(batch_norms(copied).values())
        return replace_layers(
            copied, lambda layer: _WithOwnBatch(layer, rule) if layer in norms else None
        )
    for at, layer in batch_norms(copied).items():
        mean, var = memories[name][at].at_test()
        layer.running_mean.copy_(mean)
        layer.running_var.copy_(var)
        layer.eps = rule.eps
    return copied


class _WithOwnBatch(nn.Module):
    """Gamma and beta of a layer, behind the statistics of each batch that comes."""

    def __init__(self, layer: nn.Module, convention: OwnBatch) -> None:
        super().__init__()
        self.weight, self.bias, self.convention = layer.weight, layer.bias, convention

    def forward(self, x: Tensor) -> Tensor:
        mean, var = self.convention.statistics(x.detach())
        eps = self.convention.eps
        return F.batch_norm(x, mean, var, self.weight, self.bias, eps=eps)
