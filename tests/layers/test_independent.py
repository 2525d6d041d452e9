"""Independent components: batch normalization, then dropout of single values."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from normlab.evaluation import freeze_statistics, recompute_running
from normlab.layers import BatchNorm, FrozenBatchNorm, IndependentComponent
from normlab.models import deep_cnn, normalizers

ROUGH = 6  # standard errors: a right layer fails once in 500 million draws
MAPS = 40_000  # images of 2 channels with 2 x 2 values


def correlated_maps():
    """Channels and places that correlate: (MAPS, 2, 2, 2), with a mean and a scale."""
    generator = torch.Generator().manual_seed(5)
    draw = torch.randn(MAPS, 2, 2, 2, generator=generator, dtype=torch.float64)
    common = torch.randn(MAPS, 1, 1, 1, generator=generator, dtype=torch.float64)
    return 3 * (draw + common) + 7


def correlation(x, place, other):
    pair = torch.stack([x[(slice(None), *place)], x[(slice(None), *other)]])
    return torch.corrcoef(pair)[0, 1]


# Two channels at one place, two places of one channel, and neither in common.
PAIRS = [
    ((0, 0, 0), (1, 0, 0)),
    ((0, 0, 0), (0, 0, 1)),
    ((1, 0, 1), (0, 1, 0)),
]


def keeps_the_share(make, pair, p):
    """Is the correlation of the layer's outputs (1 - p) times that of its inputs?"""
    torch.manual_seed(2)
    x = correlated_maps()
    found = correlation(make(2, p).double()(x), *pair)
    expected = (1 - p) * correlation(x, *pair)
    return bool((found - expected).abs() < ROUGH / MAPS**0.5)


@pytest.mark.parametrize("p", [0.05, 0.3, 0.5])
@pytest.mark.parametrize("pair", PAIRS)
def test_correlation_is_multiplied_by_the_share_kept(pair, p):
    assert keeps_the_share(IndependentComponent, pair, p)


class DropsFirst(nn.Sequential):
    def __init__(self, c, p):
        super().__init__(nn.Dropout(p), BatchNorm(c))


class DropsMaps(nn.Sequential):
    def __init__(self, c, p):
        super().__init__(BatchNorm(c), nn.Dropout2d(p))


class DropsTheRest(nn.Sequential):
    def __init__(self, c, p):
        super().__init__(BatchNorm(c), nn.Dropout(1 - p))


class DoesNotCentre(nn.Sequential):
    def __init__(self, c, p):
        super().__init__(nn.Dropout(p))


WRONG = [DropsFirst, DropsMaps, DropsTheRest, DoesNotCentre]


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_layer_is_found(wrong):
    """Without the mean taken away, what is dropped moves far from the rest."""
    assert not all(keeps_the_share(wrong, pair, 0.3) for pair in PAIRS)


# Batch normalization and dropout, nothing else


@pytest.mark.parametrize("shape", [(8, 3), (8, 3, 5), (8, 3, 5, 4)])
def test_training_is_batch_norm_with_values_dropped(shape):
    layer, plain = IndependentComponent(3, 0.25).double(), BatchNorm(3).double()
    x = torch.randn(shape, dtype=torch.float64)
    y, whole = layer(x), plain(x)
    kept = y != 0
    assert kept.any() and not kept.all()
    assert_close(y, torch.where(kept, whole / 0.75, 0))
    assert_close(dict(layer.norm.state_dict()), dict(plain.state_dict()))


def test_nothing_is_dropped_in_evaluation_and_all_with_p_1():
    layer = IndependentComponent(3)
    layer(torch.randn(8, 3, 5))
    x = torch.randn(4, 3, 5)
    assert torch.equal(layer.eval()(x), layer.norm.eval()(x))
    assert not IndependentComponent(3, 1.0)(x).any()


def test_one_value_is_refused_as_batch_norm_does():
    with pytest.raises(ValueError, match="more than 1 value"):
        IndependentComponent(3)(torch.randn(1, 3))


@pytest.mark.parametrize("p", [-0.1, 1.1])
def test_share_outside_0_to_1_is_refused(p):
    with pytest.raises(ValueError, match=f"p is {p}"):
        IndependentComponent(3, p)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_precision_keeps_type_and_format(half):
    layer = IndependentComponent(3, 0.5)
    x = torch.randn(8, 3, 4, 4).contiguous(memory_format=torch.channels_last)
    y = layer(x.to(half))
    assert y.dtype == half and y.stride() == x.stride()
    assert layer.norm.running_var.dtype == torch.float32


def test_options_are_batch_norms():
    layer = IndependentComponent(3, 0.1, 1e-3, None, track_running_stats=False)
    assert (
        layer.settings()
        == {"p": 0.1} | BatchNorm(3, 1e-3, None, track_running_stats=False).settings()
    )
    assert IndependentComponent(3, bias=False).norm.bias is None
    assert IndependentComponent(3, dtype=torch.float64).norm.weight.dtype is not None
    state = IndependentComponent(3).state_dict()
    assert set(state) == {f"norm.{name}" for name in BatchNorm(3).state_dict()}
    IndependentComponent(3).load_state_dict(state)


# In a network


def test_evaluation_finds_the_batch_norm_in_it():
    x = torch.randint(256, (64, 1, 28, 28), dtype=torch.uint8)
    model = deep_cnn(lambda c: IndependentComponent(c, 0.0), order="norm-weight")
    plain = deep_cnn(BatchNorm, order="norm-weight")
    names = list(normalizers(model))
    assert len(names) == 8 and all(name.endswith(".norm") for name in names)
    state = {k.replace("norm.", ""): v for k, v in model.state_dict().items()}
    plain.load_state_dict(state)
    for network in (model, plain):
        recompute_running(network, x, 32)
    found = {k.replace("norm.", ""): v for k, v in model.state_dict().items()}
    assert_close(found, dict(plain.state_dict()))


def test_frozen_statistics_leave_the_dropout():
    layer = IndependentComponent(3, 0.5)
    layer(torch.randn(8, 3, 5))
    frozen = freeze_statistics(copy.deepcopy(layer)).train()
    assert isinstance(frozen.norm, FrozenBatchNorm)
    assert (frozen(torch.randn(8, 3, 5)) == 0).any()
