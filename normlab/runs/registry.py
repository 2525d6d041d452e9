"""The names that a run may give to its model, its normalizer and its start."""

from collections.abc import Callable
from functools import partial

from torch import nn

from normlab.layers import BatchNorm, GhostBatchNorm
from normlab.models import Norm, gaussian, lenet, xavier
from normlab.runs.builders import (
    sigmoid_mlp,
    torch_batch_norm,
    torch_batch_norm_of_maps,
    torch_group_norm,
    torch_instance_norm,
    torch_layer_norm,
    xavier_gamma_0,
)

GHOSTS = (2, 4, 16, 64)  # examples that share statistics

MODELS: dict[str, Callable[[Norm | None], nn.Module]] = {
    "lenet": lenet,
    "sigmoid_mlp": sigmoid_mlp,
}
NORMS: dict[str, Norm | None] = {
    "none": None,
    "batch": BatchNorm,
    "torch_batch": torch_batch_norm,
    "torch_group": torch_group_norm,
    "torch_layer": torch_layer_norm,
    "torch_instance": torch_instance_norm,
    "torch_batch_maps": torch_batch_norm_of_maps,
    **{f"ghost_{size}": partial(GhostBatchNorm, ghost_size=size) for size in GHOSTS},
}
INITS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "xavier": xavier,
    "xavier_gamma_0": xavier_gamma_0,
    "gaussian_0.1": partial(gaussian, std=0.1),
}
