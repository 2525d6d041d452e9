"""The names that a run may give to what it is made of: networks, rates, batches."""

from collections.abc import Callable
from functools import partial

from torch import nn

from normlab.augmentation import repeated, shift_and_flip
from normlab.layers import (
    BatchNorm,
    BatchRenorm,
    GhostBatchNorm,
    InstanceNorm,
    KalmanNorm,
    renorm_limits,
)
from normlab.models import (
    Norm,
    TorchBatchNorm,
    binary_cnn,
    deep_cnn,
    fan_in_normal,
    gaussian,
    lenet,
    mlp,
    xavier,
)
from normlab.residual import residual_cnn
from normlab.runs import faces
from normlab.runs.arrangements import two_classes
from normlab.runs.builders import (
    batch_norm_and_shift,
    batch_norm_and_threshold,
    clip,
    decay_convolutions,
    dropping_relu,
    eight_sigmoids,
    filter_response,
    he_closed,
    lenet_relu,
    precondition,
    scaled_cnn,
    sigmoid_mlp,
    standardized_cnn,
    torch_four_groups,
    torch_group_norm,
    torch_independent,
    torch_instance_norm,
    torch_layer_norm,
    xavier_gamma_0,
)
from normlab.runs.config import Run
from normlab.schedules import Schedule, cooled, warm_cooled
from normlab.training import Arrange, Augment, Recorder

GHOSTS = (2, 4, 8, 16, 32, 64)  # examples that share statistics
DECAYS = (5e-4, 2e-3)  # of weights that are normalized, alone
DROPOUTS = (0.2, 0.5)  # behind each ReLU of a dense network
SHIFTS = (0.25, 0.5, 1.0)  # behind the layer, at random
RACE = 1400  # updates, to which the limits of batch renormalization are scaled
MLPS = ((3, 1000), (15, 1000), *((depth, 256) for depth in (3, 5, 6, 7, 8, 11, 15)))

MODELS: dict[str, Callable[..., nn.Module]] = {
    "lenet": lenet,
    "lenet_relu": lenet_relu,
    "eight_sigmoids": eight_sigmoids,
    "sigmoid_mlp": sigmoid_mlp,
    "deep_cnn": deep_cnn,
    "deep_cnn_standardized": standardized_cnn,
    "deep_cnn_scaled": scaled_cnn,
    "deep_cnn_linear": partial(deep_cnn, act=nn.Identity),
    "deep_cnn_norm_last": partial(deep_cnn, order="norm-weight"),
    "deep_cnn_dropping": partial(deep_cnn, act=dropping_relu),
    "lenet_norm_last": partial(lenet, order="act-norm"),
    "binary_cnn": binary_cnn,
    "binary_cnn_scaled": partial(binary_cnn, scaled=True),
    **{f"mlp_{d}x{w}": partial(mlp, depth=d, width=w) for d, w in MLPS},
    **{
        f"mlp_3x1000_dropout_{p:g}": partial(
            mlp, depth=3, width=1000, act=partial(dropping_relu, p)
        )
        for p in DROPOUTS
    },
    "residual_110": residual_cnn,
    "residual_110_scaled": partial(residual_cnn, scale="depth"),
    "residual_110_learned": partial(residual_cnn, scale="learned"),
    **{
        f"plain_{depth}": partial(residual_cnn, depth=depth, shortcut=False)
        for depth in (20, 56, 110)
    },
    "faces_8": partial(deep_cnn, between=True),
    "faces_8_dropout": partial(deep_cnn, between=True, dropout=0.5),
    "faces_7": partial(deep_cnn, between=True, widths=faces.SEVEN),
}
# What a model is given: norm, and dense_norm where it is another. Instance
# normalization has no place behind a Linear layer, where a channel is one value, and
# "torch_batch_maps" is its control.
NORMS: dict[str, dict[str, Norm | None]] = {
    "none": {},
    "batch": {"norm": BatchNorm},
    "torch_batch": {"norm": TorchBatchNorm},
    "torch_batch_slow": {"norm": partial(TorchBatchNorm, momentum=0.01)},
    "torch_group": {"norm": torch_group_norm},
    "torch_layer": {"norm": torch_layer_norm},
    "torch_instance": {"norm": torch_instance_norm, "dense_norm": None},
    "torch_batch_maps": {"norm": TorchBatchNorm, "dense_norm": None},
    **{
        f"ghost_{size}": {"norm": partial(GhostBatchNorm, ghost_size=size)}
        for size in GHOSTS
    },
    **{
        f"renorm_{size}": {
            "norm": partial(BatchRenorm, ghost_size=size, limits=renorm_limits(RACE))
        }
        for size in (2, 4, 8, 128)
    },
    # Of the whole batch, with the limits of a run of so many updates.
    **{
        f"renorm_over_{updates}": {
            "norm": partial(BatchRenorm, limits=renorm_limits(updates))
        }
        for updates in (RACE, 2_500, 10_000)
    },
    **{
        f"kalman_{size}": {"norm": partial(KalmanNorm, ghost_size=size)}
        for size in (2, 4, 8)
    },
    "kalman_whole": {"norm": partial(KalmanNorm, prior_weight=0.05)},
    **{
        f"batch_shifted_{strength:g}": {
            "norm": partial(batch_norm_and_shift, strength=strength)
        }
        for strength in SHIFTS
    },
    "torch_independent": {"norm": torch_independent},
    "instance": {"norm": InstanceNorm},
    "torch_group_4": {"norm": torch_four_groups},
    # With their own activation: for networks that have no other.
    "filter_response": {"norm": filter_response},
    "batch_threshold": {"norm": batch_norm_and_threshold},
}
INITS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "xavier": xavier,
    "xavier_gamma_0": xavier_gamma_0,
    "gaussian_0.1": partial(gaussian, std=0.1),
    "gaussian_0.01": partial(gaussian, std=0.01),
    "he": partial(fan_in_normal, variance=2.0),
    "he_closed": he_closed,
    "lecun": partial(fan_in_normal, variance=1.0),
}
# (rate, updates of the run) -> the rate of each of them; "constant" is none of these.
SCHEDULES: dict[str, Callable[[float, int], Schedule]] = {
    "cooled": cooled,
    "warm_cooled": warm_cooled,
    "original": faces.original,
    "multistep": faces.multistep,
    "short_step": faces.short_step,
}
# (model, run) -> what changes the gradients before each update; "" is none of these.
TRANSFORMS: dict[str, Callable[[nn.Module, Run], Recorder]] = {
    "clip": clip,
    **{
        f"decay_{decay:g}": partial(decay_convolutions, decay=decay) for decay in DECAYS
    },
    "precondition": precondition,
}
AUGMENTS: dict[str, Augment] = {
    "shift_flip": shift_and_flip,
    "shift_flip_4": repeated(shift_and_flip, 4),  # copies of each image
}
ARRANGEMENTS: dict[str, Arrange] = {"two_classes": two_classes}
