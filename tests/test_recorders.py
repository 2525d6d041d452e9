"""Recorders against what can be seen without them; and they leave no trace."""

import copy
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close
from traces import assert_same_trace, hooks, left_behind

from normlab.evaluation import preserved, tracking_layers
from normlab.layers import BatchNorm, GhostBatchNorm
from normlab.models import TorchBatchNorm, lenet, mlp, xavier
from normlab.recorders import (
    ACTIVATIONS,
    EDGES,
    GRADIENT_EDGES,
    PERCENTILES,
    Activations,
    GammaAndBeta,
    RunningBank,
    Snapshots,
    Statistics,
    Updates,
    captured,
    snapshot_steps,
)
from normlab.training import fit

SIZE = 256  # images: 4 equal batches
BATCH = 64
PROBE = 40
CLOSE = {"rel": 1e-9, "abs": 1e-9}  # float64
KEPT = {"rel": 2.0**-23, "abs": 1e-12}  # computed in float64, kept in float32
NORMS = [BatchNorm, TorchBatchNorm]
NORMALIZERS = (BatchNorm, nn.BatchNorm1d, nn.BatchNorm2d)


@pytest.fixture
def images(fashion):
    return fashion[0][:SIZE].clone(), fashion[1][:SIZE].clone()


@pytest.fixture
def probe(fashion):
    return fashion[2][:PROBE].clone(), fashion[3][:PROBE].clone()


def network(norm=BatchNorm, act=nn.Sigmoid):
    torch.manual_seed(0)
    return xavier(lenet(norm, act)).double()


def with_dropout(norm=BatchNorm):
    torch.manual_seed(0)
    return nn.Sequential(*mlp(3, 20, norm), nn.Dropout(0.3))


def short(model, images, **changes):
    """Eight steps; changes are arguments of ``fit``."""
    settings = {"epochs": 2, "lr": 0.5, "batch_size": BATCH}
    return fit(model, images, **(settings | changes))


def look(recorder, model):
    """Take one snapshot outside a training; return it by name."""
    recorder(0, model, (None, None), None)
    return {name: a[0] for name, a in recorder.arrays().items() if name != "steps"}


# Recording changes no number


MODELS = {
    "ours": network,
    "torch's": lambda: network(TorchBatchNorm),
    "without": lambda: network(None),
    "dropout": with_dropout,
    "dropout without": lambda: with_dropout(None),
}


@pytest.mark.parametrize("build", MODELS.values(), ids=MODELS.keys())
def test_recording_changes_no_number(images, probe, build):
    """Bit for bit, the random numbers that dropout draws included."""
    steps = range(8)
    recorders = [
        Activations(probe, steps),
        Updates(steps),
        Statistics(probe, steps),
        GammaAndBeta(steps),
    ]
    found = []
    for used in ([], recorders):
        model = build()
        torch.manual_seed(3)
        with RunningBank(model, [0.1] if used else []):
            history = short(model, images, recorders=used, momentum=0.9)
        found.append((history.step_losses, torch.get_rng_state(), left_behind(model)))
    (plain, plain_rng, plain_trace), (recorded, rng, trace) = found
    assert recorded == plain
    assert torch.equal(rng, plain_rng)
    assert_same_trace(trace, plain_trace)
    assert [len(r.taken) for r in recorders] == [8, 7, 8, 8]
    assert hooks(model) == 0


@pytest.mark.parametrize("recorder", [Activations, Statistics])
@pytest.mark.parametrize("norm", NORMS)
def test_a_snapshot_leaves_the_model_as_it_was(probe, norm, recorder):
    """Also where some modules are in one mode and some in the other."""
    model = network(norm)
    model[1].eval()
    F.cross_entropy(model(probe[0].double() / 255), probe[1]).backward()
    before = copy.deepcopy(left_behind(model))
    look(recorder(probe, [0]), model)
    assert_same_trace(left_behind(model), before)


class Broken(nn.Module):
    def forward(self, x):
        raise RuntimeError("out of memory")


@pytest.mark.parametrize("recorder", [Activations, Statistics])
def test_a_failing_forward_pass_leaves_no_trace(probe, recorder):
    """The normalizers before the failure have seen a batch by then."""
    model = network()
    model.append(Broken())
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    before, generator = copy.deepcopy(left_behind(model)), torch.get_rng_state()
    with pytest.raises(RuntimeError, match="out of memory"):
        look(recorder(probe, [0]), model.train())
    assert hooks(model) == 0
    assert_same_trace(left_behind(model), before)
    assert torch.equal(torch.get_rng_state(), generator)


def test_captured_stops_collecting_after_an_error(probe):
    model = network()
    with pytest.raises(RuntimeError, match="stop"), captured(model) as met:
        model(probe[0].double() / 255)
        raise RuntimeError("stop")
    model(probe[0].double() / 255)
    assert [len(met[name]) for name in ("pre", "post", "act")] == [4, 4, 4]


# Giving the model back


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("fails", [True, False])
def test_preserved_gives_modes_and_buffers_back(probe, norm, fails):
    model = network(norm)
    model[5].eval()
    before = copy.deepcopy(left_behind(model))
    tensors = list(model.buffers())
    try:
        with preserved(model):
            model.train()
            model(probe[0].double() / 255)
            model.eval()
            assert not torch.equal(tensors[0], before[0]["1.running_mean"])
            if fails:
                raise KeyError("stop")
    except KeyError:
        assert fails
    assert_same_trace(left_behind(model), before)
    # In place: whoever holds a buffer, an optimizer or a copy, still holds it.
    assert all(a is b for a, b in zip(model.buffers(), tensors, strict=True))


def test_preserved_lets_parameters_learn():
    model = mlp(2, 3, BatchNorm)
    with preserved(model), torch.no_grad():
        model[1].weight.fill_(7)
    assert model[1].weight.eq(7).all()


# When


TOTALS = [1, 2, 3, 4, 10, 23, 24, 47, 48, 49, 235, 2350, 9380, 50000]


@pytest.mark.parametrize("count", [3, 4, 5, 48, 101])
@pytest.mark.parametrize("total", TOTALS)
def test_snapshot_steps_are_steps_of_the_training(total, count):
    steps = snapshot_steps(total, count)
    assert all(type(step) is int for step in steps)
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, total - 1)
    assert len(steps) <= count + 1


def test_snapshot_steps_are_dense_early_and_reach_everywhere():
    steps = snapshot_steps(50000)
    assert len(steps) > 40
    early = [step for step in steps if step < 500]  # the first hundredth
    assert 1 in early and 10 < len(early) < 30
    assert max(np.diff(steps)) <= 50000 / 22


def test_snapshot_steps_has_a_default_count():
    assert snapshot_steps(2350) == snapshot_steps(2350, 48)


@pytest.mark.parametrize(("total", "count"), [(0, 48), (-3, 48), (10, 1), (10, 0)])
def test_too_few_snapshots_are_an_error(total, count):
    with pytest.raises(ValueError, match=f"total={total}, count={count}"):
        snapshot_steps(total, count)


def test_snapshots_are_taken_at_the_given_steps(images, probe):
    recorders = [
        recorder([5, 0, 2, 5, 99])
        for recorder in (
            GammaAndBeta,
            lambda steps: Activations(probe, steps),
            lambda steps: Statistics(probe, steps),
            Updates,
        )
    ]
    short(network(), images, recorders=recorders)
    for recorder in recorders:
        found = recorder.arrays()
        assert found["steps"].tolist() == [0, 2, 5]
        assert {len(values) for values in found.values()} == {3}


def test_no_snapshot_is_no_array(images):
    recorder = GammaAndBeta([])
    short(network(), images, recorders=[recorder])
    found = recorder.arrays()
    assert set(found) == {"steps"} and len(found["steps"]) == 0


def test_a_recorder_must_say_what_it_records():
    class Silent(Snapshots):
        pass

    with pytest.raises(NotImplementedError, match="Silent"):
        Silent([0])(0, nn.Flatten(), (None, None), None)


# Gamma and beta


@pytest.mark.parametrize("norm", NORMS)
def test_gamma_and_beta_are_those_of_the_moment(images, norm):
    """Copies: later updates in place must not reach earlier snapshots."""
    seen = []

    def by_hand(step, model, batch, loss):
        layers = [m for m in model if isinstance(m, NORMALIZERS)]
        seen.append([(m.weight.tolist(), m.bias.tolist()) for m in layers])

    recorder = GammaAndBeta(range(8))
    short(network(norm), images, recorders=[recorder, by_hand])
    found = recorder.arrays()
    assert len(found) == 1 + 2 * 4
    for number in range(4):
        gammas, betas = zip(*(moment[number] for moment in seen), strict=True)
        assert found[f"gamma/{number}"].tolist() == list(gammas)
        assert found[f"beta/{number}"].tolist() == list(betas)
    assert (found["gamma/0"][0] == 1).all() and (found["gamma/0"][7] != 1).all()


# Updates


def test_updates_are_what_the_parameters_really_did(images):
    """With momentum and decay, also over the end of an epoch (step 3)."""
    values, gradients = [], []

    def by_hand(step, model, batch, loss):
        values.append([p.detach().clone().double() for p in model.parameters()])
        gradients.append([p.grad.clone().double() for p in model.parameters()])

    recorder, model = Updates([0, 1, 3, 6, 7]), network()
    options = {"momentum": 0.9, "weight_decay": 0.01}
    short(model, images, recorders=[recorder, by_hand], **options)
    found = recorder.arrays()
    assert found["steps"].tolist() == [0, 1, 3, 6]  # nothing follows step 7

    def norms(tensors):
        return [np.sqrt((t.numpy() ** 2).sum()) for t in tensors]

    for row, step in enumerate(found["steps"]):
        moved = [a - b for a, b in zip(values[step + 1], values[step], strict=True)]
        expected = {
            "parameter_norm": norms(values[step]),
            "gradient_norm": norms(gradients[step]),
            "update_norm": norms(moved),
        }
        for name, sizes in expected.items():
            assert found[name][row] == pytest.approx(sizes, **KEPT), name
    # Momentum: the update is not the learning rate times the gradient.
    plain = 0.5 * found["gradient_norm"][-1]
    assert not np.allclose(found["update_norm"][-1], plain, rtol=0.1)


# Activations, against a forward pass by hand


def by_hand(model, probe):
    """What enters normalizers and activations, and the gradient at the latter.

    The gradient is that of a tensor of zeros added at the place.
    """
    model = copy.deepcopy(model).train()
    h = probe[0].to(model[-1].weight.dtype) / 255
    pre, post, zeros = [], [], []
    for module in model:
        if isinstance(module, NORMALIZERS):
            pre.append(h.detach().numpy())
        if isinstance(module, ACTIVATIONS):
            zeros.append(torch.zeros_like(h, requires_grad=True))
            h = h + zeros[-1]
            post.append(h.detach().numpy())
        h = module(h)
    log_p = h.log_softmax(1)[torch.arange(len(probe[1])), probe[1]]
    gradients = torch.autograd.grad(-log_p.sum(), zeros)
    return {"pre": pre, "post": post, "gradient": [g.numpy() for g in gradients]}


def shares(values, edges):
    """A histogram by comparison: the outermost bins reach to infinity."""
    inner = [-np.inf, *edges[1:-1], np.inf]
    return [np.mean((values >= low) & (values < high)) for low, high in pairwise(inner)]


def percentiles(arrays):
    """By sorting: linear between the two values nearest to the place."""
    found = []
    for values in arrays:
        ordered = np.sort(values.astype(np.float64), axis=None)
        place = np.array(PERCENTILES) / 100 * (ordered.size - 1)
        found.append(np.interp(place, np.arange(ordered.size), ordered))
    return found


@pytest.mark.parametrize("act", [nn.Sigmoid, nn.Tanh, nn.ReLU])
@pytest.mark.parametrize("norm", [BatchNorm, TorchBatchNorm, None])
def test_activations_are_those_of_a_pass_by_hand(probe, norm, act):
    model = network(norm, act)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    expected = by_hand(model, probe)
    found = look(Activations(probe, [0]), model.eval())
    kept = ("post", "gradient") if norm is None else ("pre", "post", "gradient")
    assert set(found) == {*kept, *(f"{name}_histogram" for name in kept)} | {
        "flat",
        "stuck",
        "gradient_norm",
    }
    for name in kept:
        assert found[name].shape == (4, 9)
        assert_close(
            found[name],
            np.array(percentiles(expected[name]), dtype=np.float32),
            rtol=KEPT["rel"],
            atol=KEPT["abs"],
        )
    for name, edges in (("pre", EDGES), ("post", EDGES), ("gradient", GRADIENT_EDGES)):
        if name in kept:
            values = expected[name]
            if name == "gradient":
                with np.errstate(divide="ignore"):  # ReLU: a gradient of 0
                    values = [np.log10(np.abs(v)) for v in values]
            counted = np.array([shares(v, edges) for v in values])
            # Closer than one value in the smallest layer would be.
            assert found[f"{name}_histogram"] == pytest.approx(counted, abs=1e-6)
            assert found[f"{name}_histogram"].sum(1) == pytest.approx(1, abs=1e-5)
    norms = [np.sqrt((g**2).sum()) / PROBE for g in expected["gradient"]]
    assert found["gradient_norm"] == pytest.approx(norms, **KEPT)


def test_activations_see_the_probe_in_training_mode(probe):
    """Running statistics far off must not matter."""
    model = network()
    recorder = Activations(probe, range(2))
    recorder(0, model, (None, None), None)
    for layer in tracking_layers(model).values():
        layer.running_mean.fill_(1000)
    recorder(1, model.eval(), (None, None), None)
    found = recorder.arrays()
    for name in ("pre", "post", "gradient"):
        assert (found[name][0] == found[name][1]).all()
        assert np.ptp(found[name][0]) > 0


def test_the_probe_may_be_bytes_or_floats(probe):
    model = network()
    one = look(Activations(probe, [0]), model)
    two = look(Activations((probe[0].double() / 255, probe[1]), [0]), model)
    assert all((one[name] == two[name]).all() for name in one)


def test_the_gradient_is_that_of_one_image(probe):
    """So that twice the images give the same percentiles, the norm apart."""
    model = network(None)  # a normalizer would see another batch
    twice = tuple(torch.cat([t, t]) for t in probe)
    one, two = (look(Activations(p, [0]), model) for p in (probe, twice))
    # The places between two values move a little.
    assert two["gradient"] == pytest.approx(one["gradient"], rel=0.02, abs=1e-6)
    # The mean loss is shared by twice as many: each has half of the gradient.
    assert two["gradient_norm"] == pytest.approx(one["gradient_norm"] / 2**0.5)


def test_histograms_can_be_left_out(probe):
    model = network()
    whole = look(Activations(probe, [0]), model)
    found = look(Activations(probe, [0], histograms=False), model)
    assert set(whole) - set(found) == {n for n in whole if n.endswith("_histogram")}
    assert len(found) == 6
    assert all((found[name] == whole[name]).all() for name in found)


def fed_with(values, act):
    """A network whose first activation receives ``values``, whatever the image."""
    feed = nn.Linear(784, len(values))
    nn.init.zeros_(feed.weight)
    with torch.no_grad():
        feed.bias.copy_(torch.tensor(values))
    return nn.Sequential(nn.Flatten(), feed, act(), nn.Linear(len(values), 10))


def test_outliers_land_in_the_outermost_bins(probe):
    """And a gradient of exactly 0, whose logarithm has no end."""
    model = fed_with([-1e30, -65.0, 65.0, 1e30, 0.01], nn.Sigmoid)
    found = look(Activations(probe, [0]), model)
    histogram = found["post_histogram"][0]
    assert (histogram[0], histogram[-1]) == pytest.approx((0.4, 0.4))
    assert histogram[1:-1].max() == pytest.approx(0.2)
    gradients = found["gradient_histogram"][0]
    assert gradients[0] == pytest.approx(0.8)
    assert gradients[1:].sum() == pytest.approx(0.2)


def test_edges_are_finest_at_zero_and_symmetric():
    widths = np.diff(EDGES)
    assert (widths > 0).all()
    assert pytest.approx(-EDGES[::-1]) == EDGES
    assert (EDGES[0], EDGES[40], EDGES[-1]) == pytest.approx((-64, 0, 64))
    assert widths.argmin() in (39, 40)
    assert (len(EDGES) - 1, len(GRADIENT_EDGES) - 1) == (80, 56)


# Activations: where no gradient passes


def sigmoid_is_flat(x):
    s = 1 / (1 + np.exp(-x.astype(np.float64)))
    return s * (1 - s) < 0.01 / 4


FLAT = {
    nn.Sigmoid: sigmoid_is_flat,
    nn.Tanh: lambda x: 1 / np.cosh(x.astype(np.float64)) ** 2 < 0.01,
    nn.ReLU: lambda x: x <= 0,
}


@pytest.mark.parametrize("act", FLAT, ids=lambda act: act.__name__)
@pytest.mark.parametrize("norm", [None, BatchNorm])
def test_flat_and_stuck_follow_from_the_derivative(probe, norm, act):
    model = network(norm, act)
    with torch.no_grad():
        for layer in model:  # wide enough for all three functions' ends
            if isinstance(layer, nn.Conv2d | nn.Linear):
                layer.weight.mul_(4)
                layer.bias.copy_(torch.linspace(-30, 20, len(layer.bias)))
            if isinstance(layer, BatchNorm):
                layer.weight.fill_(3)
                layer.bias.copy_(torch.linspace(-30, 5, len(layer.bias)))
    flat = [FLAT[act](values) for values in by_hand(model, probe)["post"]]
    units = [np.moveaxis(f, 1, 0).reshape(f.shape[1], -1) for f in flat]
    found = look(Activations(probe, [0], histograms=False), model)
    assert found["flat"] == pytest.approx([f.mean() for f in flat], **KEPT)
    assert found["stuck"] == pytest.approx([u.all(1).mean() for u in units])
    assert ((found["flat"] > 0) & (found["flat"] < 1)).all()
    assert (found["stuck"] > 0).any() and (found["stuck"] < found["flat"]).any()


def test_a_sigmoid_is_flat_beyond_its_hundredth(probe):
    """At s (1 - s) = 0.01 / 4, which s = (1 + sqrt(0.99)) / 2 solves."""
    s = (1 + 0.99**0.5) / 2
    end = np.log(s / (1 - s))
    values = [end + 0.01, end - 0.01, -end - 0.01, -end + 0.01]
    found = look(Activations(probe, [0]), fed_with(values, nn.Sigmoid))
    assert found["flat"] == pytest.approx([0.5])
    assert found["stuck"] == pytest.approx([0.5])


def test_a_dead_unit_is_counted(probe):
    """Of 5 units one is dead; one that fires for a single image is not."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 5), nn.ReLU(), nn.Linear(5, 10))
    x = probe[0].flatten(1) / 255
    with torch.no_grad():
        model[1].weight.abs_()
        model[1].bias[:] = 1.0
        model[1].bias[0] = -1e4
        most = (x @ model[1].weight[1]).topk(2).values
        model[1].bias[1] = -most.mean()  # between the first image and the second
    found = look(Activations(probe, [0]), model)
    assert found["stuck"] == pytest.approx([1 / 5])
    assert found["flat"] == pytest.approx([(PROBE + PROBE - 1) / (5 * PROBE)])


def test_a_dead_channel_of_a_convolution_is_one_unit(probe):
    model = network(None, nn.ReLU)
    with torch.no_grad():
        model[0].bias[2] = -1e4
        model[0].bias[[0, 1, 3, 4, 5]] = 1e4
    found = look(Activations(probe, [0]), model)
    assert found["stuck"][0] == pytest.approx(1 / 6)
    assert found["flat"][0] == pytest.approx(1 / 6)


# Statistics


@pytest.mark.parametrize("norm", NORMS)
def test_statistics_are_the_layers_and_the_probes(images, probe, norm):
    """The batch's variance as the running one receives it: with n/(n-1)."""
    steps, seen = (0, 3, 6), []

    def look(step, model, batch, loss):
        if step in steps:
            twin = copy.deepcopy(model).train()
            h, moment = probe[0].double() / 255, []
            for module in twin:
                if isinstance(module, NORMALIZERS):
                    axes = (0, 2, 3)[: h.dim() - 1]
                    x = h.detach().double()
                    running = module.running_mean.clone(), module.running_var.clone()
                    moment.append((*running, x.mean(axes), x.var(axes, correction=1)))
                h = module(h)
            seen.append(moment)

    recorder = Statistics(probe, steps)
    short(network(norm), images, recorders=[recorder, look])
    found = recorder.arrays()
    assert len(found) == 1 + 4 * 4
    for row, moment in enumerate(seen):
        for number, expected in enumerate(moment):
            got = [
                found[f"{name}/{number}"][row]
                for name in ("running_mean", "running_var", "batch_mean", "batch_var")
            ]
            assert (got[0] == expected[0].numpy()).all()
            assert (got[1] == expected[1].numpy()).all()
            assert got[2] == pytest.approx(expected[2].numpy(), **CLOSE)
            assert got[3] == pytest.approx(expected[3].numpy(), **CLOSE)
    assert (found["running_mean/0"][0] != found["running_mean/0"][2]).all()


# Many momenta at once


@pytest.mark.parametrize("momentum", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("norm", NORMS)
def test_bank_follows_the_layers_own_statistics(images, norm, momentum):
    """At the layers' momentum, beside others; its variances without n/(n-1)."""
    momenta = (0.01, 0.1, 0.3, 1.0)
    model = network(norm)
    layers = tracking_layers(model)
    for layer in layers.values():
        layer.momentum = momentum
    with RunningBank(model, momenta) as bank:
        short(model, images)
    row, start = momenta.index(momentum), (1 - momentum) ** 8  # what is left of 1
    values = dict(zip(layers, (24 * 24, 8 * 8, 1, 1), strict=True))
    assert bank.means.keys() == bank.variances.keys() == layers.keys()
    for name, layer in layers.items():
        assert bank.means[name].shape == (4, layer.num_features)
        assert_close(bank.means[name][row], layer.running_mean, rtol=0, atol=1e-9)
        n = BATCH * values[name]
        biased = start + (layer.running_var - start) * (n - 1) / n
        assert_close(bank.variances[name][row], biased, rtol=0, atol=1e-9)
        # The factor is above the tolerance, in the dense layers at least.
        assert n > 1000 or not torch.allclose(biased, layer.running_var, rtol=1e-4)


def passing(model, x, mode, grad):
    model.train(mode)
    with torch.set_grad_enabled(grad):
        model(x)


@pytest.mark.parametrize(
    ("mode", "grad", "follows"),
    [(True, True, True), (True, False, False), (False, True, False)],
)
def test_bank_sees_nothing_but_training(probe, mode, grad, follows):
    model, x = network(), probe[0].double() / 255
    with RunningBank(model, [0.5]) as bank:
        passing(model, x, True, True)
        before = copy.deepcopy((bank.means, bank.variances))
        passing(model, x + 1, mode, grad)
    for old, new in zip(before, (bank.means, bank.variances), strict=True):
        for name in old:
            assert torch.equal(old[name], new[name]) is not follows


def test_bank_ignores_evaluation_between_epochs(images):
    found = []
    for evaluate in ({}, {"same": images}):
        model = network()
        with RunningBank(model, [0.1, 0.5]) as bank:
            short(model, images, evaluate=evaluate, statistics=("running", "batch"))
        found.append(bank)
    assert_close(found[0].means, found[1].means, rtol=0, atol=0)
    assert_close(found[0].variances, found[1].variances, rtol=0, atol=0)


def test_bank_keeps_no_graph_and_lets_go(probe):
    model = network()
    with pytest.raises(KeyError), RunningBank(model, [0.5]) as bank:
        passing(model, probe[0].double() / 255, True, True)
        raise KeyError("stop")
    assert hooks(model) == 0
    before = copy.deepcopy(bank.means)
    passing(model, probe[0].double() / 255 + 1, True, True)
    assert_close(bank.means, before, rtol=0, atol=0)
    assert not any(m.requires_grad for m in bank.means.values())


# Layers, not positions; and whatever a model may be made of


class OutOfOrder(nn.Module):
    """Defines ``second`` before ``first``, and calls ``first`` first."""

    def __init__(self, norm=BatchNorm):
        super().__init__()
        self.second, self.act_of_second = norm(5), nn.Tanh()
        self.first, self.act_of_first = norm(10), nn.Sigmoid()
        self.narrow, self.wide = nn.Linear(10, 5), nn.Linear(784, 10)
        self.out = nn.Linear(5, 10)

    def forward(self, x):
        hidden = self.act_of_first(self.first(self.wide(x.flatten(1))))
        return self.out(self.act_of_second(self.second(self.narrow(hidden))))


@pytest.mark.parametrize("norm", NORMS)
def test_each_layer_is_paired_with_its_own_batch(probe, norm):
    torch.manual_seed(0)
    model = OutOfOrder(norm).double()
    found = look(Statistics(probe, [0]), model)
    met = model.wide(probe[0].double().flatten(1) / 255)
    assert [found[f"running_mean/{n}"].shape for n in (0, 1)] == [(5,), (10,)]
    expected = met.mean(0).detach().numpy()
    assert found["batch_mean/1"] == pytest.approx(expected, abs=1e-9)
    assert found["batch_mean/0"].shape == (5,)


def test_each_activation_has_its_own_slope(probe):
    """The first that is called is a sigmoid, and comes first."""
    torch.manual_seed(0)
    model = OutOfOrder().double()
    with torch.no_grad():
        model.first.weight.fill_(3.0)
        model.second.weight.fill_(3.0)
    found = look(Activations(probe, [0]), model)
    x = model.first(model.wide(probe[0].double().flatten(1) / 255))
    assert found["post"][0] == pytest.approx(
        percentiles([x.detach().numpy()])[0], **KEPT
    )
    slope = 4 * torch.sigmoid(x) * (1 - torch.sigmoid(x))
    assert found["flat"][0] == pytest.approx((slope < 0.01).double().mean().item())


def test_one_activation_at_three_places_is_three(probe):
    act = nn.Sigmoid()
    model = mlp(4, 20, BatchNorm, act=lambda: act)
    found = look(Activations(probe, [0]), model)
    assert found["post"].shape == (3, 9) and found["flat"].shape == (3,)


def test_an_activation_in_place_is_seen_before_it_works(probe):
    """The same numbers as from one that makes a new tensor, gradients included."""
    outcomes = []
    for in_place in (False, True):
        model = network(act=lambda in_place=in_place: nn.ReLU(inplace=in_place))
        outcomes.append(look(Activations(probe, [0]), model))
    assert (outcomes[0]["post"][:, 0] < 0).all()
    for name, values in outcomes[0].items():
        assert (outcomes[1][name] == values).all(), name


def test_a_model_without_known_activations_is_refused(probe):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    with pytest.raises(ValueError, match="Sequential calls no activation"):
        look(Activations(probe, [0]), model)
    assert hooks(model) == 0


def test_a_frozen_parameter_has_no_gradient(images):
    model = network()
    model[1].bias.requires_grad_(False)
    recorder = Updates(range(4))
    short(model, images, recorders=[recorder], epochs=1)
    found = recorder.arrays()
    names = [name for name, _ in model.named_parameters()]
    place = names.index("1.bias")
    assert np.isnan(found["gradient_norm"][:, place]).all()
    assert (found["update_norm"][:, place] == 0).all()
    others = np.delete(found["gradient_norm"], place, axis=1)
    assert np.isfinite(others).all()


@pytest.mark.parametrize(
    ("options", "kept"),
    [({"affine": False}, set()), ({"bias": False}, {"gamma/0", "gamma/1"})],
)
def test_what_is_not_learned_is_not_recorded(images, options, kept):
    norms = BatchNorm, nn.BatchNorm1d
    for norm in norms:
        model = mlp(3, 20, lambda c, norm=norm: norm(c, **options))
        assert set(look(GammaAndBeta([0]), model)) == kept


HALF = pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])


def halved(norm, half):
    torch.manual_seed(0)
    return xavier(mlp(3, 20, norm, act=nn.Sigmoid)).to(half)


@HALF
@pytest.mark.parametrize("norm", NORMS)
def test_half_precision_is_recorded_in_float32(images, probe, half, norm):
    recorders = [
        Activations(probe, range(4)),
        Updates(range(4)),
        Statistics(probe, range(4)),
        GammaAndBeta(range(4)),
    ]
    short(halved(norm, half), images, recorders=recorders, epochs=1, lr=0.1)
    for recorder in recorders:
        for name, values in recorder.arrays().items():
            assert values.dtype in (np.float32, np.float64, np.int64), name
            assert np.isfinite(values).all(), name


@HALF
@pytest.mark.parametrize("norm", NORMS)
def test_a_bank_of_half_precision_remembers_in_float32(images, half, norm):
    """The layer's own memory is rounded at each of the four steps; weights add to 1."""
    model = halved(norm, half)
    with RunningBank(model, [0.1]) as bank:
        short(model, images, epochs=1, lr=0.1)
    step = 4 * torch.finfo(half).eps
    for name, layer in tracking_layers(model).items():
        mean, var = bank.means[name][0], bank.variances[name][0]
        assert mean.dtype == var.dtype == torch.float32
        assert_close(layer.running_mean.float(), mean, rtol=step, atol=step)
        unbiased = 0.9**4 + (var - 0.9**4) * BATCH / (BATCH - 1)
        assert_close(layer.running_var.float(), unbiased, rtol=step, atol=step)


@pytest.mark.parametrize("recorder", [Statistics, RunningBank])
def test_statistics_of_another_kind_are_refused_by_name(probe, recorder):
    model = mlp(3, 20, lambda c: GhostBatchNorm(c, 4))
    with pytest.raises(TypeError, match="'2' is a GhostBatchNorm"):
        if recorder is Statistics:
            look(Statistics(probe, [0]), model)
        else:
            RunningBank(model, [0.1])
