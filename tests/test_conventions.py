"""What implementations remember, against loops written out from their code's rules."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from normlab.evaluation import loss_and_accuracy, tracking_layers
from normlab.evaluation.conventions import CONVENTIONS, Average, OwnBatch
from normlab.evaluation.memories import Memory, as_tested, remembered
from normlab.layers import BatchNorm, GhostBatchNorm
from normlab.models import TorchBatchNorm, deep_cnn, fan_in_normal
from normlab.training import fit

CHANNELS, COUNT, BATCHES = 3, 20, 7


def batches(count=COUNT):
    """Values of one layer, batch by batch: (BATCHES, CHANNELS, count), drifting."""
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(
        BATCHES, CHANNELS, count, generator=generator, dtype=torch.float64
    )
    return drawn * 2 + torch.arange(BATCHES).view(-1, 1, 1) / 3 + 5


def moments(x):
    mean = x.sum(1) / x.shape[1]
    return mean, ((x - mean[:, None]) ** 2).sum(1) / x.shape[1]


# The rules, each as its code has it


def caffe_october(seen):
    """Sums of means and of unbiased second moments, and how much they weigh."""
    scale, means, seconds = 0.0, 0.0, 0.0
    for x in seen:
        m = x.shape[1]
        scale = scale * 0.999 + 1
        means = means * 0.999 + x.mean(1)
        seconds = seconds * 0.999 + (x**2).mean(1) * m / (m - 1)
    mean = means / scale
    return mean, seconds / scale - mean**2


def caffe_november(seen):
    """The same as weights 0.999^age that are divided by their sum."""
    ages = torch.arange(len(seen) - 1, -1, -1)
    weights = 0.999**ages / (0.999**ages).sum()
    means = torch.stack([moments(x)[0] for x in seen])
    variances = torch.stack([x.var(1) for x in seen])  # unbiased
    return weights.double() @ means, weights.double() @ variances


def windows_june(seen):
    mean = var = torch.zeros(CHANNELS, dtype=torch.float64)
    for x in seen:
        mu, sigma2 = moments(x)
        mean, var = 0.95 * mu + (1 - 0.95) * mean, 0.95 * sigma2 + (1 - 0.95) * var
    return mean, var


def windows_january(seen):
    mean, var = torch.zeros(CHANNELS), torch.ones(CHANNELS)
    for x in seen:
        mu, sigma2 = moments(x)
        mean, var = (1 - 0.95) * mu + 0.95 * mean, (1 - 0.95) * sigma2 + 0.95 * var
    return mean, var


def cudnn(seen):
    f = 0.001
    mean = var = torch.zeros(CHANNELS, dtype=torch.float64)
    for x in seen:
        mu, sigma2 = moments(x)
        unbiased = sigma2 * x.shape[1] / (x.shape[1] - 1)
        mean, var = mean * (1 - f) + mu * f, var * (1 - f) + unbiased * f
    return mean, var


def torchs(seen):
    layer = nn.BatchNorm1d(CHANNELS, dtype=torch.float64)
    for x in seen:
        layer(x.T)
    return layer.running_mean, layer.running_var


RULES = {
    "caffe-2015-10": caffe_october,
    "caffe-2015-11": caffe_november,
    "windows-2015-06": windows_june,
    "windows-2016-01": windows_january,
    "cudnn-2015-11": cudnn,
    "torch": torchs,
}
EPS = {
    "caffe-2015-02": 1e-9,
    "caffe-2015-10": 1e-5,
    "caffe-2015-11": 1e-5,
    "windows-2015-03": 1e-10,
    "windows-2015-06": 1e-10,
    "windows-2016-01": 1e-10,
    "cudnn-2015-11": 1e-4,
    "torch": 1e-5,
}


def remember(name, seen):
    memory = Memory(CONVENTIONS[name], torch.zeros(CHANNELS, dtype=torch.float64))
    for x in seen:
        memory.see(*moments(x), x.shape[1])
    return memory.at_test()


def test_six_conventions_remember_and_two_do_not():
    kinds = {name: type(rule) for name, rule in CONVENTIONS.items()}
    assert {n for n, kind in kinds.items() if kind is Average} == set(RULES)
    assert {n for n, kind in kinds.items() if kind is OwnBatch} == set(EPS) - set(RULES)
    assert {name: rule.eps for name, rule in CONVENTIONS.items()} == EPS


@pytest.mark.parametrize("seen", [1, BATCHES])
@pytest.mark.parametrize("name", RULES)
def test_a_memory_is_what_the_rule_written_out_gives(name, seen):
    x = batches()[:seen]
    assert_close(remember(name, x), tuple(s.double() for s in RULES[name](x)))


@pytest.mark.parametrize("name", RULES)
def test_batches_of_one_value_have_no_factor(name):
    """m / (m - 1) would divide by zero; Caffe's code takes 1 there."""
    mean, var = remember(name, batches(count=1))
    assert torch.isfinite(mean).all()
    assert torch.isfinite(var).all()


def test_before_any_batch_a_debiased_memory_is_zero_and_not_nothing():
    assert_close(remember("caffe-2015-11", [])[1], torch.zeros(CHANNELS).double())
    assert_close(remember("torch", [])[1], torch.ones(CHANNELS).double())


@pytest.mark.parametrize("name", [name for name in EPS if name not in RULES])
def test_own_statistics_are_mean_and_biased_variance(name):
    x = batches().permute(0, 2, 1).reshape(-1, CHANNELS, 4, 5)
    flat = x.permute(1, 0, 2, 3).reshape(CHANNELS, -1)
    assert_close(CONVENTIONS[name].statistics(x), moments(flat))


def test_a_variance_from_squares_may_fall_below_zero_and_the_other_may_not():
    """Far from zero the squares cancel, in float32; one reason to leave that form."""
    generator = torch.Generator().manual_seed(0)
    x = 3000 + 0.01 * torch.randn(1000, 50, generator=generator)
    assert (CONVENTIONS["caffe-2015-02"].statistics(x)[1] < 0).any()
    assert (CONVENTIONS["windows-2015-03"].statistics(x)[1] > 0).all()


# In a network


def network(norm=TorchBatchNorm):
    torch.manual_seed(0)
    return fan_in_normal(deep_cnn(norm, widths=((4, 4), (8,))), 2.0).double()


@pytest.fixture
def trained(fashion):
    """A network after 8 steps, and what all conventions remember of them."""
    model = network()
    with remembered(model) as memories:
        fit(model, pair(fashion, 0, 256), epochs=2, lr=0.1, batch_size=64)
    return model, memories


def pair(fashion, start, images):
    return fashion[0][start : start + images], fashion[1][start : start + images]


def test_pytorchs_convention_is_its_layers_own_memory(trained):
    model, memories = trained
    for name, layer in tracking_layers(model).items():
        own = layer.running_mean, layer.running_var
        assert_close(memories["torch"][name].at_test(), own)


def test_evaluation_and_other_passes_are_not_remembered(trained, fashion):
    model, memories = trained
    before = copy.deepcopy(memories)
    with remembered(model) as again:
        loss_and_accuracy(model, *pair(fashion, 0, 64), statistics="batch")
        model.eval()(fashion[0][:64].double())
    model.train()(fashion[0][:64].double())  # the hooks are gone
    for name, layers in memories.items():
        for at, memory in layers.items():
            assert_close(memory.at_test(), before[name][at].at_test())
            assert again[name][at].weights == 0


def test_remembering_changes_nothing_of_the_training(trained, fashion):
    alone = network()
    fit(alone, pair(fashion, 0, 256), epochs=2, lr=0.1, batch_size=64)
    for mine, other in zip(trained[0].parameters(), alone.parameters(), strict=True):
        assert torch.equal(mine, other)


@pytest.mark.parametrize("name", RULES)
def test_a_copy_is_tested_with_what_is_remembered(trained, fashion, name):
    model, memories = trained
    x = fashion[2][:50].double() / 255
    by_hand = copy.deepcopy(model).eval()
    for at, layer in tracking_layers(by_hand).items():
        mean, var = memories[name][at].at_test()
        layer.running_mean, layer.running_var, layer.eps = mean, var, EPS[name]
    assert_close(as_tested(model, name, memories)(x), by_hand(x))


@pytest.mark.parametrize("name", [name for name in EPS if name not in RULES])
def test_a_copy_without_memory_is_training_mode_in_test_batches(trained, fashion, name):
    model, memories = trained
    x = fashion[2][:50].double() / 255
    by_hand = copy.deepcopy(model).train()
    for layer in tracking_layers(by_hand).values():
        layer.eps = EPS[name]
    # From squares the variance has a rounding of its own, relative to the squares.
    assert_close(as_tested(model, name, memories)(x), by_hand(x), rtol=1e-7, atol=1e-7)


def test_the_network_itself_is_left_as_it_was(trained):
    model, memories = trained
    before = copy.deepcopy(model.state_dict())
    for name in CONVENTIONS:
        as_tested(model, name, memories)
    assert model.training
    assert all(layer.eps == 1e-5 for layer in tracking_layers(model).values())
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_our_layer_is_remembered_as_pytorchs_is(fashion):
    kept = []
    for norm in (BatchNorm, TorchBatchNorm):
        model = network(norm)
        with remembered(model) as memories:
            fit(model, pair(fashion, 0, 128), epochs=1, lr=0.1, batch_size=64)
        kept.append([m.at_test() for m in memories["caffe-2015-10"].values()])
    assert_close(*kept)


def test_layers_with_other_statistics_are_refused():
    with (
        pytest.raises(TypeError, match="GhostBatchNorm"),
        remembered(network(lambda channels: GhostBatchNorm(channels, ghost_size=2))),
    ):
        pass
