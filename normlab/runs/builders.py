"""What the names of a run stand for, where that is more than a class: see registry."""

from torch import nn

from normlab.models import Norm, mlp, xavier
from normlab.training import gamma_and_beta


def torch_batch_norm(num_features: int) -> nn.Module:
    """PyTorch's own layer: in ``lenet`` 6 and 16 channels are the convolutions'."""
    convolutional = num_features in (6, 16)
    return (nn.BatchNorm2d if convolutional else nn.BatchNorm1d)(num_features)


def torch_group_norm(num_features: int) -> nn.Module:
    """PyTorch's own layer with two groups."""
    return nn.GroupNorm(2, num_features)


def torch_layer_norm(num_features: int) -> nn.Module:
    """PyTorch's own layer over (C, H, W), with gamma and beta per channel."""
    return nn.GroupNorm(1, num_features)


def torch_instance_norm(num_features: int) -> nn.Module:
    """PyTorch's own layer after convolutions; elsewhere a channel has one value."""
    if num_features in (6, 16):
        return nn.InstanceNorm2d(num_features, affine=True)
    return nn.Identity()


def torch_batch_norm_of_maps(num_features: int) -> nn.Module:
    """PyTorch's own layer where instance normalization has a place, and only there."""
    return nn.BatchNorm2d(num_features) if num_features in (6, 16) else nn.Identity()


def sigmoid_mlp(norm: Norm | None) -> nn.Module:
    """The toy network of Ioffe and Szegedy 2015: 3 hidden layers of 100 sigmoids."""
    return mlp(4, 100, norm, act=nn.Sigmoid)


def xavier_gamma_0(model: nn.Module) -> nn.Module:
    """Xavier's weights, and gamma 0 in every normalizer."""
    for parameter in gamma_and_beta(xavier(model)):
        nn.init.zeros_(parameter)  # beta is 0 already
    return model
