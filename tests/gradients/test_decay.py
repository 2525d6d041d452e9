"""Weight decay of chosen weights, against that of PyTorch's optimizer."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from normlab.gradients import WeightDecay


def trained(by_transform, steps=4):
    """Two layers after some steps, the first of which decays."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)).double()
    x, y = torch.randn(8, 5).double(), torch.randint(3, (8,))
    first, last = model[0].parameters(), model[2].parameters()
    decay = 0.0 if by_transform else 0.03
    groups = [{"params": first, "weight_decay": decay}, {"params": last}]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    transform = WeightDecay(model[0].parameters(), 0.03)
    for step in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        if by_transform:
            transform(step, model, (x, y), loss)
        optimizer.step()
    return dict(model.named_parameters())


def test_it_is_what_the_optimizer_does_for_a_group():
    assert_close(trained(by_transform=True), trained(by_transform=False))


def test_a_weight_without_a_gradient_is_left_alone():
    layer = nn.Linear(3, 2)
    WeightDecay(layer.parameters(), 0.1)(0, layer, None, None)
    assert layer.weight.grad is None


def test_a_negative_decay_is_refused():
    with pytest.raises(ValueError, match=r"decay is -0\.1; it must be 0 or more"):
        WeightDecay([], -0.1)
