"""Scores; statistics observed, recomputed and swapped, against sums by hand."""

import copy
from itertools import combinations
from math import factorial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from pairs import BAD_PAIRS
from torch import nn
from torch.testing import assert_close
from traces import assert_same_trace, hooks, left_behind

from normlab.evaluation import (
    PARTS,
    average,
    kinds_of_statistics,
    loss_and_accuracy,
    normalized_with,
    observe_batches,
    over_orders,
    recompute_running,
    score_states,
    tracking_layers,
)
from normlab.layers import (
    BatchNorm,
    BatchRenorm,
    GhostBatchNorm,
    InstanceNorm,
    LayerNorm,
)
from normlab.models import TorchBatchNorm, lenet, mlp, xavier
from normlab.training import fit

SIZE = 240  # images
BATCH = 50  # 4 whole batches and one of 40
NORMS = [BatchNorm, TorchBatchNorm]
NORMALIZERS = (BatchNorm, nn.BatchNorm1d, nn.BatchNorm2d)
EXACT = {"rtol": 0, "atol": 1e-10}  # float64
SAME = {"rel": 1e-9}


@pytest.fixture
def images(fashion):
    return fashion[0][:SIZE].clone(), fashion[1][:SIZE].clone()


@pytest.fixture
def held_out(fashion):
    return fashion[2][:SIZE].clone(), fashion[3][:SIZE].clone()


def network(norm=BatchNorm):
    """In float64, with gamma, beta and running statistics that are not the start's."""
    torch.manual_seed(0)
    model = xavier(lenet(norm)).double()
    with torch.no_grad():
        for layer in tracking_layers(model).values():
            layer.weight.uniform_(0.5, 1.5), layer.bias.normal_()
            layer.running_mean.normal_(), layer.running_var.uniform_(0.5, 1.5)
    return model


@pytest.fixture
def trained(images):
    """Half-way: the running statistics lag behind, and evaluation shows it."""
    torch.manual_seed(0)
    model = xavier(lenet(TorchBatchNorm)).double()
    fit(model, images, epochs=2, lr=0.5, batch_size=BATCH)
    return model


def values_met(model, x):
    """What enters each normalizer in training mode: [(values, C)], float64."""
    h, found = x.double() / 255, []
    for module in copy.deepcopy(model).train():
        if isinstance(module, NORMALIZERS):
            found.append(h.detach().transpose(0, 1).flatten(1).T.numpy())
        h = module(h)
    return found


# Scores


def scores_by_hand(model, x, y, training):
    twin = copy.deepcopy(model).train(training)
    with torch.no_grad():
        logits = twin(x.double() / 255)
    hits = (logits.argmax(1) == y).double().mean().item()
    return F.cross_entropy(logits, y).item(), hits


@pytest.mark.parametrize("statistics", ["running", "batch"])
def test_scores_are_those_of_one_forward_pass(images, statistics):
    model = network()
    found = loss_and_accuracy(model, *images, statistics=statistics)
    expected = scores_by_hand(model, *images, training=statistics == "batch")
    assert found == pytest.approx(expected, **SAME)


def test_scores_in_several_batches_count_each_image_once(fashion):
    x, y = fashion[2][:2300], fashion[3][:2300]
    model = network()
    found = loss_and_accuracy(model, x, y)
    assert found == pytest.approx(scores_by_hand(model, x, y, False), **SAME)


@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("statistics", ["running", "batch"])
@pytest.mark.parametrize("norm", NORMS)
def test_scoring_leaves_the_model_as_it_was(images, norm, statistics, mode):
    model = network(norm).train(mode)
    model[1].train(not mode)  # a layer of its own mind
    before = left_behind(model)
    loss_and_accuracy(model, *images, statistics=statistics)
    assert_same_trace(left_behind(model), before)
    assert all(p.requires_grad for p in model.parameters())


def test_images_without_normalizer_score_alike_in_both_modes(images):
    model = network(None)
    scores = [
        loss_and_accuracy(model, *images, statistics=s) for s in ("running", "batch")
    ]
    assert scores[0] == scores[1]


# The last two are for the model itself to refuse.
@pytest.mark.parametrize("statistics", ["running", "batch"])
@pytest.mark.parametrize(
    ("pair", "words"), list(BAD_PAIRS.values())[:-2], ids=list(BAD_PAIRS)[:-2]
)
def test_a_bad_set_is_refused(pair, words, statistics):
    model = network()
    before = left_behind(model)
    with pytest.raises(ValueError, match="x, y") as caught:
        loss_and_accuracy(model, *pair, statistics=statistics)
    assert words in str(caught.value)
    assert_same_trace(left_behind(model), before)


def test_unknown_statistics_is_named(images):
    with pytest.raises(ValueError, match="population"):
        loss_and_accuracy(nn.Flatten(), *images, statistics="population")


# Which layers


@pytest.mark.parametrize("norm", NORMS)
def test_tracking_layers_are_the_normalizers_in_order(norm):
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 3), norm(3)), norm(4), nn.ReLU())
    found = tracking_layers(model)
    assert list(found) == ["0.1", "1"]
    assert found["0.1"] is model[0][1] and found["1"] is model[1]


def test_layers_without_running_statistics_do_not_count():
    layers = [
        kind(3, track_running_stats=False) for kind in (BatchNorm, nn.BatchNorm1d)
    ]
    assert tracking_layers(nn.Sequential(*layers, nn.LayerNorm(3))) == {}


# Observing


@pytest.mark.parametrize("norm", NORMS)
def test_observed_are_the_whole_batches(images, norm):
    model = network(norm)
    found = observe_batches(model.eval(), images[0], BATCH)
    assert list(found) == list(tracking_layers(model))
    for number in range(4):  # the last 40 images are no batch
        batch = images[0][number * BATCH : (number + 1) * BATCH]
        for values, (means, variances) in zip(
            values_met(model, batch), found.values(), strict=True
        ):
            assert len(means) == len(variances) == 4
            assert means[number].numpy() == pytest.approx(values.mean(0), **SAME)
            assert variances[number].numpy() == pytest.approx(values.var(0), **SAME)


def test_all_images_may_be_one_batch(images):
    found = observe_batches(network(), images[0], SIZE)
    assert {len(kind) for kinds in found.values() for kind in kinds} == {1}


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("call", [observe_batches, recompute_running])
@pytest.mark.parametrize("batch_size", [0, -1, SIZE + 1])
def test_no_whole_batch_is_an_error(images, norm, call, batch_size):
    model = network(norm)
    before = left_behind(model)
    with pytest.raises(ValueError, match=f"batch_size is {batch_size} for 240"):
        call(model, images[0], batch_size)
    assert_same_trace(left_behind(model), before)


@pytest.mark.parametrize("norm", NORMS)
def test_observing_leaves_the_model_as_it_was(images, norm):
    model = network(norm).train()
    model[1].eval()
    before = left_behind(model)
    observe_batches(model, images[0], BATCH)
    assert_same_trace(left_behind(model), before)
    assert hooks(model) == 0


class Broken(nn.Module):
    def forward(self, x):
        if self.training:
            raise RuntimeError("out of memory")
        return x


def test_a_failing_forward_pass_leaves_no_trace(images):
    """The normalizers before the failure have seen a batch by then."""
    model = network().append(Broken()).eval()
    before = left_behind(model)
    for call in (observe_batches, recompute_running):
        with pytest.raises(RuntimeError, match="out of memory"):
            call(model, images[0], BATCH)
        assert hooks(model) == 0
        assert_same_trace(left_behind(model), before)


# Averaging and recomputing


def test_average_is_the_plain_mean():
    observed = {
        "a": (torch.randn(7, 3), torch.rand(7, 3)),
        "b": (torch.randn(2, 1), torch.rand(2, 1)),
    }
    found = average(observed)
    assert list(found) == ["a", "b"]
    for name, kinds in observed.items():
        for kind, mean in zip(kinds, found[name], strict=True):
            expected = kind.numpy().astype(np.float64).mean(0)
            assert mean.dtype == torch.float32
            assert mean.numpy() == pytest.approx(expected, rel=1e-7)


def test_average_does_not_cancel():
    """A thousand batches after a large one would vanish in a sum in float32."""
    column = torch.cat([torch.tensor([1e8]), torch.ones(1000), torch.tensor([-1e8])])
    mean, _ = average({"a": (column.view(-1, 1), column.view(-1, 1))})["a"]
    assert mean.item() == pytest.approx(1000 / 1002)


@pytest.mark.parametrize("norm", NORMS)
def test_recomputed_statistics_are_torchs_plain_average(images, norm):
    """PyTorch averages all batches seen where momentum is None; also unbiased."""
    model, twin = network(norm).eval(), network(TorchBatchNorm)
    before, modes = left_behind(model)
    for layer in tracking_layers(twin).values():
        layer.momentum = None
        layer.reset_running_stats()
    with torch.no_grad():
        for batch in images[0][: 4 * BATCH].split(BATCH):
            twin.train()(batch.double() / 255)
    recompute_running(model, images[0], BATCH)
    after, modes_after = left_behind(model)
    running = [k for k in after if k.endswith(("running_mean", "running_var"))]
    assert len(running) == 8
    expected = twin.state_dict()
    for name in running:
        assert_close(after[name], expected[name], **EXACT)
    others = after.keys() - set(running)
    assert all(torch.equal(after[name], before[name]) for name in others)
    assert modes_after == modes


# Swapping one part at a time


def scores_of(model, images, held_out, **options):
    averages = average(observe_batches(model, images[0], BATCH))
    return score_states(model, averages, *held_out, BATCH, **options)


def with_statistics(model, choose):
    """A copy with running statistics from ``choose(layer's number, layer)``."""
    twin = copy.deepcopy(model)
    for number, layer in enumerate(tracking_layers(twin).values()):
        mean, var = choose(number, layer)
        layer.running_mean.copy_(mean)
        layer.running_var.copy_(var)
    return twin


def values_in_a_batch(number):
    return BATCH * (24 * 24, 8 * 8, 1, 1)[number]


def test_every_set_of_parts_has_its_scores(trained, images, held_out):
    scores = scores_of(trained, images, held_out)
    assert scores.keys() == {
        frozenset(s) for n in range(4) for s in combinations(PARTS, n)
    }
    # The parts make a difference, else what follows would test nothing.
    assert len({round(loss, 9) for loss, _ in scores.values()}) == 8


def test_nothing_swapped_is_training_mode(trained, images, held_out):
    """On batches in the same shuffled orders; the 40 images left over have no say."""
    found = scores_of(trained, images, held_out, shuffles=3, seed=5)[frozenset()]
    generator = torch.Generator().manual_seed(5)
    by_hand = []
    for _ in range(3):
        order = torch.randperm(SIZE, generator=generator)[: 4 * BATCH]
        x, y = (t[order] for t in held_out)
        by_hand.append(
            loss_and_accuracy(trained, x, y, statistics="batch", batch_size=BATCH)
        )
    assert found == pytest.approx(tuple(np.mean(by_hand, axis=0)), **SAME)
    assert by_hand[0][0] != by_hand[1][0]


def test_everything_swapped_is_evaluation_mode(trained, images, held_out):
    found = scores_of(trained, images, held_out)[frozenset(PARTS)]
    assert found == pytest.approx(loss_and_accuracy(trained, *held_out), **SAME)


def test_everything_swapped_is_evaluation_mode_in_float32(trained, images, held_out):
    """But for what roundings do: as much as weights that are moved a little.

    A sum of n products is rounded like weights moved by about sqrt(n) units: here by
    16. The furthest of three such models may by chance be near.
    """
    exact, _ = loss_and_accuracy(trained, *held_out)
    away = []
    for seed in range(3):
        twin, generator = copy.deepcopy(trained), torch.Generator().manual_seed(seed)
        for p in twin.parameters():
            signed = 2 * torch.rand(p.shape, generator=generator) - 1
            p.data *= 1 + 16 * torch.finfo(torch.float32).eps * signed
        away.append(abs(loss_and_accuracy(twin, *held_out)[0] - exact))
    found, hits = scores_of(trained.float(), images, held_out)[frozenset(PARTS)]
    assert found == pytest.approx(exact, abs=8 * max(away))
    _, expected = loss_and_accuracy(trained, *held_out)
    assert hits == pytest.approx(expected, abs=1 / SIZE)  # one image between two


def test_without_noise_each_state_is_an_evaluation(trained, images, held_out):
    """Then the parts only choose the running statistics."""
    scores = scores_of(trained, images, held_out)
    averages = list(average(observe_batches(trained, images[0], BATCH)).values())

    def factor(number):
        n = values_in_a_batch(number)
        return n / (n - 1)

    by_hand = {
        ("noise",): lambda i, layer: averages[i],
        ("noise", "factor"): lambda i, layer: (
            averages[i][0],
            averages[i][1] * factor(i),
        ),
        ("noise", "lag"): lambda i, layer: (
            layer.running_mean,
            layer.running_var / factor(i),
        ),
    }
    for parts, choose in by_hand.items():
        expected = loss_and_accuracy(with_statistics(trained, choose), *held_out)
        assert scores[frozenset(parts)] == pytest.approx(expected, **SAME), parts


def test_with_noise_mean_and_variance_move_with_the_batch(trained, images, held_out):
    """The lag shifts a batch's mean and stretches its variance; written out here."""
    averages = list(average(observe_batches(trained, images[0], BATCH)).values())

    def forward(x, lag, factor):
        h, number = x.double() / 255, 0
        for module in trained:
            if not isinstance(module, NORMALIZERS):
                h = module(h)
                continue
            n = values_in_a_batch(number)
            axes = (0, 2, 3)[: h.dim() - 1]
            mean, log = h.mean(axes), h.var(axes, correction=0).log()
            if lag:
                was_mean, was_var = averages[number]
                mean = mean + module.running_mean - was_mean
                log = log + (module.running_var * (n - 1) / n).log() - was_var.log()
            if factor:
                log = log + np.log(n / (n - 1))
            shape = (1, -1, 1, 1)[: h.dim()]
            h = (h - mean.view(shape)) / (log.exp() + module.eps).sqrt().view(shape)
            h = h * module.weight.view(shape) + module.bias.view(shape)
            number += 1
        return h

    scores = scores_of(trained, images, held_out, shuffles=1, seed=0)
    order = torch.randperm(SIZE, generator=torch.Generator().manual_seed(0))
    x, y = (t[order[: 4 * BATCH]] for t in held_out)
    for parts in [("lag",), ("factor",), ("lag", "factor")]:
        with torch.no_grad():
            logits = torch.cat(
                [
                    forward(batch, "lag" in parts, "factor" in parts)
                    for batch in x.split(BATCH)
                ]
            )
        loss = nn.functional.cross_entropy(logits, y).item()
        hits = (logits.argmax(1) == y).double().mean().item()
        assert scores[frozenset(parts)] == pytest.approx((loss, hits), **SAME), parts


def test_with_exact_running_statistics_the_lag_is_nothing(trained, images, held_out):
    recompute_running(trained, images[0], BATCH)
    scores = scores_of(trained, images, held_out)
    for swapped in scores:
        assert scores[swapped | {"lag"}] == pytest.approx(scores[swapped], **SAME)


def test_without_the_correction_the_factor_is_nothing(trained, images, held_out):
    averages = average(observe_batches(trained, images[0], BATCH))
    usual, scores = (
        score_states(trained, averages, *held_out, BATCH, unbiased=unbiased)
        for unbiased in (True, False)
    )
    for swapped in scores:
        assert scores[swapped | {"factor"}] == scores[swapped]
        assert scores[swapped] == usual[swapped - {"factor"}]


def test_a_seed_shuffles_and_nothing_else_does(trained, images, held_out):
    one, again, other = (
        scores_of(trained, images, held_out, seed=seed) for seed in (1, 1, 2)
    )
    assert one == again
    for swapped in one:  # without noise images do not influence each other
        assert (one[swapped] == other[swapped]) is ("noise" in swapped)


@pytest.mark.parametrize("norm", NORMS)
def test_swapping_leaves_the_model_as_it_was(images, held_out, norm):
    model = network(norm).train()
    model[1].eval()
    before, generator = left_behind(model), torch.get_rng_state()
    scores_of(model, images, held_out, shuffles=1)
    assert_same_trace(left_behind(model), before)
    assert hooks(model) == 0
    assert torch.equal(torch.get_rng_state(), generator)


def test_chosen_statistics_normalize_while_they_are_asked_for():
    model = mlp(2, 3, BatchNorm, inputs=4).double().eval()
    with torch.no_grad():
        model[2].weight.normal_(), model[2].bias.normal_()
    x = torch.randn(5, 4, dtype=torch.float64)
    before = model(x)
    mean, var = torch.randn(3).double(), torch.rand(3).double()
    asked = []

    def choose(name, value):
        asked.append((name, value))
        return mean, var

    with normalized_with(model, choose):
        found = model(x)
    layer, hidden = model[2], model[1](x)
    scaled = (hidden - mean) / (var + layer.eps).sqrt() * layer.weight + layer.bias
    assert_close(found, model[4](scaled.relu()), **EXACT)
    assert [name for name, _ in asked] == ["2"]
    assert_close(asked[0][1], hidden)
    with pytest.raises(KeyError), normalized_with(model, choose):
        raise KeyError("stop")
    assert_close(model(x), before, rtol=0, atol=0)


# Sharing the difference out


def subsets(parts):
    return [frozenset(s) for n in range(len(parts) + 1) for s in combinations(parts, n)]


def game(parts):
    """A number for every set of parts, drawn at random."""
    return {s: torch.randn(()).double().item() for s in subsets(parts)}


def shapley(values, part):
    """The sum over the sets S without the part, by weights |S|! (n - |S| - 1)! / n!."""
    n = max(map(len, values))
    return sum(
        factorial(len(s))
        * factorial(n - len(s) - 1)
        / factorial(n)
        * (values[s | {part}] - values[s])
        for s in values
        if part not in s
    )


@pytest.mark.parametrize("parts", ["a", "ab", "abc", "abcd"])
def test_means_over_orders_are_shapley_values(parts):
    values = game(parts)
    changes = over_orders(values)
    assert set(changes) == set(parts)
    for part, found in changes.items():
        assert len(found) == factorial(len(parts))
        assert np.mean(found) == pytest.approx(shapley(values, part))
    shared = sum(np.mean(found) for found in changes.values())
    assert shared == pytest.approx(values[frozenset(parts)] - values[frozenset()])


def test_each_order_shares_the_whole_difference_out():
    values = game(PARTS)
    each = np.sum(list(over_orders(values).values()), axis=0)
    whole = values[frozenset(PARTS)] - values[frozenset()]
    assert each == pytest.approx(np.full(6, whole))


def test_parts_that_only_add_change_the_same_in_every_order():
    alone = {"noise": 2.0, "lag": -0.5, "factor": 0.25}
    values = {s: 10 + sum(alone[part] for part in s) for s in subsets(PARTS)}
    assert over_orders(values) == {part: [v] * 6 for part, v in alone.items()}


def test_what_two_parts_do_together_is_halved():
    """Only both at once cost 1: each is asked for it in half of the orders."""
    values = {s: float({"lag", "factor"} <= s) for s in subsets(PARTS)}
    changes = over_orders(values)
    assert {part: sorted(found) for part, found in changes.items()} == {
        "lag": [0, 0, 0, 1, 1, 1],
        "factor": [0, 0, 0, 1, 1, 1],
        "noise": [0] * 6,
    }


# Layers, not positions


class OutOfOrder(nn.Module):
    """Defines ``second`` before ``first``, calls it after; a third layer never."""

    def __init__(self, norm, width=5):
        super().__init__()
        self.second, self.first = norm(width), norm(10)
        self.unused = norm(7)
        self.narrow, self.wide = nn.Linear(10, width), nn.Linear(6, 10)
        self.out = nn.Linear(width, 3)

    def forward(self, x):
        hidden = self.first(self.wide(x)).sigmoid()
        return self.out(self.second(self.narrow(hidden)).sigmoid())


class Shared(nn.Module):
    """One layer at three places, two of them called."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm(6)
        self.steps = nn.ModuleList([nn.Linear(6, 6), self.norm, nn.Linear(6, 6)])
        self.again = nn.Sequential(self.norm, nn.Linear(6, 3))

    def forward(self, x):
        for step in self.steps:
            x = step(x)
        return self.again(x)


def out_of_order(norm):
    torch.manual_seed(0)
    return OutOfOrder(norm).double()


@pytest.mark.parametrize("norm", NORMS)
def test_observed_belongs_to_the_layer_of_that_name(norm):
    model, x = out_of_order(norm), 2 * torch.randn(40, 6).double() + 1
    found = observe_batches(model, x, 20)
    assert set(found) == {"first", "second"}
    for number, batch in enumerate(x.split(20)):
        values = model.wide(batch)
        assert_close(found["first"][0][number], values.mean(0), **EXACT)
        assert_close(found["first"][1][number], values.var(0, correction=0), **EXACT)


@pytest.mark.parametrize("norm", NORMS)
def test_a_layer_that_is_not_called_is_left_alone(norm):
    model, x = out_of_order(norm), torch.randn(40, 6).double() + 1
    with torch.no_grad():
        model.unused.running_mean.fill_(3.0)
    recompute_running(model, x, 20)
    assert_close(model.first.running_mean, model.wide(x).mean(0), **EXACT)
    assert model.second.running_mean.abs().max() > 0
    assert (model.unused.running_mean == 3).all() and (
        model.unused.running_var == 1
    ).all()


@pytest.mark.parametrize("norm", NORMS)
def test_a_layer_that_is_called_twice_averages_both(norm):
    torch.manual_seed(0)
    model, x = Shared(norm).double(), torch.randn(40, 6).double() + 1
    twin = copy.deepcopy(model)
    twin.norm.momentum = None
    twin.norm.reset_running_stats()
    for batch in x.split(20):
        twin.train()(batch)
    recompute_running(model, x, 20)
    assert_close(model.norm.running_mean, twin.norm.running_mean, **EXACT)
    assert_close(model.norm.running_var, twin.norm.running_var, **EXACT)


def test_a_layer_called_with_maps_of_two_sizes_is_refused_by_name():
    class TwoSizes(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = BatchNorm(1)

        def forward(self, x):
            return self.norm(self.norm(x)[..., ::2])

    model = nn.Sequential(TwoSizes(), nn.Flatten(), nn.Linear(28 * 14, 3))
    before = left_behind(model)
    x, y = torch.rand(8, 1, 28, 28), torch.zeros(8, dtype=torch.long)
    with pytest.raises(ValueError, match=r"'0\.norm' .* 784 and with 392 values"):
        score_states(model, average(observe_batches(model, x, 4)), x, y, 4)
    assert_same_trace(left_behind(model), before)


class Remembers(nn.Module):
    """Somebody's layer with a running mean of another kind."""

    def __init__(self, width=6):
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(width))

    def forward(self, x):
        return x - self.running_mean


OTHERS = {
    "BatchRenorm": lambda: BatchRenorm(6),
    "GhostBatchNorm": lambda: GhostBatchNorm(6, 4),
    "InstanceNorm": lambda: InstanceNorm(6, track_running_stats=True),
    "InstanceNorm1d": lambda: nn.InstanceNorm1d(6, track_running_stats=True),
    "Remembers": Remembers,
}


@pytest.mark.parametrize("name", OTHERS)
def test_statistics_of_another_kind_are_refused_by_name(name):
    model = nn.Sequential(nn.Linear(6, 6), BatchNorm(6), nn.Sequential(OTHERS[name]()))
    x, y = torch.randn(8, 6), torch.zeros(8, dtype=torch.long)
    before = left_behind(model)
    calls = {
        "observe": lambda: observe_batches(model, x, 4),
        "score": lambda: score_states(model, {}, x, y, 4),
        "choose": lambda: normalized_with(model, None).__enter__(),
    }
    for call in calls.values():
        with pytest.raises(TypeError, match=rf"'2\.0' is a {name}"):
            call()
    assert_same_trace(left_behind(model), before)
    assert hooks(model) == 0


def test_what_counts_no_batches_is_not_recomputed():
    model = nn.Sequential(nn.Linear(6, 6), BatchNorm(6), nn.Sequential(Remembers()))
    before = left_behind(model)
    with pytest.raises(TypeError, match=r"'2\.0' is a Remembers"):
        recompute_running(model, torch.randn(8, 6), 4)
    assert_same_trace(left_behind(model), before)


def test_ghosts_average_over_their_parts():
    """Ten batches of 20, each of five parts of 4: fifty parts, of equal weight."""
    model = nn.Sequential(nn.Linear(6, 6), GhostBatchNorm(6, 4)).double()
    x = 2 * torch.randn(200, 6).double() + 1
    recompute_running(model, x, 20)
    parts = model[0](x).unflatten(0, (50, 4))
    assert_close(model[1].running_mean, parts.mean((0, 1)), **EXACT)
    assert_close(model[1].running_var, parts.var(1).mean(0), **EXACT)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_precision_is_observed_in_float32(half):
    """Squares of these would be infinite in float16."""
    model = nn.Sequential(BatchNorm(3)).to(half)
    model.register_parameter("any", nn.Parameter(torch.zeros(1, dtype=half)))
    x = (300 * torch.randn(64, 3)).to(half)
    mean, var = observe_batches(model, x, 64)["0"]
    assert mean.dtype == torch.float32
    exact = x.double().var(0, correction=0)
    sums = len(x) * torch.finfo(torch.float32).eps
    assert_close(var[0].double(), exact, rtol=sums, atol=0)


def test_kinds_of_statistics_are_the_model_s():
    """The layers say it, whatever the normalizer is called."""
    assert kinds_of_statistics(network(BatchNorm)) == ("running", "batch")
    assert kinds_of_statistics(lenet(lambda c: GhostBatchNorm(c, 4)))[1:] == ("batch",)
    for norm in (None, LayerNorm, lambda c: BatchNorm(c, track_running_stats=False)):
        assert kinds_of_statistics(lenet(norm)) == ("running",)
