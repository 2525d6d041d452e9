"""What the names of a run stand for, where that is more than a class: see registry."""

from torch import nn

from normlab.models import Norm, gamma_and_beta, lenet, mlp, xavier


def torch_group_norm(num_features: int) -> nn.Module:
    """PyTorch's own layer with two groups."""
    return nn.GroupNorm(2, num_features)


def torch_layer_norm(num_features: int) -> nn.Module:
    """PyTorch's own layer over (C, H, W), with gamma and beta per channel."""
    return nn.GroupNorm(1, num_features)


def torch_instance_norm(num_features: int) -> nn.Module:
    """PyTorch's own layer, with gamma and beta."""
    return nn.InstanceNorm2d(num_features, affine=True)


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
