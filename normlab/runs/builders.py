"""What the names of a run stand for, where that is more than a class: see registry."""

from torch import nn

from normlab.gradients import AdaptiveClipping, Preconditioning, WeightDecay
from normlab.layers import (
    RELU_GAMMA,
    FilterResponseNorm,
    RandomShift,
    ThresholdedLinearUnit,
)
from normlab.models import (
    Norm,
    TorchBatchNorm,
    deep_cnn,
    fan_in_normal,
    gamma_and_beta,
    lenet,
    mlp,
    scale_invariant_weights,
    standardize_weights,
    xavier,
)
from normlab.residual import close_branches
from normlab.runs.config import Run

# Longest gradient of a unit, as a share of its weights: more than the 0.01 for batches
# of thousands, as smaller batches bear.
CLIP = 0.1
DROPPED = (
    0.05  # share of the values, as in the paper on the independent-component layer
)


def torch_group_norm(num_features: int) -> nn.Module:
    """PyTorch's own layer with two groups."""
    return nn.GroupNorm(2, num_features)


def torch_four_groups(num_features: int) -> nn.Module:
    """PyTorch's own layer with four groups."""
    return nn.GroupNorm(4, num_features)


def torch_layer_norm(num_features: int) -> nn.Module:
    """PyTorch's own layer over (C, H, W), with gamma and beta per channel."""
    return nn.GroupNorm(1, num_features)


def torch_instance_norm(num_features: int) -> nn.Module:
    """PyTorch's own layer, with gamma and beta."""
    return nn.InstanceNorm2d(num_features, affine=True)


def filter_response(num_features: int) -> nn.Module:
    """Filter response normalization and the activation that belongs to it."""
    return _with_threshold(FilterResponseNorm(num_features))


def batch_norm_and_threshold(num_features: int) -> nn.Module:
    """PyTorch's batch normalization with that activation, to tell the two apart."""
    return _with_threshold(TorchBatchNorm(num_features))


def batch_norm_and_shift(num_features: int, strength: float) -> nn.Module:
    """PyTorch's batch normalization, whose work is undone at random behind it."""
    return nn.Sequential(TorchBatchNorm(num_features), RandomShift(strength))


def torch_independent(num_features: int) -> nn.Module:
    """The independent-component layer, of PyTorch's own parts, which are quicker."""
    return nn.Sequential(TorchBatchNorm(num_features), nn.Dropout(DROPPED))


def dropping_relu(p: float = DROPPED) -> nn.Module:
    """ReLU and dropout behind it."""
    return nn.Sequential(nn.ReLU(), nn.Dropout(p))


def _with_threshold(norm: nn.Module) -> nn.Module:
    return nn.Sequential(norm, ThresholdedLinearUnit(norm.num_features))


def sigmoid_mlp(norm: Norm | None = None, **options) -> nn.Module:
    """The toy network of Ioffe and Szegedy 2015: 3 hidden layers of 100 sigmoids."""
    return mlp(4, 100, norm, act=nn.Sigmoid, **options)


def lenet_relu(norm: Norm | None = None, **options) -> nn.Module:
    """LeNet with ReLU in the place of its sigmoids."""
    return lenet(norm, act=nn.ReLU, **options)


def eight_sigmoids(norm: Norm | None = None, **options) -> nn.Module:
    """Eight hidden layers of 256 sigmoids, which are hard to train without help."""
    return mlp(9, 256, norm, act=nn.Sigmoid, **options)


def xavier_gamma_0(model: nn.Module) -> nn.Module:
    """Xavier's weights, and gamma 0 in every normalizer."""
    for parameter in gamma_and_beta(xavier(model)):
        nn.init.zeros_(parameter)  # beta is 0 already
    return model


def he_closed(model: nn.Module) -> nn.Module:
    """He's weights, and branches that start with gamma 0."""
    return close_branches(fan_in_normal(model, variance=2.0))


def standardized_cnn(norm: Norm | None = None) -> nn.Module:
    """The deep network with standardized weights, for a normalizer behind them."""
    return standardize_weights(deep_cnn(norm))


def scaled_cnn(norm: Norm | None = None) -> nn.Module:
    """The deep network with scaled standardized weights, which need no normalizer."""
    return standardize_weights(deep_cnn(norm), scaled=True, gamma=RELU_GAMMA)


def clip(model: nn.Module, run: Run) -> AdaptiveClipping:
    """Clip the gradients adaptively."""
    return AdaptiveClipping(model, clip=CLIP)


def decay_convolutions(model: nn.Module, run: Run, decay: float) -> WeightDecay:
    """Return weight decay of what a batch normalization follows."""
    return WeightDecay(scale_invariant_weights(model).values(), decay)


def precondition(model: nn.Module, run: Run) -> Preconditioning:
    """Precondition the gradients as batch normalization of the inputs would."""
    return Preconditioning(model)
