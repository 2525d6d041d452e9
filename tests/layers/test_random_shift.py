"""The layer that shifts at random: what it draws, and when it does nothing."""

import math

import pytest
import torch
from torch.testing import assert_close

from normlab.layers import RandomShift


@pytest.mark.parametrize("shape", [(64, 5), (64, 5, 3), (8, 5, 4, 4)])
def test_each_channel_gets_one_scale_and_one_mean(shape):
    x = torch.randn(shape, dtype=torch.float64)
    y = RandomShift(0.5)(x)
    for channel in range(5):
        before, after = x[:, channel].ravel(), y[:, channel].ravel()
        scale = (after[1] - after[0]) / (before[1] - before[0])
        assert abs(math.log(scale)) <= 0.5
        mean = after[0] - scale * before[0]
        assert abs(mean) <= 0.5
        assert_close(after, scale * before + mean, rtol=1e-9, atol=1e-9)


def test_every_call_draws_anew_and_the_seed_decides():
    layer, x = RandomShift(1.0), torch.ones(2, 3)
    torch.manual_seed(1)
    first, second = layer(x), layer(x)
    torch.manual_seed(1)
    assert_close(layer(x), first)
    assert not torch.equal(first, second)


def test_in_evaluation_and_without_strength_nothing_happens():
    x = torch.randn(4, 3)
    assert RandomShift(1.0).eval()(x) is x
    assert RandomShift(0.0)(x) is x


def test_negative_strength_is_refused():
    with pytest.raises(ValueError, match=r"strength is -1; it must be 0 or more"):
        RandomShift(-1)
