"""Statistics of batch renormalization at today's weights, against sums by hand."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close
from traces import assert_same_trace, hooks, left_behind

from normlab.evaluation import recompute_running, tracking_layers
from normlab.layers import BatchNorm, BatchRenorm, GhostBatchNorm
from normlab.layers.renorm import renorm_limits
from normlab.runs.config import Run
from normlab.runs.score import scored

EXACT = {"rtol": 0, "atol": 1e-10}  # float64
BATCH, IMAGES = 20, 90  # 4 whole batches and a rest
LIMITS = {"closed": (1.0, 0.0), "tight": (1.2, 0.1), "wide": (3.0, 5.0)}
WIDTH, EPS = 6, 1e-3


def network(limits=LIMITS["wide"], ghost_size=None, depth=3, norm=None):
    """Dense, in float64, with a memory that is nobody's."""
    torch.manual_seed(0)

    def renorm(width):
        return BatchRenorm(width, ghost_size=ghost_size, limits=lambda seen: limits)

    layers = [
        layer
        for _ in range(depth)
        for layer in (nn.Linear(WIDTH, WIDTH), (norm or renorm)(WIDTH), nn.Tanh())
    ]
    model = nn.Sequential(*layers).double()
    with torch.no_grad():
        for layer in tracking_layers(model).values():
            layer.weight.uniform_(0.5, 1.5), layer.bias.normal_()
            layer.running_mean.normal_()
            for name in {"running_std", "running_var"} & set(dir(layer)):
                getattr(layer, name).uniform_(0.5, 1.5)
    return model


def inputs(images=IMAGES):
    """Unlike batches, so that r and d are not 1 and 0, and limits are reached."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(images, WIDTH, generator=generator, dtype=torch.float64)
    return x * torch.linspace(0.3, 3, images).double().view(-1, 1) + 0.5


def settled(model, x, r_max, d_max, size):
    """Layer by layer in NumPy: [(mean, deviation)] of the batch renormalizations.

    All parts go through a layer before any goes through the next.
    """
    parts = [part.numpy() for part in x[: len(x) // BATCH * BATCH].split(size)]
    found = []
    for layer in model:
        if isinstance(layer, nn.Linear):
            weight, bias = (p.detach().numpy() for p in (layer.weight, layer.bias))
            parts = [part @ weight.T + bias for part in parts]
        elif isinstance(layer, nn.Tanh):
            parts = [np.tanh(part) for part in parts]
        else:
            means = [part.mean(0) for part in parts]
            stds = [np.sqrt(part.var(0) + EPS) for part in parts]
            mean, std = np.mean(means, axis=0), np.mean(stds, axis=0)
            found.append((mean, std))
            gamma, beta = (p.detach().numpy() for p in (layer.weight, layer.bias))
            parts = [
                gamma
                * (
                    (part - mu) / sigma * np.clip(sigma / std, 1 / r_max, r_max)
                    + np.clip((mu - mean) / std, -d_max, d_max)
                )
                + beta
                for part, mu, sigma in zip(parts, means, stds, strict=True)
            ]
    return found


def remembered(model):
    return [
        (layer.running_mean.numpy(), layer.running_std.numpy())
        for layer in tracking_layers(model).values()
    ]


def furthest(found, expected):
    """The largest difference of any layer's mean or deviation."""
    return max(
        np.abs(a - b).max()
        for mine, theirs in zip(found, expected, strict=True)
        for a, b in zip(mine, theirs, strict=True)
    )


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("ghost_size", [None, 4])
def test_recomputed_is_where_training_would_settle(limits, ghost_size):
    model, x = network(LIMITS[limits], ghost_size), inputs()
    before, modes = left_behind(model.eval())
    expected = settled(model, x, *LIMITS[limits], ghost_size or BATCH)
    recompute_running(model, x, BATCH)
    assert furthest(remembered(model), expected) < EXACT["atol"]
    after, modes_after = left_behind(model)
    others = {name for name in after if "running" not in name}
    assert all(torch.equal(after[name], before[name]) for name in others)
    assert modes_after == modes and hooks(model) == 0


def test_the_old_memory_has_no_say():
    model, other = network(), network()
    for layer in tracking_layers(other).values():
        layer.reset_running_stats()
    for one in (model, other):
        recompute_running(one, inputs(), BATCH)
    assert furthest(remembered(model), remembered(other)) < EXACT["atol"]


def test_recomputing_again_changes_nothing():
    model = network()
    recompute_running(model, inputs(), BATCH)
    first = [[v.copy() for v in pair] for pair in remembered(model)]
    recompute_running(model, inputs(), BATCH)
    assert furthest(remembered(model), first) < EXACT["atol"]


def growing(model, x):
    """One pass in which each layer is measured by what it has seen so far."""
    for layer in tracking_layers(model).values():
        layer.momentum = None
        layer.reset_running_stats()
    for batch in x[: 4 * BATCH].split(BATCH):
        model.train()(batch)


def by_the_old_memory(model, x):
    """One pass in which r and d are those of the memory at first."""
    seen = {name: [] for name in tracking_layers(model)}
    for name, layer in tracking_layers(model).items():
        layer.momentum = 0.0
        layer.register_forward_pre_hook(
            lambda _, inputs, name=name: seen[name].append(inputs[0].detach())
        )
    for batch in x[: 4 * BATCH].split(BATCH):
        model.train()(batch)
    for name, layer in tracking_layers(model).items():
        parts = torch.stack(seen[name])
        std = (parts.var(1, correction=0) + EPS).sqrt()
        layer.running_mean.copy_(parts.mean((0, 1)))
        layer.running_std.copy_(std.mean(0))


def as_batch_norm(model, x):
    """With r = 1 and d = 0."""
    for layer in tracking_layers(model).values():
        layer.limits = lambda seen: LIMITS["closed"]
    recompute_running(model, x, BATCH)


@pytest.mark.parametrize("wrong", [growing, by_the_old_memory, as_batch_norm])
def test_other_readings_are_noticed(wrong):
    """They agree in the first layer, before which nothing is renormalized."""
    model, x = network(), inputs()
    expected = settled(model, x, *LIMITS["wide"], BATCH)
    wrong(model, x)
    found = remembered(model)
    assert furthest(found[:1], expected[:1]) < EXACT["atol"]
    assert furthest(found[1:], expected[1:]) > 1e-3


def test_today_s_limits_stay_while_it_is_recomputed():
    """Their schedule would open them within as few batches."""
    model, x = network(), inputs()
    for layer in tracking_layers(model).values():
        layer.limits = renorm_limits(16)  # open from the second batch to the fourth
    expected = settled(model, x, *LIMITS["closed"], BATCH)
    recompute_running(model, x, BATCH)
    assert furthest(remembered(model), expected) < EXACT["atol"]


class Backwards(nn.Module):
    """Called in another order than defined, and one layer not at all."""

    def __init__(self):
        super().__init__()
        self.model = network(depth=3)
        self.idle = BatchRenorm(WIDTH)
        self.last, self.middle, self.first = (self.model[i : i + 3] for i in (6, 3, 0))
        del self.model

    def forward(self, x):
        return self.last(self.middle(self.first(x)))


def test_layers_settle_in_the_order_in_which_they_are_called():
    torch.manual_seed(0)
    model, x = Backwards().double(), inputs()
    in_order = nn.Sequential(*model.first, *model.middle, *model.last)
    expected = settled(in_order, x, *LIMITS["wide"], BATCH)
    with torch.no_grad():
        model.idle.running_std.fill_(3.0)
    recompute_running(model, x, BATCH)
    assert furthest(remembered(in_order), expected) < EXACT["atol"]
    assert (model.idle.running_std == 3).all()


def test_batch_norm_behind_it_meets_what_it_gives_once_settled():
    model, x = network(), inputs()
    model.append(BatchNorm(WIDTH).double())
    recompute_running(model, x, BATCH)
    fixed = copy.deepcopy(model).train()
    for layer in tracking_layers(fixed).values():
        layer.momentum = 0.0
    batches = [fixed[:-1](batch) for batch in x[: 4 * BATCH].split(BATCH)]
    given = torch.stack(batches).detach()
    assert_close(model[-1].running_mean, given.mean((0, 1)), **EXACT)
    assert_close(model[-1].running_var, given.var(1).mean(0), **EXACT)


def test_what_fails_on_the_way_leaves_no_trace():
    class Broken(nn.Module):
        def forward(self, x):
            if self.training:
                raise RuntimeError("out of memory")
            return x

    model = network().append(Broken()).eval()
    before = left_behind(model)
    with pytest.raises(RuntimeError, match="out of memory"):
        recompute_running(model, inputs(), BATCH)
    assert_same_trace(left_behind(model), before)
    assert hooks(model) == 0


class Fused(BatchNorm):
    """Remembers something of its own kind beside the mean and the variance."""

    def __init__(self, width):
        super().__init__(width)
        self.register_buffer("running_peak", torch.zeros(width))

    def forward(self, input):
        y = super().forward(input)
        if self.training and self.momentum is None:
            seen = float(self.num_batches_tracked)
            self.running_peak += (input.detach().amax(0) - self.running_peak) / seen
        return y

    def reset_running_stats(self):
        super().reset_running_stats()
        self.running_peak.zero_()


def test_whatever_is_called_running_is_recomputed():
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(WIDTH, WIDTH), Fused(WIDTH)).double(), inputs()
    recompute_running(model, x, BATCH)
    peaks = model[0](x[: 4 * BATCH]).unflatten(0, (4, BATCH)).amax(1)
    assert_close(model[1].running_peak, peaks.mean(0), **EXACT)


def test_the_score_of_runs_recomputes_it(fashion):
    """Scored with settled statistics, in batches of the run's size."""
    torch.manual_seed(0)
    x, y = fashion[0][:200], fashion[1][:200]
    model = nn.Sequential(
        nn.Conv2d(1, 4, 5, stride=4),
        BatchRenorm(4, ghost_size=2, limits=lambda seen: LIMITS["wide"]),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(144, 10),
    )
    run = Run("lenet", "batch", lr=0.1, batch_size=50, epochs=1, seed=0)
    where = {"epoch": 1, "step": 4, "split": "test"}
    rows = scored(model, run, (x, y), (x, y), **where)
    fresh = copy.deepcopy(model)
    recompute_running(fresh, x, 50)
    assert not torch.equal(fresh[1].running_std, model[1].running_std)
    loss = {r["statistics"]: r["value"] for r in rows if r["measure"] == "loss"}
    with torch.no_grad():
        for kind, network in (("running", model), ("recomputed", fresh)):
            logits = network.eval()(x.float() / 255)
            expected = F.cross_entropy(logits, y).item()
            assert loss[kind] == pytest.approx(expected, rel=1e-5)
    assert loss["running"] != loss["recomputed"]


def test_ghosts_remain_as_they_were():
    """A layer whose output is not made with its memory takes one pass."""
    model, x = network(norm=lambda width: GhostBatchNorm(width, 4)), inputs()
    passes = []
    model.register_forward_hook(lambda *_: passes.append(1))
    recompute_running(model, x, BATCH)
    assert len(passes) == 4
