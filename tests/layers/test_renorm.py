"""Batch renormalization against its definition, batch norm, and wrong twins."""

import copy
import pickle
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from normlab.layers import BatchNorm, BatchRenorm, batch_norm, batch_renorm, renorm
from normlab.layers.renorm import renorm_limits

EXACT = {"rtol": 0, "atol": 1e-10}  # float64, entries of order 10
SHAPE = (6, 3, 4, 5)
SHAPES = [(7, 4), (5, 4, 6), SHAPE, (3, 4, 2, 3, 2)]
CLOSED, TIGHT, WIDE = (1.0, 0.0), (1.1, 0.2), (1e6, 1e6)
ROOMY = (3.0, 5.0)


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def arguments(shape=SHAPE):
    """Input of unequal channels; running mean and deviation; gamma and beta."""
    c, spread = shape[1], (1, -1, *[1] * (len(shape) - 2))
    places = torch.linspace(-2, 3, c, dtype=torch.float64)
    x = draw(*shape) * draw(c, seed=1).exp().view(spread) + places.view(spread)
    vectors = [draw(c, seed=seed) for seed in (3, 4, 5, 6)]
    return [x, vectors[0], vectors[1].exp(), *vectors[2:]]


# The definition


def by_hand(x, mean, std, gamma, beta, eps, momentum, r_max, d_max):
    """Algorithm 1, channel by channel: output and the running statistics after it."""
    y, after = np.empty_like(x), []
    for c in range(x.shape[1]):
        values = x[:, c]
        mu_b = values.sum() / values.size
        sigma_b = np.sqrt(eps + ((values - mu_b) ** 2).sum() / values.size)
        r = min(max(sigma_b / std[c], 1 / r_max), r_max)
        d = min(max((mu_b - mean[c]) / std[c], -d_max), d_max)
        y[:, c] = gamma[c] * ((values - mu_b) / sigma_b * r + d) + beta[c]
        new = (mu_b, sigma_b)
        old = (mean[c], std[c])
        after.append([o + momentum * (n - o) for o, n in zip(old, new, strict=True)])
    return y, *np.array(after).T


def output_and_memory(function, limits, shape=SHAPE):
    """For training: pairs (found, expected)."""
    given = arguments(shape)
    options = {"momentum": 0.3, "eps": 0.05}
    limits = dict(zip(("r_max", "d_max"), limits, strict=True))
    found = [a.clone() for a in given]
    y = function(*found, training=True, **options, **limits)
    expected = by_hand(*(a.numpy() for a in given), **options, **limits)
    expected = map(torch.from_numpy, expected)
    return list(zip((y, found[1], found[2]), expected, strict=True))


def in_evaluation(function):
    x, mean, std, gamma, beta = arguments()
    before = mean.clone(), std.clone()
    y = function(x, mean, std, gamma, beta, eps=0.05)
    expected = np.stack(
        [
            gamma[c].item() * (x[:, c].numpy() - mean[c].item()) / std[c].item()
            + beta[c].item()
            for c in range(3)
        ],
        axis=1,
    )
    return [(y, torch.from_numpy(expected)), *zip((mean, std), before, strict=True)]


def gradients(function):
    """With r and d as numbers: those of the statistics before the update."""
    given, sides = arguments(), []
    x, mean, std, *_ = (a.numpy() for a in given)
    mu = x.mean((0, 2, 3))
    sigma = np.sqrt(0.05 + x.var((0, 2, 3)))
    r = torch.from_numpy(np.clip(sigma / std, 1 / 3, 3))
    d = torch.from_numpy(np.clip((mu - mean) / std, -5, 5))

    def constant(x, mean, std, gamma, beta):
        y = batch_norm(x, None, None, None, None, training=True, eps=0.05)
        scale, shift = (v.view(1, -1, 1, 1) for v in (gamma * r, gamma * d + beta))
        return y * scale + shift

    options = {"training": True, "eps": 0.05, "r_max": 3.0, "d_max": 5.0}
    for call in (partial(function, **options), constant):
        leaves = [a.clone() for a in given]
        learned = [leaves[i].requires_grad_() for i in (0, 3, 4)]
        y = call(*leaves)
        sides.append(torch.autograd.grad((y * draw(*SHAPE, seed=9)).sum(), learned))
    return list(zip(*sides, strict=True))


CHECKS = {
    "closed limits": partial(output_and_memory, limits=CLOSED),
    "tight limits": partial(output_and_memory, limits=TIGHT),
    "no limits": partial(output_and_memory, limits=WIDE),
    "evaluation": in_evaluation,
    "gradients": gradients,
}


def failures(function):
    """Return the names of the checks that a function fails."""

    def passes(check):
        return all(torch.allclose(a, b, **EXACT) for a, b in check(function))

    return [name for name, check in CHECKS.items() if not passes(check)]


def test_the_checks_reach_both_ends_of_each_limit():
    x, mean, std, *_ = (a.numpy() for a in arguments())
    ratio = np.sqrt(0.05 + x.var((0, 2, 3))) / std
    shift = (x.mean((0, 2, 3)) - mean) / std
    assert ratio.max() > 1.1 and ratio.min() < 1 / 1.1
    assert shift.max() > 0.2 and shift.min() < -0.2


def test_it_is_what_the_definition_says():
    assert failures(batch_renorm) == []


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("limits", [CLOSED, TIGHT, WIDE])
def test_definition_for_each_number_of_axes(shape, limits):
    for found, expected in output_and_memory(batch_renorm, limits, shape):
        assert_close(found, expected, **EXACT)


# Wrong twins


def textbook(
    *,
    spread=lambda var, eps: (var + eps).sqrt(),
    correction=0,
    r_of=lambda ratio, r_max: ratio.clamp(1 / r_max, r_max),
    d_of=lambda shift, std, running, d_max: (shift / running).clamp(-d_max, d_max),
    constant=torch.Tensor.detach,
    update_first=False,
    remembered=lambda std: std,
    recalled=lambda std, eps: std,
    towards=lambda old, new, momentum: old + momentum * (new - old),
    scaled=lambda y, r, d, gamma, beta: gamma * (y * r + d) + beta,
):
    """A layer that is right as it stands; each argument is one place to go wrong."""

    def wrong(
        x,
        mean,
        std,
        gamma,
        beta,
        training=False,
        momentum=0.01,
        eps=1e-3,
        r_max=1.0,
        d_max=0.0,
    ):
        def wide(v):
            return v.view(1, -1, 1, 1)

        if not training:
            y = (x - wide(mean)) / wide(recalled(std, eps))
            return wide(gamma) * y + wide(beta)
        var, mu = torch.var_mean(x, (0, 2, 3), correction=correction)
        sigma = spread(var, eps)

        def update():
            with torch.no_grad():
                mean.copy_(towards(mean, mu, momentum))
                std.copy_(towards(std, remembered(sigma), momentum))

        if update_first:
            update()
        r = constant(r_of(sigma / std.clone(), r_max))
        d = constant(d_of(mu - mean, sigma, std.clone(), d_max))
        if not update_first:
            update()
        y = (x - wide(mu)) / wide(sigma)
        return scaled(y, *map(wide, (r, d, gamma, beta)))

    return wrong


WRONG = {
    "r and d after the update": (textbook(update_first=True), "no limits"),
    "gradient through r and d": (textbook(constant=lambda v: v), "gradients"),
    "remembers a variance": (textbook(remembered=torch.square), "closed limits"),
    "unbiased": (textbook(correction=1), "closed limits"),
    "eps outside the root": (
        textbook(spread=lambda var, eps: var.sqrt() + eps),
        "closed limits",
    ),
    "eps added once more in evaluation": (
        textbook(recalled=lambda std, eps: (std.square() + eps).sqrt()),
        "evaluation",
    ),
    "divides by the root of a deviation": (
        textbook(recalled=lambda std, eps: std.sqrt()),
        "evaluation",
    ),
    "r may be small": (
        textbook(r_of=lambda ratio, r_max: ratio.clamp(max=r_max)),
        "tight limits",
    ),
    "r may be large": (
        textbook(r_of=lambda ratio, r_max: ratio.clamp(1 / r_max)),
        "tight limits",
    ),
    "r the other way round": (
        textbook(r_of=lambda ratio, r_max: (1 / ratio).clamp(1 / r_max, r_max)),
        "no limits",
    ),
    "d may be large": (
        textbook(d_of=lambda shift, std, running, d_max: shift / running),
        "tight limits",
    ),
    "d in the batch's deviations": (
        textbook(
            d_of=lambda shift, std, running, d_max: (shift / std).clamp(-d_max, d_max)
        ),
        "no limits",
    ),
    "d of the other sign": (
        textbook(
            d_of=lambda shift, std, running, d_max: (-shift / running).clamp(
                -d_max, d_max
            )
        ),
        "no limits",
    ),
    "d behind gamma": (
        textbook(scaled=lambda y, r, d, gamma, beta: gamma * y * r + d + beta),
        "no limits",
    ),
    "d times r": (
        textbook(scaled=lambda y, r, d, gamma, beta: gamma * (y + d) * r + beta),
        "no limits",
    ),
    "momentum weighs the old": (
        textbook(towards=lambda old, new, m: m * old + (1 - m) * new),
        "closed limits",
    ),
}


def test_the_twin_is_right_as_it_stands():
    assert failures(textbook()) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_twin_is_noticed(name):
    wrong, seen_by = WRONG[name]
    assert seen_by in failures(wrong)


@pytest.mark.parametrize("name", CHECKS)
def test_each_check_notices_some_wrong_twin(name):
    assert any(name in failures(wrong) for wrong, _ in WRONG.values())


# Identities


@pytest.mark.parametrize("shape", SHAPES)
def test_closed_limits_make_it_batch_norm(shape):
    x, mean, std, gamma, beta = arguments(shape)
    sides = []
    for function in (
        lambda x: batch_renorm(x, mean, std, gamma, beta, True, eps=1e-5),
        lambda x: batch_norm(x, None, None, gamma, beta, True, eps=1e-5),
    ):
        leaf = x.clone().requires_grad_()
        y = function(leaf)
        direction = draw(*shape, seed=9)
        sides.append((y.detach(), *torch.autograd.grad((y * direction).sum(), leaf)))
    assert_close(*sides, **EXACT)


def test_without_limits_training_is_evaluation_before_the_update():
    x, mean, std, gamma, beta = arguments()
    expected = batch_renorm(x, mean, std, gamma, beta)
    limits = {"r_max": 1e6, "d_max": 1e6}
    found = batch_renorm(x, mean.clone(), std.clone(), gamma, beta, True, **limits)
    assert_close(found, expected, **EXACT)


# Gradients


@pytest.mark.parametrize("shape", [(5, 2), (2, 2, 3), (2, 2, 3, 2)])
def test_gradcheck_of_batch_normalization(shape):
    x, mean, std, gamma, beta = arguments(shape)
    leaves = [v.requires_grad_() for v in (x, gamma, beta)]
    torch.autograd.gradcheck(
        lambda x, w, b: batch_renorm(x, mean.clone(), std.clone(), w, b, True), leaves
    )


def test_gradcheck_in_evaluation():
    x, mean, std, gamma, beta = arguments((3, 2, 4))
    leaves = [v.requires_grad_() for v in (x, gamma, beta)]
    torch.autograd.gradcheck(lambda x, w, b: batch_renorm(x, mean, std, w, b), leaves)


def test_gradcheck_with_r_and_d_held(monkeypatch):
    """Held at other numbers than theirs, so that nothing else can pass."""
    r, d = torch.tensor([0.5, 2.0]), torch.tensor([-1.0, 3.0])
    held = tuple(v.double().view(1, 1, 2, 1) for v in (r, d))
    monkeypatch.setattr(renorm, "corrections", lambda *_: held)
    x, mean, std, gamma, beta = arguments((3, 2, 4))
    leaves = [v.requires_grad_() for v in (x, gamma, beta)]
    torch.autograd.gradcheck(
        lambda x, w, b: batch_renorm(x, mean.clone(), std.clone(), w, b, True), leaves
    )


def test_no_gradient_reaches_r_and_d():
    """Free to move, they would cancel the batch's statistics: differences see that."""
    x, mean, std, gamma, beta = arguments((3, 2, 4))
    limits = {"r_max": 1e6, "d_max": 1e6}
    assert not torch.autograd.gradcheck(
        lambda x: batch_renorm(
            x, mean.clone(), std.clone(), gamma, beta, True, **limits
        ),
        x.requires_grad_(),
        raise_exception=False,
    )


# Parts of the batch


def constant(limits):
    return lambda seen: limits


def pair(ghost_size, limits, **options):
    """A layer of parts and a plain one, with the same numbers in them."""
    made = {"dtype": torch.float64, "limits": constant(limits), **options}
    parts, plain = BatchRenorm(6, ghost_size=ghost_size, **made), BatchRenorm(6, **made)
    for tensor in (*parts.parameters(), parts.running_mean):
        nn.init.normal_(tensor)
    nn.init.uniform_(parts.running_std, 0.5, 2)
    plain.load_state_dict(parts.state_dict())
    return parts, plain


@pytest.mark.parametrize("momentum", [0.2, None])
@pytest.mark.parametrize("images", [12, 14, 15])
@pytest.mark.parametrize("shape", [(6,), (6, 3, 3)])
@pytest.mark.parametrize("limits", [CLOSED, TIGHT, WIDE])
def test_parts_are_one_after_the_other(images, shape, momentum, limits):
    """r and d of each part are taken from what the parts before it left."""
    parts, plain = pair(4, limits, momentum=momentum)
    for seed in range(2):
        x = draw(images, *shape, seed=seed).requires_grad_()
        twin = x.detach().clone().requires_grad_()
        ends = [4, 8]  # 14 and 15 images: the rest joins the last part
        expected = torch.cat([plain(part) for part in twin.tensor_split(ends)])
        found = parts(x)
        assert_close(found, expected, **EXACT)
        assert_close(parts.running_mean, plain.running_mean, **EXACT)
        assert_close(parts.running_std, plain.running_std, **EXACT)
        direction = torch.randn_like(found)
        (found * direction).sum().backward()
        (expected * direction).sum().backward()
        assert_close(x.grad, twin.grad, **EXACT)
        assert_close(parts.weight.grad, plain.weight.grad, **EXACT)


@pytest.mark.parametrize("size", [12, 13, 100, None])
def test_one_part_is_the_batch(size):
    parts, plain = pair(size, ROOMY)
    x = draw(12, 6, 4, 4)
    assert_close(parts(x), plain(x), **EXACT)
    assert_close(parts.state_dict(), plain.state_dict(), **EXACT)


def test_evaluation_knows_no_parts():
    parts, plain = pair(4, ROOMY)
    for seed in range(3):
        parts(draw(12, 6, seed=seed))
    plain.load_state_dict(parts.state_dict())
    x = draw(13, 6, seed=4)
    assert_close(parts.eval()(x), plain.eval()(x), **EXACT)


def test_the_plain_average_gives_each_batch_the_same_weight():
    """Also where one batch has more parts than another."""
    layer = BatchRenorm(6, momentum=None, ghost_size=4, dtype=torch.float64)
    batches = [draw(8, 6, seed=1), draw(20, 6, seed=2), draw(4, 6, seed=3)]
    for batch in batches:
        layer(batch)
    means = torch.stack([batch.mean(0) for batch in batches])
    parts = [batch.unflatten(0, (-1, 4)).var(1, correction=0) for batch in batches]
    stds = torch.stack([(var + 1e-3).sqrt().mean(0) for var in parts])
    assert_close(layer.running_mean, means.mean(0), **EXACT)
    assert_close(layer.running_std, stds.mean(0), **EXACT)


# Limits


@pytest.mark.parametrize(
    ("seen", "r_max", "d_max"),
    [
        (0, 1, 0),
        (5_000, 1, 0),
        (15_000, 1 + 2 * 10 / 35, 2.5),
        (25_000, 1 + 2 * 20 / 35, 5),
        (40_000, 3, 5),
        (10**6, 3, 5),
    ],
)
@pytest.mark.parametrize("kind", [int, torch.tensor])
def test_limits_of_the_paper(seen, r_max, d_max, kind):
    found = [float(limit) for limit in renorm_limits()(kind(seen))]
    assert found == pytest.approx([r_max, d_max], rel=1e-6)


def test_limits_in_proportion_to_a_run():
    """A hundredth of the paper's training: the same limits a hundred times sooner."""
    run, paper = renorm_limits(1_600), renorm_limits()
    for seen in (0, 49, 51, 150, 249, 251, 399, 401):
        assert [float(v) for v in run(seen)] == pytest.approx(
            [float(v) for v in paper(100 * seen)], rel=1e-6
        )


def test_limits_are_asked_by_the_batch_and_not_by_the_part():
    asked = []

    def limits(seen):
        asked.append(int(seen))
        return ROOMY

    layer = BatchRenorm(3, ghost_size=2, limits=limits)
    for _ in range(3):
        layer(torch.randn(8, 3))
    layer.eval()(torch.randn(8, 3))
    assert asked == [0, 1, 2]
    assert layer.num_batches_tracked == 3


def test_the_layer_opens_its_limits_as_it_learns():
    """Batch normalization at first, and no longer once the limits have opened."""
    steps = 160
    layer = BatchRenorm(3, eps=1e-5, limits=renorm_limits(steps))
    plain = BatchNorm(3)
    apart = []
    for seed in range(steps):
        x = draw(4, 3, seed=seed).float()
        apart.append((layer(x) - plain(x)).abs().max().item() > 1e-4)
    assert not any(apart[:6]) and all(apart[50:])


# Small inputs


def test_a_batch_of_one_image():
    """Of maps it has statistics; a single value a channel has none."""
    layer = BatchRenorm(3, limits=constant(ROOMY))
    assert layer(torch.randn(1, 3, 4, 4)).isfinite().all()
    for wrong in ((1, 3), (1, 3, 1, 1)):
        before = copy.deepcopy(layer.state_dict())
        with pytest.raises(ValueError, match="more than 1 value per channel"):
            layer(torch.randn(wrong))
        assert_close(dict(layer.state_dict()), dict(before), rtol=0, atol=0)
        assert layer.eval()(torch.randn(wrong)).isfinite().all()
        layer.train()


def test_parts_of_one_value_are_refused_before_anything_moves():
    layer = BatchRenorm(3, ghost_size=1)
    with pytest.raises(ValueError, match="larger parts"):
        layer(torch.randn(8, 3))
    assert layer.num_batches_tracked == 0
    assert layer(torch.randn(8, 3, 2)).shape == (8, 3, 2)


def test_a_channel_of_equal_values_has_the_deviation_of_eps():
    x = torch.full((4, 1), 2.0, dtype=torch.float64)
    mean, std = torch.tensor([1.0]).double(), torch.tensor([0.5]).double()
    y = batch_renorm(x, mean, std, training=True, momentum=1.0, eps=0.04, d_max=5.0)
    assert_close(y, torch.full_like(x, 2.0), **EXACT)  # d alone: (2 - 1) / 0.5
    assert (mean.item(), std.item()) == pytest.approx((2.0, 0.2))


# State


def test_state_comes_back():
    layer = BatchRenorm(6, ghost_size=2, limits=renorm_limits(32))
    for seed in range(20):
        layer(draw(8, 6, seed=seed).float())
    state = layer.state_dict()
    names = {"weight", "bias", "running_mean", "running_std", "num_batches_tracked"}
    assert set(state) == names
    fresh = BatchRenorm(6, ghost_size=2, limits=renorm_limits(32))
    fresh.load_state_dict(state)
    x = draw(8, 6, seed=30).float()
    for mode in (True, False):
        assert torch.equal(fresh.train(mode)(x), layer.train(mode)(x))
    fresh.reset_parameters()
    assert_close(dict(fresh.state_dict()), dict(BatchRenorm(6).state_dict()))


def test_a_batch_norm_s_state_is_refused():
    """Its variance would serve as a deviation."""
    with pytest.raises(RuntimeError, match="running_std"):
        BatchRenorm(6).load_state_dict(BatchNorm(6).state_dict())


def test_copies_and_pickles():
    layer = BatchRenorm(6, limits=renorm_limits(100))
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert twin.settings() == layer.settings()
    assert "ghost_size=None" in repr(layer) and "r_full=25" in repr(layer)


def test_a_compiled_layer_follows_its_limits():
    """They are read from the count of batches, without a new graph for each."""
    layer = BatchRenorm(3, ghost_size=4, limits=renorm_limits(32))
    twin = copy.deepcopy(layer)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    for seed in range(12):
        x = draw(8, 3, seed=seed).float()
        assert_close(compiled(x), twin(x))
    assert_close(dict(layer.state_dict()), dict(twin.state_dict()))


# Bad arguments


ONES = torch.ones(3)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: BatchRenorm(3, ghost_size=0), ValueError, "ghost_size is 0"),
        (lambda x: renorm_limits(0), ValueError, "steps is 0"),
        (lambda x: BatchRenorm(3)(x[0, 0]), ValueError, "2D to 5D"),
        (lambda x: BatchRenorm(4)(x), RuntimeError, "4 elements|should contain 3"),
        (
            lambda x: batch_renorm(x, ONES, ONES, training=True, r_max=0.5),
            ValueError,
            "r_max is 0.5",
        ),
        (
            lambda x: batch_renorm(x, ONES, ONES, training=True, d_max=-1.0),
            ValueError,
            "d_max is -1",
        ),
        (
            lambda x: BatchRenorm(3, limits=lambda seen: (0, 0))(x),
            ValueError,
            "r_max is 0",
        ),
        (
            lambda x: batch_renorm(x, ONES, ONES, training=True, momentum=None),
            TypeError,
            "momentum",
        ),
        (
            lambda x: batch_renorm(x, ONES, ONES, training=True, eps=0.0),
            ValueError,
            "eps",
        ),
        (lambda x: batch_renorm(x, ONES, ONES, eps=-1.0), ValueError, "eps"),
        (
            lambda x: batch_renorm(x, ONES, torch.ones(4), training=True),
            RuntimeError,
            "running_std should contain 3",
        ),
        (
            lambda x: batch_renorm(x, ONES, ONES.double(), training=True),
            RuntimeError,
            "mixed dtype",
        ),
        (lambda x: batch_renorm(x.long(), ONES, ONES), NotImplementedError, "float"),
    ],
)
def test_bad_argument_is_named_and_nothing_moves(call, error, words):
    with pytest.raises(error, match=words):
        call(torch.randn(4, 3, 5))
    assert (ONES == 1).all()
