"""Batch Kalman normalization against its algorithm written out, and linked networks."""

import copy
import math
import pickle
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close

from normlab.evaluation import recompute_running
from normlab.layers import BatchNorm, GhostBatchNorm, KalmanNorm
from normlab.layers.kalman import fuse, fuse_plausible
from normlab.layers.prior import expected
from normlab.models import deep_cnn, link_kalman
from normlab.training import fit

EXACT = {"rtol": 0, "atol": 1e-10}  # float64
PARTS = 3
BOTH = pytest.mark.parametrize("closed_form", [False, True])


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64)


def network(norm=KalmanNorm, pool=False, **options):
    """Two layers with gammas and betas that are not the start's, linked."""
    torch.manual_seed(5)
    model = nn.Sequential(
        norm(4, **options),
        nn.ReLU(),
        *([nn.MaxPool2d(2, ceil_mode=True)] if pool else []),
        nn.Conv2d(4, 6, 3, padding=1),
        norm(6, **options),
    ).double()
    with torch.no_grad():
        for layer in (model[0], model[-1]):
            layer.weight.copy_(torch.rand(layer.num_features) + 0.5)
            layer.bias.copy_(torch.randn(layer.num_features))
    return link_kalman(model)


def images(count=6, size=5):
    torch.manual_seed(2)
    spread = torch.tensor([1.0, 2.0, 3.0, 0.5]).double().view(1, 4, 1, 1)
    return draw(count, 4, size, size) * spread + spread


# Blending


def test_fuse_gives_the_moments_of_the_mixture():
    """Nine values of one kind and three of the other: a weight of 3/4."""
    prior, observed = draw(9, 2) * 3 + 1, draw(3, 2) - 2
    together = torch.cat([prior, observed])
    pairs = [(x.mean(0), x.var(0, correction=0)) for x in (prior, observed)]
    expected = together.mean(0), together.var(0, correction=0)
    assert_close(fuse(*pairs, 0.75), expected, **EXACT)


def test_gradcheck_of_fuse():
    given = [draw(2, 3).exp().requires_grad_() for _ in range(4)]
    assert torch.autograd.gradcheck(lambda a, b, c, d: fuse((a, b), (c, d), 0.9), given)


@pytest.mark.parametrize(("times", "used"), [(99.0, True), (101.0, False)])
def test_a_prior_a_hundred_times_too_wide_is_left_aside(times, used):
    """Of the average ratio: one decision for all parts and channels."""
    seen = (draw(2, 3), torch.rand(2, 3).double() + 0.5)
    uneven = torch.tensor([[0.0, 0.5, 1.0], [1.0, 1.5, 2.0]]).double() * times
    prior = (draw(2, 3), seen[1] * uneven)
    found = fuse_plausible(prior, seen, 0.9)
    assert_close(found, fuse(prior, seen, 0.9) if used else seen, **EXACT)


def test_a_channel_without_variance_leaves_the_prior_aside():
    """The ratio is infinite, or undefined; values and gradients stay finite."""
    model, x = network(ghost_size=2), images()
    with torch.no_grad():
        model[2].weight[1] = 0
    alone = copy.deepcopy(model[-1])
    alone.unlink()
    x.requires_grad_()
    found = model(x)
    assert_close(found, alone(model[:3](x)), **EXACT)
    found.square().sum().backward()
    assert x.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in model.parameters())


# The algorithm as released, part by part, in plain steps; each argument is a mistake


def standard(mean, var, _):
    return mean, var


def textbook(
    *,
    blend=lambda m0, v0, m, v, p: (
        p * m0 + (1 - p) * m,
        p * v0 + (1 - p) * v + p * (1 - p) * (m - m0) ** 2,
    ),
    correction=0,
    drawn_from=standard,
    behind=lambda conv, maps: conv(torch.relu(maps)),
    passed=lambda statistic: statistic,
    remembered=lambda parts: parts[0],
    remembers="blended",
):
    """Return a function of network (two layers) and input, like the network itself."""

    def run(model, x):
        first, _, conv, second = model
        noise = torch.randn(PARTS, 4, 5, 5, dtype=x.dtype)
        outputs, kept = [], {"blended": [], "observed": []}
        for part, z in zip(x.chunk(PARTS), noise, strict=True):
            var, mean = torch.var_mean(part, (0, 2, 3), correction=0)
            h = conv(torch.relu(affine(part, mean, var, first)))
            m0, v0 = drawn_from(passed(mean), passed(var), first)
            maps = m0[:, None, None] + v0[:, None, None].sqrt() * z
            expected = behind(conv, maps[None])[0].flatten(1)
            m0, v0 = expected.mean(1), expected.var(1, correction=0)
            v, m = torch.var_mean(h, (0, 2, 3), correction=correction)
            kept["observed"].append((m, v))
            kept["blended"].append(blend(m0, v0, m, v, second.prior_weight))
            outputs.append(affine(h, *kept["blended"][-1], second))
        mean, var = remembered(kept[remembers])
        momentum = second.momentum
        running = (momentum * mean).detach(), (1 - momentum + momentum * var).detach()
        return torch.cat(outputs), running

    return run


def affine(x, mean, var, layer):
    mean, var, weight, bias = (
        v[:, None, None] for v in (mean, var, layer.weight, layer.bias)
    )
    return (x - mean) / (var + layer.eps).sqrt() * weight + bias


def ours(model, x):
    y = model(x)
    return y, (model[-1].running_mean.clone(), model[-1].running_var.clone())


def behind_the_layer(mean, var, layer):
    return layer.bias, layer.weight**2 * var / (var + layer.eps)


WRONG = {
    "gain and prior weight exchanged": {
        "blend": lambda m0, v0, m, v, p: fuse((m0, v0), (m, v), 1 - p)
    },
    "distance of the means forgotten": {
        "blend": lambda m0, v0, m, v, p: (
            p * m0 + (1 - p) * m,
            p * v0 + (1 - p) * v,
        )
    },
    "deviations blended": {
        "blend": lambda m0, v0, m, v, p: (
            p * m0 + (1 - p) * m,
            (p * v0.sqrt() + (1 - p) * v.sqrt()) ** 2 + p * (1 - p) * (m - m0) ** 2,
        )
    },
    "unbiased variance": {"correction": 1},
    "maps drawn from the layer's output": {"drawn_from": behind_the_layer},
    "activation forgotten": {"behind": lambda conv, maps: conv(maps)},
    "bias of the convolution forgotten": {
        "behind": lambda conv, maps: F.conv2d(
            torch.relu(maps), conv.weight, padding=conv.padding
        )
    },
    "no gradient through the map": {"passed": torch.Tensor.detach},
    "all parts remembered": {
        "remembered": lambda parts: tuple(
            torch.stack(kind).mean(0) for kind in zip(*parts, strict=True)
        )
    },
    "the last part remembered": {"remembered": lambda parts: parts[-1]},
    "what is observed remembered": {"remembers": "observed"},
}


def outcome(run):
    """Output, running statistics and gradients, from the same noise."""
    model, x = network(ghost_size=2, momentum=0.3), images().requires_grad_()
    torch.manual_seed(0)
    y, running = run(model, x)
    torch.manual_seed(1)
    leaves = [x, *model.parameters()]
    return (
        y.detach(),
        running,
        torch.autograd.grad((y * torch.randn_like(y)).sum(), leaves),
    )


def test_the_layer_is_the_algorithm_written_out():
    assert_close(outcome(ours), outcome(textbook()), **EXACT)


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_shows(name):
    with pytest.raises(AssertionError):
        assert_close(outcome(ours), outcome(textbook(**WRONG[name])), **EXACT)


@BOTH
@pytest.mark.parametrize("pool", [False, True])
def test_gradcheck(closed_form, pool):
    """Through both layers, the prior included."""
    model = network(ghost_size=2, closed_form=closed_form, pool=pool)
    names = [name for name, _ in model.named_parameters()]

    def function(x, *parameters):
        torch.manual_seed(0)
        given = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(model, given, (x,))

    parameters = [p.detach().clone().requires_grad_() for p in model.parameters()]
    x = images(4, 3).requires_grad_()
    assert torch.autograd.gradcheck(function, (x, *parameters), fast_mode=True)


# Without a prior


def twins(**options):
    """A Kalman network without weight on the prior, and ghosts with its tensors."""
    model = network(ghost_size=2, prior_weight=0.0, **options)
    ghosts = network(partial(GhostBatchNorm, ghost_size=2))
    ghosts.load_state_dict(model.state_dict())
    return model, ghosts


@BOTH
def test_no_weight_on_the_prior_is_batch_norm_part_by_part(closed_form):
    found = []
    for model in twins(closed_form=closed_form):
        x = images().requires_grad_()
        y = model(x)
        torch.manual_seed(1)
        loss = (y * torch.randn_like(y)).sum()
        found.append([y, *torch.autograd.grad(loss, [x, *model.parameters()])])
    assert_close(*found, **EXACT)


def test_a_layer_that_is_not_linked_is_batch_norm_part_by_part():
    layer = KalmanNorm(4, ghost_size=2).double()
    plain = BatchNorm(4).double()
    x = images()
    assert_close(layer(x), torch.cat([plain(part) for part in x.split(2)]), **EXACT)


def test_running_statistics_are_the_first_part_s_with_biased_variance():
    layer = KalmanNorm(4, ghost_size=2, momentum=0.3).double()
    x = images()
    layer(x)
    var, mean = torch.var_mean(x[:2], (0, 2, 3), correction=0)
    assert_close(layer.running_mean, 0.3 * mean, **EXACT)
    assert_close(layer.running_var, 0.7 + 0.3 * var, **EXACT)
    assert layer.num_batches_tracked == 1


# Evaluation


def test_evaluation_uses_running_statistics_alone():
    model, x = network(ghost_size=2), images()
    model(x)
    state, before = torch.get_rng_state(), copy.deepcopy(model.state_dict())
    found = model.eval()(x)
    assert torch.equal(torch.get_rng_state(), state)
    assert_close(dict(model.state_dict()), dict(before), rtol=0, atol=0)
    plain = network(BatchNorm)
    plain.load_state_dict(model.state_dict())
    assert_close(found, plain.eval()(x), **EXACT)
    assert_close(model(x[:1]), found[:1], **EXACT)


def test_a_layer_below_in_evaluation_hands_on_its_running_statistics():
    model, x = network(ghost_size=2, closed_form=True), images()
    model(x)
    running = (s[None] for s in (model[0].running_mean, model[0].running_var))
    m0, v0 = expected(*running, (5, 5), model[1:3])
    model[0].eval()
    h = model[:3](x)
    for part, y in zip(h.split(2), model(x).split(2), strict=True):
        var, mean = torch.var_mean(part, (0, 2, 3), correction=0)
        blended = fuse((m0[0], v0[0]), (mean, var), 0.9)
        assert_close(y, affine(part, *blended, model[-1]), **EXACT)


def test_without_running_statistics_evaluation_does_what_training_does():
    model, x = (
        network(ghost_size=2, closed_form=True, track_running_stats=False),
        images(),
    )
    assert_close(model.eval()(x), model.train()(x), **EXACT)
    assert not list(model.buffers())


# Random numbers


@BOTH
def test_numbers_come_from_torch_s_generator(closed_form):
    model, x = network(closed_form=closed_form), images()
    torch.manual_seed(0)
    state = torch.get_rng_state()
    first, moved = model(x), not torch.equal(torch.get_rng_state(), state)
    other = model(x)
    torch.manual_seed(0)
    assert torch.equal(model(x), first)
    assert torch.equal(other, first) is closed_form
    assert moved is not closed_form


def small(**options):
    """A network that ``fit`` can train: two blocks, a pooling between them."""
    torch.manual_seed(0)
    norm = partial(KalmanNorm, ghost_size=2, **options)
    return link_kalman(deep_cnn(norm, widths=((3,), (4,))))


def trained(model):
    torch.manual_seed(1)
    x, y = torch.rand(24, 1, 28, 28), torch.arange(24) % 10
    fit(model, (x, y), {"test": (x, y)}, epochs=2, lr=0.1, batch_size=8)
    return model.state_dict()


@BOTH
def test_a_seed_decides_a_training(closed_form):
    one, again = (dict(trained(small(closed_form=closed_form))) for _ in range(2))
    assert_close(one, again, rtol=0, atol=0)
    assert all(v.isfinite().all() for v in one.values())


def test_statistics_are_recomputed_from_all_parts_and_remembered_from_the_first():
    model = small(prior_weight=0.0)
    x = torch.rand(24, 1, 28, 28)
    recompute_running(model, x, 8)
    assert not model[2].every_part
    parts = model[1](model[0](x)).split(2)
    found = [torch.var_mean(part, (0, 2, 3), correction=0) for part in parts]
    for which, name in enumerate(["running_var", "running_mean"]):
        mean = torch.stack([of_part[which] for of_part in found]).mean(0)
        assert_close(getattr(model[2], name), mean)
    model[2].momentum = 1.0
    model.train()(x[:8])
    assert_close(model[2].running_var, found[0][0])


def test_recomputing_blends_in_the_prior():
    plain, model = (small(prior_weight=p, closed_form=True) for p in (0.0, 0.9))
    for network in (plain, model):
        recompute_running(
            network, torch.rand(8, 1, 28, 28, generator=torch.manual_seed(3)), 8
        )
    assert torch.equal(plain[2].running_var, model[2].running_var)
    assert not torch.allclose(plain[6].running_var, model[6].running_var)


# Links


def test_each_layer_knows_the_one_below_and_what_is_between():
    model = link_kalman(deep_cnn(KalmanNorm))
    norms = [m for m in model if isinstance(m, KalmanNorm)]
    places = [i for i, m in enumerate(model) if isinstance(m, KalmanNorm)]
    assert norms[0]._link is None
    for number in range(1, len(norms)):
        link = norms[number]._link
        assert link.below is norms[number - 1]
        between = model[places[number - 1] + 1 : places[number]]
        assert list(link.between) == list(between)
    assert [n._followed for n in norms] == [True] * 7 + [False]


def test_a_link_adds_neither_parameters_nor_modules():
    model, plain = link_kalman(deep_cnn(KalmanNorm)), deep_cnn(BatchNorm)
    assert list(model.state_dict()) == list(plain.state_dict())
    assert len(list(model.parameters())) == len(list(plain.parameters()))
    names = [name for name, _ in model.named_modules(remove_duplicate=False)]
    plain_names = [name for name, _ in plain.named_modules(remove_duplicate=False)]
    assert names == plain_names


def through_pickle(model):
    return pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, through_pickle])
@BOTH
def test_copies_are_linked_among_themselves(duplicate, closed_form):
    """Also a copy made after a training step, whose graph is still held."""
    model, x = network(ghost_size=2, closed_form=closed_form), images()
    model(x).sum().backward()
    model[:3](x)  # the second layer's prior waits
    twin = duplicate(model)
    assert twin[-1]._link.below is twin[0] and twin[-1]._link.between[1] is twin[2]
    assert twin[0]._handed is None and model[0]._handed is not None
    torch.manual_seed(0)
    before = model(x)
    with torch.no_grad():
        twin[0].weight.zero_()
        twin[2].weight.zero_()
    twin(x)
    torch.manual_seed(0)
    assert torch.equal(model(x), before)


def test_loading_a_state_leaves_the_link():
    model, twin, x = network(), network(), images()
    with torch.no_grad():
        model[2].weight.mul_(3)
    twin.load_state_dict(model.state_dict())
    torch.manual_seed(0)
    found = twin(x)
    torch.manual_seed(0)
    assert_close(found, model(x), **EXACT)


def test_nothing_waits_after_a_batch():
    """Else the graph of a batch would be held until the next."""
    model = network()
    model(images())
    assert model[0]._handed is model[-1]._handed is None


def test_hooks_see_images_alone():
    model, seen = network(ghost_size=2), []
    model[2].register_forward_hook(lambda _, inputs, __: seen.append(len(inputs[0])))
    model(images())
    assert seen == [6]


def test_nested_sequences_are_one():
    flat = network(ghost_size=2)
    nested = link_kalman(
        nn.Sequential(nn.Sequential(*flat[:2]), nn.Sequential(*flat[2:]))
    )
    assert nested[1][1]._link.below is nested[0][0]
    assert list(nested[1][1]._link.between) == [nested[0][1], nested[1][0]]


def test_linking_again_replaces_the_link():
    model = network()
    model[2] = nn.Conv2d(4, 6, 1).double()
    assert link_kalman(model)[-1]._link.between[1] is model[2]


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.inside = KalmanNorm(4)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: nn.Sequential(Residual()), TypeError, "Residual is not known"),
        (
            lambda: nn.Sequential(KalmanNorm(4), BatchNorm(4), KalmanNorm(4)),
            TypeError,
            "BatchNorm stands between",
        ),
        (
            lambda: nn.Sequential(*[KalmanNorm(4)] * 2),
            ValueError,
            "'1' stands at two places",
        ),
        (
            lambda: nn.Sequential(
                KalmanNorm(4), nn.Sigmoid(), KalmanNorm(4, closed_form=True)
            ),
            TypeError,
            "no closed form for Sigmoid",
        ),
        (
            lambda: nn.Sequential(KalmanNorm(4), KalmanNorm(4, ghost_size=2)),
            ValueError,
            "ghost_size is None below and 2 here",
        ),
    ],
)
def test_what_cannot_be_linked_is_named(make, error, words):
    with pytest.raises(error, match=words):
        link_kalman(make())


def test_other_normalizers_may_follow_the_last():
    link_kalman(nn.Sequential(KalmanNorm(4), nn.ReLU(), BatchNorm(4)))


# What is refused


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: KalmanNorm(4, prior_weight=1.1), ValueError, "prior_weight is 1.1"),
        (lambda: KalmanNorm(4, prior_weight=-0.1), ValueError, "prior_weight is -0.1"),
        (lambda: KalmanNorm(4, ghost_size=0), ValueError, "ghost_size is 0"),
        (
            lambda: KalmanNorm(4, ghost_size=4)(torch.randn(6, 4, 3)),
            ValueError,
            "batch of 6 is no multiple of ghost_size=4",
        ),
        (
            lambda: KalmanNorm(4, ghost_size=1)(torch.randn(6, 4)),
            ValueError,
            "more than 1 value per channel",
        ),
        (
            lambda: network()[-1](torch.randn(2, 6, 4, 4).double()),
            RuntimeError,
            "layer below has not been called",
        ),
    ],
)
def test_bad_use_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_what_is_refused_moves_nothing():
    layer = KalmanNorm(4, ghost_size=4)
    before = copy.deepcopy(layer.state_dict())
    for shape in [(6, 4, 3), (8, 3, 5)]:
        with pytest.raises((ValueError, RuntimeError)):
            layer(torch.randn(shape))
    assert_close(dict(layer.state_dict()), dict(before), rtol=0, atol=0)


# Linked layers at the door


@BOTH
def test_a_batch_of_one_image_has_its_own_statistics(closed_form):
    """The observed ones are the image's; the prior is the layer's as ever."""
    model, x = network(closed_form=closed_form), images(1)
    y = model(x)
    assert y.isfinite().all()
    assert_close(
        model[0](x), F.instance_norm(x, weight=model[0].weight, bias=model[0].bias)
    )


@BOTH
def test_an_empty_batch_gives_an_empty_output_and_moves_nothing(closed_form):
    model = network(ghost_size=2, closed_form=closed_form)
    before = copy.deepcopy(model.state_dict())
    y = model(images(0))
    assert y.shape == (0, 6, 5, 5)
    after = model.state_dict()
    for name, value in after.items():
        assert "num_batches" in name or torch.equal(value, before[name])


@BOTH
@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("autocast", [True, False])
def test_half_precision(half, autocast, closed_form):
    """Statistics are taken in float32: in half precision these squares overflow."""
    model = network(ghost_size=2, closed_form=closed_form)
    model = model.float() if autocast else model.to(half)
    x = 300 * images()
    with torch.autocast("cpu", half, enabled=autocast):
        found = model(x.to(torch.float32 if autocast else half))
    assert found.dtype == half
    for value in (found, model[0].running_var, model[-1].running_var):
        assert value.isfinite().all()


@BOTH
def test_memory_format_changes_no_value(closed_form):
    model, x = network(ghost_size=2, closed_form=closed_form), images()
    last = x.contiguous(memory_format=torch.channels_last)
    found = []
    for given in (x, last):
        torch.manual_seed(0)
        found.append(model(given))
    assert_close(*found, **EXACT)
    assert found[1].is_contiguous(memory_format=torch.channels_last)


@BOTH
def test_linked_layers_are_compiled_as_one_graph(closed_form):
    model, x = network(ghost_size=2, closed_form=closed_form), images(4, 3)
    twin = copy.deepcopy(model)
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    found = []
    for call in (compiled, twin):
        torch.manual_seed(0)
        y = call(x)
        y.square().sum().backward()
        found.append(y)
    assert_close(*found, **EXACT)
    assert_close(dict(model.state_dict()), dict(twin.state_dict()), **EXACT)
    gradients = [[p.grad for p in m.parameters()] for m in (model, twin)]
    assert_close(*gradients, **EXACT)


def test_settings_are_printed():
    shown = repr(KalmanNorm(4, prior_weight=0.05, ghost_size=2, closed_form=True))
    for word in ("4, eps", "prior_weight=0.05", "ghost_size=2", "closed_form=True"):
        assert word in shown
    assert math.isclose(KalmanNorm(4).prior_weight, 0.9)
