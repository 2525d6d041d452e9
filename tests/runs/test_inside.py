"""What is kept of a training, and what is left of a network with silenced channels."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from normlab.evaluation import loss_and_accuracy, recompute_running, tracking_layers
from normlab.recorders import Activations, snapshot_steps
from normlab.runs import Run, build, execute, inside, recordings, store, train
from normlab.runs.inside import PROBE, SHARES, prune, watch
from normlab.runs.rows import LOSSES, history_rows, thin

RUN = Run("lenet", "torch_batch", 0.5, batch_size=64, epochs=1, seed=0)
MLP = replace(RUN, model="sigmoid_mlp", epochs=2)
STEPS = 4  # an epoch


@pytest.fixture
def few(fashion, monkeypatch):
    """240 training and 100 held-out images in the place of the whole set."""
    train_x, train_y, test_x, test_y = fashion
    pairs = (train_x[:240], train_y[:240]), (test_x[:100], test_y[:100])
    for module in (execute, inside):
        monkeypatch.setattr(module, "data", lambda evaluate_on: pairs)
    return pairs


def numbers(rows):
    """(split, statistics, measure, epoch, step) -> value; each of them once."""
    names = ("split", "statistics", "measure", "epoch", "step")
    found = {tuple(r[n] for n in names): r["value"] for r in rows if "order" not in r}
    assert len(found) == sum("order" not in r for r in rows)
    return found


def silencings(rows):
    """(order, share) -> accuracy; each of them once, and at one place of the table."""
    found = {(r["order"], r["share"]): r["value"] for r in rows if "order" in r}
    places = {
        (r["split"], r["statistics"], r["measure"], r["epoch"], r["step"])
        for r in rows
        if "order" in r
    }
    assert len(found) == sum("order" in r for r in rows)
    assert places <= {("test", "running", "accuracy", RUN.epochs, STEPS)}
    return found


# Thinning a loss curve


@pytest.mark.parametrize("count", [1, 7, LOSSES])
def test_a_short_curve_is_kept(count):
    losses = np.random.default_rng(0).normal(size=count).tolist()
    found = thin(losses)
    assert found["loss/steps"].tolist() == list(range(count))
    assert found["loss/mean"] == pytest.approx(losses)


@pytest.mark.parametrize("count", [LOSSES + 1, 1234, 2350, 50000])
def test_a_long_curve_is_averaged_in_blocks(count):
    losses = np.random.default_rng(0).normal(size=count)
    found = thin(losses.tolist())
    steps, means = found["loss/steps"], found["loss/mean"]
    assert LOSSES / 2 <= len(means) == len(steps) <= LOSSES
    assert means.dtype == np.float32
    block = next(n for n in range(1, count) if n * LOSSES >= count)
    for number in (0, 1, len(means) - 1):
        covered = np.arange(number * block, (number + 1) * block)
        assert means[number] == pytest.approx(losses[covered].mean(), abs=1e-6)
        assert steps[number] == covered.mean()
    assert count - block < (len(means) * block) <= count  # at most a part is left out


def test_a_straight_line_stays_one():
    """The means belong to the middles of their blocks, not to their ends."""
    found = thin([3.0 - 0.001 * step for step in range(1700)])
    assert found["loss/mean"] == pytest.approx(3 - 0.001 * found["loss/steps"])


# Silencing channels


@pytest.fixture(scope="module")
def pruned(fashion):
    """A network whose answers count as right, so that every loss of it shows.

    Gammas of both signs, so that the smallest are not the nearest to 0.
    """
    torch.manual_seed(0)
    model, x = build(RUN), fashion[2][:100]
    with torch.no_grad():
        for layer in tracking_layers(model).values():
            layer.weight.normal_(std=3)
            layer.bias.normal_()
        recompute_running(model, x, 100)
        model[-1].bias.sub_(model.eval()(x / 255).mean(0))  # no class wins them all
        held_out = x, model(x / 255).argmax(1)
    return model, held_out, silencings(prune(model, held_out, RUN, STEPS))


def silenced(model, choose):
    """A copy with gamma 0 in the channels ``choose(gamma, how many)``."""
    model = copy.deepcopy(model)
    with torch.no_grad():
        for layer in tracking_layers(model).values():
            layer.weight[choose(layer.weight.abs())] = 0
    return model


@pytest.mark.parametrize("largest", [True, False])
def test_pruning_silences_the_smallest_or_largest_gammas(pruned, largest):
    model, held_out, found = pruned
    order = "largest" if largest else "smallest"
    expected = {}
    for share in SHARES:

        def choose(sizes, share=share):
            count = int(share * len(sizes) / 100 + 0.5)
            return sizes.topk(count, largest=largest).indices

        accuracy = loss_and_accuracy(silenced(model, choose), *held_out)[1]
        expected[order, share] = accuracy
    assert {key: found[key] for key in expected} == expected
    assert len(set(expected.values())) > 3


def test_every_way_to_prune_has_every_share(pruned):
    model, held_out, found = pruned
    ways = ("smallest", "largest", "random")
    assert set(found) == {(way, share) for way in ways for share in SHARES}
    ends = {share: {found[way, share] for way in ways} for share in (0, 100)}
    everything = loss_and_accuracy(silenced(model, torch.argsort), *held_out)[1]
    assert ends == {0: {1.0}, 100: {everything}}
    assert everything < 0.5


def test_random_channels_follow_from_the_seed(pruned):
    model, held_out, found = pruned
    assert silencings(prune(model, held_out, RUN, STEPS)) == found
    other = silencings(prune(model, held_out, replace(RUN, seed=1), STEPS))
    changed = {order for (order, share), v in other.items() if found[order, share] != v}
    assert changed == {"random"}


def test_pruning_leaves_the_model_as_it_was(pruned):
    model, held_out, _ = pruned
    model = copy.deepcopy(model).train()
    before = copy.deepcopy(model.state_dict())
    prune(model, held_out, RUN, STEPS)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(m.training for m in model.modules())
    assert all(p.requires_grad for p in model.parameters())


# Watching a training


def kinds(outcome):
    """The first parts of the arrays' names: recorders, and "loss"."""
    return {name.split("/")[0] for name in outcome.arrays}


def histograms(outcome):
    return [name for name in outcome.arrays if name.endswith("_histogram")]


def test_watching_changes_no_number(few):
    model, history = train(RUN)
    outcome = watch(RUN, "cpu")
    found, expected = numbers(outcome.rows), numbers(history_rows(history))
    assert found.keys() == expected.keys()
    timed = {key for key in expected if key[2] == "seconds"}
    assert all(found[key] == expected[key] for key in expected.keys() - timed)
    unpruned = silencings(outcome.rows)["random", 0]
    assert unpruned == expected["test", "running", "accuracy", 1, STEPS]
    assert outcome.arrays["loss/mean"] == pytest.approx(history.step_losses)
    gammas = [layer.weight.tolist() for layer in tracking_layers(model).values()]
    last = [outcome.arrays[f"GammaAndBeta/gamma/{n}"][-1] for n in range(4)]
    # The last snapshot comes before the last update.
    assert all(len(a) == len(b) for a, b in zip(gammas, last, strict=True))
    assert not np.allclose(gammas[0], last[0], rtol=1e-6)
    assert gammas[0] == pytest.approx(last[0], abs=0.2)


@pytest.mark.parametrize(
    ("changes", "expected", "shapes"),
    [
        ({}, {"GammaAndBeta", "Activations", "Updates", "Statistics", "loss"}, True),
        ({"seed": 1}, {"GammaAndBeta", "Activations", "Updates", "loss"}, False),
        ({"norm": "none"}, {"Activations", "Updates", "loss"}, True),
        ({"weight_decay": 0.1}, {"GammaAndBeta", "loss"}, False),
        ({"weight_decay": 0.1, "decay_norms": False}, {"GammaAndBeta", "loss"}, False),
        ({"init": "xavier_gamma_0"}, {"GammaAndBeta", "loss"}, False),
    ],
)
def test_what_is_kept_depends_on_the_run(few, changes, expected, shapes):
    outcome = watch(replace(MLP, **changes), "cpu")
    assert kinds(outcome) == expected
    assert bool(histograms(outcome)) is shapes
    assert outcome.diverged is None
    for name in expected - {"loss"}:
        steps = outcome.arrays[f"{name}/steps"].tolist()
        wanted = snapshot_steps(2 * STEPS)
        assert steps == (wanted[:-1] if name == "Updates" else wanted)


def test_the_probe_is_the_first_training_images(few):
    outcome = watch(MLP, "cpu")
    (x, y), _ = few
    recorder = Activations((x[:PROBE], y[:PROBE]), [0])
    recorder(0, build(MLP), (None, None), None)
    expected = recorder.arrays()
    for name in ("pre", "post", "gradient", "flat", "pre_histogram"):
        assert (outcome.arrays[f"Activations/{name}"][0] == expected[name][0]).all()


def test_a_diverged_training_says_so(few):
    outcome = watch(replace(MLP, norm="none", lr=1e38, epochs=3), "cpu")
    assert "step" in outcome.diverged


def test_what_was_seen_survives_the_record(few, results):
    outcome = watch(MLP, "cpu")
    about = dict.fromkeys(("device", "torch", "commit", "finished"), "?")
    store.save("toy", MLP, outcome, about)
    store.merge("toy")
    [(run, arrays)] = recordings("toy")
    assert run == MLP
    assert arrays.keys() == outcome.arrays.keys()
    for name, values in outcome.arrays.items():
        np.testing.assert_array_equal(arrays[name], values)


def test_pruned_are_convolutional_networks_with_normalizers_only(few):
    for changes in ({"norm": "none"}, {"model": "sigmoid_mlp"}):
        assert silencings(watch(replace(RUN, **changes), "cpu").rows) == {}
