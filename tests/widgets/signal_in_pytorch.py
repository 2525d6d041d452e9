"""Signal and gradient by layer in PyTorch, of the very weights that the page draws."""

import math
from functools import cache

import numpy as np
import torch
from torch import nn

from normlab.layers import BatchNorm
from normlab.models import mlp
from normlab.widgets.signal import a_batch, sizes

from .test_engine import sfc32


def weights_of_the_page(model, factor, seed):
    """Box and Muller's numbers, one after the other, as the playground draws them."""
    uniform = sfc32(seed)
    with torch.no_grad():
        for layer in model.modules():
            if not isinstance(layer, nn.Linear):
                continue
            drawn = [next(uniform) for _ in range(2 * layer.weight.numel())]
            u, v = np.array(drawn).reshape(-1, 2).T
            numbers = np.sqrt(-2 * np.log(1 - u)) * np.cos(2 * np.pi * v)
            std = factor * math.sqrt(2 / layer.weight.shape[1])
            layer.weight.copy_(torch.tensor(std * numbers).view(layer.weight.shape))
            layer.bias.zero_()
    return model


@cache
def in_pytorch(depth, factor, name, width, seed):
    """Sizes of the signal (depth - 1,) and of the weights' gradients (depth,)."""
    norm = BatchNorm if name == "batch" else None
    model = mlp(depth, width, norm, inputs=196).double()
    return sizes(weights_of_the_page(model, factor, seed), *a_batch())
