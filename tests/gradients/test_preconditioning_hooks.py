"""``Preconditioning``: what it sees of a training, and what it does to it."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close
from traces import hooks

from normlab.gradients import Preconditioning, precondition
from normlab.layers import BatchNorm
from normlab.models import lenet

EXACT = {"rtol": 0, "atol": 1e-10}  # float64; what is compared is of order 1


def network():
    """A convolution and a dense layer in float64, for images (N, 2, 4, 4)."""
    torch.manual_seed(3)
    layers = nn.Conv2d(2, 3, 3), nn.Tanh(), nn.Flatten(), nn.Linear(12, 5)
    return nn.Sequential(*layers).double()


def images(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 2, 4, 4, generator=generator, dtype=torch.float64) + 2
    return x, torch.randint(5, (count,), generator=generator)


def backward(model, batch):
    model.zero_grad()
    loss = F.cross_entropy(model(batch[0]), batch[1])
    loss.backward()
    return loss


def step(model, transform, batch, rate=0.1):
    transform(0, model, batch, backward(model, batch))
    descend(model, rate)


@torch.no_grad()
def descend(model, rate=0.1):
    for p in model.parameters():
        p -= rate * p.grad


def gradients(model):
    return [p.grad.clone() for p in model.parameters()]


def entering(model, x):
    """What enters the convolution and the dense layer, a row a value: (values, C)."""
    with torch.no_grad():
        return x.movedim(1, -1).flatten(0, -2), model[:3](x)


def test_training_is_descent_on_normalized_inputs():
    """With no memory but the batch: a twin that normalizes what enters, by constants.

    The twin's weights are those of normalized inputs; its outputs are the same.
    """
    model = network()
    transform = Preconditioning(model, momentum=1.0, eps1=0.0, eps2=0.0)
    for seed in range(3):
        batch = images(40, seed)
        layers, moved = [model[0], model[3]], []
        twins = []
        for layer, values in zip(layers, entering(model, batch[0]), strict=True):
            var, mean = torch.var_mean(values, 0, correction=0)
            kernel = [1] * (layer.weight.dim() - 2)
            mean, std = (v.view(1, -1, *kernel) for v in (mean, var.sqrt()))
            weight = (layer.weight * std).detach()
            bias = layer.bias + (layer.weight * mean).flatten(1).sum(1)
            leaves = weight.requires_grad_(), bias.detach().requires_grad_()
            twins.append((mean, std, *leaves))
        (m0, s0, w0, b0), (m1, s1, w1, b1) = twins
        h = torch.tanh(F.conv2d((batch[0] - m0) / s0, w0, b0)).flatten(1)
        loss = F.cross_entropy(F.linear((h - m1) / s1, w1, b1), batch[1])
        for mean, std, weight, bias in twins:
            g_weight, g_bias = torch.autograd.grad(
                loss, [weight, bias], retain_graph=True
            )
            new = (weight - 0.1 * g_weight) / std
            moved += [new, bias - 0.1 * g_bias - (new * mean).flatten(1).sum(1)]
        step(model, transform, batch)
        assert_close([p.detach() for p in model.parameters()], moved, **EXACT)


def test_memory_is_of_all_batches_weighted():
    """Of the values that entered: newer batches count more, of one all values alike."""
    model = network()
    transform = Preconditioning(model, momentum=0.3)
    seen, sizes = [], (5, 1, 20, 1)
    for seed, size in enumerate(sizes):
        batch = images(size, seed)
        seen.append(entering(model, batch[0]))
        step(model, transform, batch)
    weights = [0.3 * 0.7**age for age in reversed(range(len(sizes)))]
    for place, name in enumerate(("0", "3")):
        parts = [values[place] for values in seen]
        share = torch.cat(
            [
                torch.full((len(p), 1), w / len(p), dtype=torch.float64)
                for p, w in zip(parts, weights, strict=True)
            ]
        )
        values = torch.cat(parts)
        mean = (share * values).sum(0)
        spread = (share * (values - mean).square()).sum(0)
        start = 0.7 ** len(sizes) * (1 + mean.square())
        assert_close(transform.memory[name], (mean, spread + start), **EXACT)


def test_gradients_are_turned_in_place_with_the_batch_just_seen():
    model, batch = network(), images(6)
    transform = Preconditioning(model, momentum=0.2, eps1=0.1, eps2=0.3)
    backward(model, batch)
    before, kept = gradients(model), [p.grad for p in model.parameters()]
    transform(0, model, batch, None)
    assert all(p.grad is k for p, k in zip(model.parameters(), kept, strict=True))
    for name, pair, found in zip(
        ("0", "3"), (before[:2], before[2:]), (kept[:2], kept[2:]), strict=True
    ):
        expected = precondition(*pair, *transform.memory[name], 6, 0.1, 0.3)
        assert_close(tuple(found), expected, **EXACT)


def test_neutral_factors_are_plain_descent():
    """Inputs of mean 0 and variance 1 by construction, and examples enough."""
    x = torch.cat([torch.eye(4), -torch.eye(4)]).double() * 2  # variance 1, mean 0
    model = nn.Sequential(nn.Linear(4, 3).double())
    transform = Preconditioning(model, momentum=1.0, eps1=0.0, eps2=0.0)
    batch = x, torch.arange(8) % 3
    backward(model, batch)
    before = gradients(model)
    transform(0, model, batch, None)
    assert_close(gradients(model), before, **EXACT)


def test_stream_of_single_examples_trains_where_batch_norm_cannot():
    model = nn.Sequential(nn.Flatten(), nn.Linear(32, 5)).double()
    transform = Preconditioning(model)
    for seed in range(200):
        step(model, transform, images(1, seed))
    mean, var = transform.memory["1"]
    # The pixels are N(2, 1). After 200 steps of 0.01 the memory is 87% of the way from
    # its start, and averages about 200 values: standard errors of 0.06 to 0.1.
    gone = 1 - 0.99**200
    assert ((mean - gone * 2).abs() < 0.6).all()
    assert ((var - (1 + 4 * gone * (1 - gone))).abs() < 0.8).all()
    assert all(p.isfinite().all() for p in model.parameters())
    with pytest.raises(ValueError, match="more than 1 value"):
        BatchNorm(5).double()(model(images(1)[0]))


# What leaves no trace


def test_evaluation_leaves_no_trace():
    model, batch = network(), images(6)
    transform = Preconditioning(model)
    step(model, transform, batch)
    twin, beside = copy.deepcopy((model, transform))
    with torch.no_grad():
        model(images(9, 5)[0])
    step(model, transform, images(6, 1))
    step(twin, beside, images(6, 1))
    for name in ("0", "3"):
        assert_close(transform.memory[name], beside.memory[name], rtol=0, atol=0)


def test_copy_of_a_model_leaves_the_memory_alone():
    model = network()
    transform = Preconditioning(model)
    step(model, transform, images(6))
    before = transform.state_dict()
    backward(copy.deepcopy(model), images(6, 1))
    assert_close(transform.state_dict(), before, rtol=0, atol=0)
    backward(model, images(6, 2))
    transform(0, model, images(6, 2), None)
    assert not torch.equal(transform.memory["0"][0], before["0"][0])


def test_nothing_is_learned_of_nothing():
    model = network()
    transform = Preconditioning(model)
    step(model, transform, images(6))
    before = transform.state_dict()
    model.zero_grad()
    model(images(0)[0]).sum().backward()
    transform(0, model, images(0), None)
    assert_close(transform.state_dict(), before, rtol=0, atol=0)
    assert not any(g.any() for g in gradients(model))


def test_frozen_layer_is_left_alone():
    model = network()
    model[0].requires_grad_(False)
    transform = Preconditioning(model)
    backward(model, images(6))
    transform(0, model, images(6), None)
    assert set(transform.memory) == {"3"}
    assert model[0].weight.grad is None


def test_removed_hooks_are_gone():
    model = network()
    before = hooks(model)
    transform = Preconditioning(model)
    assert hooks(model) == before + 2
    transform.remove()
    assert hooks(model) == before


# Other states


def test_state_goes_on_where_it_ended():
    model = network()
    transform = Preconditioning(model)
    step(model, transform, images(6))
    twin = copy.deepcopy(model)
    Preconditioning(model)  # its hooks see for it alone
    beside = Preconditioning(twin)
    beside.load_state_dict(transform.state_dict())
    for m, t in ((model, transform), (twin, beside)):
        step(m, t, images(6, 1))
    assert_close(dict(model.state_dict()), dict(twin.state_dict()), rtol=0, atol=0)
    with pytest.raises(KeyError, match="elsewhere"):
        beside.load_state_dict({"elsewhere": transform.memory["0"]})


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_autocast_and_half_precision(half):
    """Large inputs too: their squares are infinite in half precision."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 4))
    x = 300 * torch.randn(64, 8)
    batch = x, torch.arange(64) % 4
    transform = Preconditioning(model, momentum=1.0)
    with torch.autocast("cpu", half):
        loss = backward(model, batch)
        transform(0, model, batch, loss)
    assert transform.memory["0"][0].dtype == torch.float32
    var, mean = torch.var_mean(x.double(), 0, correction=0)
    assert_close(transform.memory["0"][0].double(), mean, rtol=1e-4, atol=1e-3)
    assert_close(transform.memory["0"][1].double(), var, rtol=1e-4, atol=0)
    whole = copy.deepcopy(nn.Sequential(nn.Linear(8, 4))).to(half)
    transform = Preconditioning(whole)
    backward(whole, (torch.randn(16, 8).to(half), torch.arange(16) % 4))
    transform(0, whole, batch, None)
    assert whole[0].weight.grad.dtype == half
    assert whole[0].weight.grad.isfinite().all()
    assert transform.memory["0"][1].dtype == torch.float32


def test_memory_format_and_compilation_change_nothing():
    batch, found = images(6), []
    for form in ("plain", "channels last", "compiled"):
        model = network()
        transform, called, x = Preconditioning(model), model, batch[0]
        if form == "channels last":
            x = x.contiguous(memory_format=torch.channels_last)
        if form == "compiled":
            called = torch.compile(model, backend="aot_eager")
        F.cross_entropy(called(x), batch[1]).backward()
        transform(0, called, batch, None)
        found.append(gradients(model))
    assert_close(found[1], found[0], **EXACT)
    assert_close(found[2], found[0], **EXACT)


@pytest.mark.parametrize("shape", [(2, 4, 4), (1, 2, 4, 4)])
def test_one_image_with_and_without_its_axis(shape):
    """PyTorch's convolutions take an image without the axis of examples."""
    layer = nn.Sequential(nn.Conv2d(2, 3, 3).double())
    transform = Preconditioning(layer, momentum=1.0)
    x = images(1)[0].view(shape)
    layer(x).sum().backward()
    transform(0, layer, None, None)
    var, mean = torch.var_mean(x.view(2, 16), 1, correction=0)
    assert_close(transform.memory["0"], (mean, var), **EXACT)


def test_dense_layer_behind_further_axes():
    """(N, tokens, C): the last axis has the features."""
    layer = nn.Sequential(nn.Linear(4, 3).double())
    transform = Preconditioning(layer, momentum=1.0)
    x = torch.randn(5, 7, 4, dtype=torch.float64)
    layer(x).square().sum().backward()
    transform(0, layer, None, None)
    var, mean = torch.var_mean(x.flatten(0, 1), 0, correction=0)
    assert_close(transform.memory["0"], (mean, var), **EXACT)


# Bad arguments


def test_what_cannot_be_is_refused():
    for model, options, words in (
        (network(), {"momentum": 0.0}, "momentum is 0.0"),
        (network(), {"momentum": 1.5}, "momentum is 1.5"),
        (network(), {"eps1": -1.0}, "eps1"),
        (network(), {"eps2": -1.0}, "eps2"),
        (nn.Sequential(nn.ReLU()), {}, "Sequential, has no dense"),
        (nn.Sequential(nn.Linear(3, 2, bias=False)), {}, "layer '0' has no bias"),
        (nn.Sequential(nn.Conv2d(4, 4, 3, groups=2)), {}, "groups=2"),
    ):
        before = hooks(model)
        with pytest.raises(ValueError, match=words):
            Preconditioning(model, **options)
        assert hooks(model) == before


def test_called_twice_or_with_half_a_layer():
    model, batch = network(), images(6)
    transform = Preconditioning(model)
    transform(0, model, batch, backward(model, batch))
    with pytest.raises(RuntimeError, match=r"'0'.*nothing entered"):
        transform(0, model, batch, None)
    model[3].bias.requires_grad_(False)
    model[3].bias.grad = None
    transform._seen.clear()
    model[0].requires_grad_(False)
    model.zero_grad()
    F.cross_entropy(model(batch[0]), batch[1]).backward()
    with pytest.raises(RuntimeError, match=r"'3'.*weight alone"):
        transform(0, model, batch, None)


def test_lenet_takes_it():
    """Its five layers, by name; an image of one value a pixel."""
    model = lenet(act=nn.ReLU)
    transform = Preconditioning(model)
    x, y = torch.rand(4, 1, 28, 28), torch.arange(4)
    transform(0, model, (x, y), backward(model, (x, y)))
    sizes = [len(mean) for mean, _ in transform.memory.values()]
    assert sizes == [1, 6, 256, 120, 84]
