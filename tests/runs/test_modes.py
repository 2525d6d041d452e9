"""The experiments on training and evaluation mode, against the same done by hand."""

import copy
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from normlab.evaluation import (
    PARTS,
    average,
    loss_and_accuracy,
    observe_batches,
    tracking_layers,
)
from normlab.runs import Run, build, execute, modes
from normlab.runs.modes import (
    ANOTHER_ORDER,
    MOMENTA,
    SLOW,
    dissect,
    finish,
    state_name,
)

BATCH = 50
SIZE = 200  # images; whole batches, so that n/(n-1) is one number
RUN = Run("sigmoid_mlp", "torch_batch", 0.5, BATCH, 4, seed=1, dtype="float64")
CLOSE = {"rel": 1e-9}  # in float64 all roundings of a training together are less
STATES = [frozenset(s) for n in range(4) for s in combinations(PARTS, n)]


@pytest.fixture
def few(fashion, monkeypatch):
    """Some images in the place of the whole set; "whole" batches are of all."""
    train_x, train_y, test_x, test_y = fashion
    pairs = (train_x[:SIZE], train_y[:SIZE]), (test_x[:120], test_y[:120])
    for module in (execute, modes):
        monkeypatch.setattr(module, "data", lambda evaluate_on: pairs)
    monkeypatch.setattr(
        modes,
        "observe_batches",
        lambda model, x, size: observe_batches(model, x, min(size, len(x))),
    )
    return pairs


def numbers(outcome):
    """(split, measure, epoch, step) -> value; each of them once."""
    names = ("split", "measure", "epoch", "step")
    found = {tuple(row[n] for n in names): row["value"] for row in outcome.rows}
    assert len(found) == len(outcome.rows)
    return found


def train_by_hand(model, pair, run, epochs, seed):
    """Plain SGD, one epoch after the other; modes are left alone."""
    x, y = pair[0].double() / 255, pair[1]
    order = torch.Generator().manual_seed(seed)
    losses = []
    for _ in range(epochs):
        for index in torch.randperm(len(y), generator=order).split(run.batch_size):
            loss = F.cross_entropy(model(x[index]), y[index])
            gradients = torch.autograd.grad(loss, list(model.parameters()))
            with torch.no_grad():
                for p, g in zip(model.parameters(), gradients, strict=True):
                    p.sub_(run.lr * g)
            losses.append(loss.item())
    return losses


def fresh(model, x):
    """A copy whose running statistics are PyTorch's plain averages over ``x``."""
    model = copy.deepcopy(model).train()
    for layer in tracking_layers(model).values():
        layer.momentum = None
        layer.reset_running_stats()
    with torch.no_grad():
        for batch in x.split(BATCH):
            model(batch.double() / 255)
    return model


# Names


def test_a_states_name_lists_what_is_swapped():
    assert state_name(frozenset()) == ""
    assert state_name(frozenset({"factor"})) == "factor"
    assert state_name(frozenset({"factor", "noise", "lag"})) == "noise+lag+factor"
    assert len({state_name(s) for s in STATES}) == 8


# Dissecting the gap


@pytest.fixture
def dissected(few):
    return numbers(dissect(RUN, "cpu"))


@pytest.fixture
def model(few):
    """What the dissected training leaves, by hand."""
    model = build(RUN).train()
    for epoch in range(RUN.epochs):
        train_by_hand(model, few[0], RUN, 1, RUN.seed + ANOTHER_ORDER * epoch)
    return model.eval()


def test_dissected_is_the_training_by_hand(few, dissected):
    model, losses = build(RUN).train(), []
    for epoch in range(RUN.epochs):
        seed = RUN.seed + ANOTHER_ORDER * epoch
        losses += train_by_hand(model.train(), few[0], RUN, 1, seed)
        mean = np.mean(losses[-SIZE // BATCH :])
        at = (epoch + 1, (epoch + 1) * SIZE // BATCH)
        assert dissected["train", "loss", *at] == pytest.approx(mean, **CLOSE)
        loss, _ = loss_and_accuracy(model, *few[1])
        assert dissected["test", "loss", *at] == pytest.approx(loss, **CLOSE)
    first = [dissected["train", "step_loss", 1, step] for step in range(len(losses))]
    assert first == pytest.approx(losses, **CLOSE)


def test_late_epochs_have_every_state_and_the_last_its_controls(dissected):
    kinds = ("loss", "accuracy")
    states = {f"{kind}/{state_name(s)}" for kind in kinds for s in STATES}
    found = {}
    for split, measure, epoch, _ in dissected:
        if measure in states:
            found.setdefault((split, epoch), set()).add(measure)
    late = [("test", 2), ("test", 3), ("test", 4), ("exact", 4), ("biased", 4)]
    assert found == dict.fromkeys(late, states)


def test_a_short_training_is_dissected_from_the_start(few):
    found = numbers(dissect(replace(RUN, epochs=1), "cpu"))
    assert ("test", "loss/noise", 1, 0) in found


def test_the_states_join_training_and_evaluation_mode(few, dissected, model):
    """Training mode on batches in the order of a seed of this run and epoch."""
    x, y = few[1]
    for epoch in (2, 3, 4):
        all_swapped = dissected["test", "loss/noise+lag+factor", epoch, 0]
        ended = dissected["test", "loss", epoch, epoch * SIZE // BATCH]
        assert all_swapped == pytest.approx(ended, **CLOSE)
    order = torch.Generator().manual_seed(ANOTHER_ORDER * RUN.seed + 4)
    index = torch.randperm(len(y), generator=order)[:100]
    by_hand, _ = loss_and_accuracy(
        model, x[index], y[index], statistics="batch", batch_size=BATCH
    )
    assert dissected["test", "loss/", 4, 0] == pytest.approx(by_hand, **CLOSE)
    exact, _ = loss_and_accuracy(fresh(model, few[0][0]).eval(), x, y)
    assert dissected["test", "loss/noise+factor", 4, 0] == pytest.approx(exact, **CLOSE)


def test_controls_switch_one_part_off(dissected):
    """And leave the other parts at work."""
    for split, off in (("exact", "lag"), ("biased", "factor")):
        for state in STATES:
            with_it, without = (
                dissected[split, f"loss/{state_name(s)}", 4, 0]
                for s in (state | {off}, state - {off})
            )
            assert with_it == pytest.approx(without, **CLOSE)
            usual = dissected["test", f"loss/{state_name(state - {off})}", 4, 0]
            assert without == pytest.approx(usual, **CLOSE)
        whole, part = (dissected["test", f"loss/{n}", 4, 0] for n in ("", off))
        assert whole != pytest.approx(part, **CLOSE)


def rms(x):
    return np.sqrt(np.mean(np.asarray(x, dtype=np.float64) ** 2))


def test_errors_are_those_of_the_layers(few, dissected, model):
    """At momentum 0.1, the layers' own; the variance without n/(n-1)."""
    averages = average(observe_batches(model, few[0][0], BATCH)).values()
    start = 0.9 ** (RUN.epochs * SIZE // BATCH)  # what is left of the first 1
    for number, (layer, (mean, var)) in enumerate(
        zip(tracking_layers(model).values(), averages, strict=True)
    ):
        off = rms((layer.running_mean - mean) / var.sqrt())
        biased = start + (layer.running_var - start) * (BATCH - 1) / BATCH
        for name, value in (("mean", off), ("var", rms((biased / var).log()))):
            found = dissected["train", f"error_{name}/0.1", 4, number]
            assert found == pytest.approx(value, **CLOSE)


def test_scatter_is_that_of_the_batches(few, dissected, model):
    h, number = few[0][0].double() / 255, 0
    twin = copy.deepcopy(model).train()
    for module in twin:
        if isinstance(module, nn.BatchNorm1d):
            x = h.detach().numpy()
            means, variances = (
                np.stack([f(part, axis=0) for part in np.split(x, SIZE // BATCH)])
                for f in (np.mean, np.var)
            )
            mean, var = means.mean(0), variances.mean(0)
            assert dissected["train", "scatter_mean", 4, number] == pytest.approx(
                rms((means - mean) / np.sqrt(var)), **CLOSE
            )
            assert dissected["train", "scatter_var", 4, number] == pytest.approx(
                rms(variances / var - 1), **CLOSE
            )
            number += 1
        # Each batch goes on by itself, normalized with its own statistics.
        h = torch.cat([module(part) for part in h.split(BATCH)])
    assert number == 3


def test_batches_vary_less_inside_than_the_whole(few, dissected, model):
    """In the first layer by the scatter of the means, and by nothing else."""
    h = model[1](model[0](few[0][0].double() / 255)).detach()
    inside = torch.stack([b.var(0, correction=0) for b in h.split(BATCH)]).mean(0)
    ratio = (inside / h.var(0, correction=0)).mean().item()
    found = dissected["train", "batch_over_whole_var", 4, 0]
    assert found == pytest.approx(ratio, **CLOSE)
    assert 0.5 < ratio < 1


def test_every_momentum_has_its_errors_in_every_layer(dissected):
    for kind in ("mean", "var"):
        found = {
            (measure, step): value
            for (_, measure, _, step), value in dissected.items()
            if measure.startswith(f"error_{kind}/")
        }
        names = [f"error_{kind}/{momentum:g}" for momentum in MOMENTA]
        assert set(found) == {(name, step) for name in names for step in range(3)}
        # After 16 steps little of the batches has got into the slowest.
        assert found[names[0], 0] > found[names[4], 0] > 0


@pytest.mark.parametrize("carry_out", [dissect, finish])
def test_a_diverged_training_is_not_taken_further(few, carry_out):
    outcome = carry_out(replace(RUN, lr=1e308), "cpu")
    assert "step" in outcome.diverged
    assert not any("/" in measure for _, measure, *_ in numbers(outcome))


# Three ways to finish


@pytest.fixture
def finished(few):
    return numbers(finish(RUN, "cpu"))


@pytest.fixture
def before(few):
    """The model before the last epoch, by hand."""
    model = build(RUN).train()
    train_by_hand(model, few[0], RUN, RUN.epochs - 1, RUN.seed)
    return model


ENDINGS = [
    kind + suffix
    for kind in ("usual", "frozen", "recomputed")
    for suffix in ("", "-slow")
]


def endings(before, few):
    """Name -> (model after the last epoch, mean loss of its batches)."""
    starts = {
        "usual": copy.deepcopy(before).train(),
        "frozen": copy.deepcopy(before).eval(),
        "recomputed": fresh(before, few[0][0]).eval(),
    }
    found = {}
    for suffix, run in (("", RUN), ("-slow", replace(RUN, lr=SLOW * RUN.lr))):
        for name, start in starts.items():
            model = copy.deepcopy(start)
            losses = train_by_hand(model, few[0], run, 1, RUN.seed + ANOTHER_ORDER)
            found[name + suffix] = model, np.mean(losses)
    return found


def assert_scores(finished, name, model, few):
    loss, accuracy = loss_and_accuracy(model.eval(), *few[1])
    found = [
        finished["test", f"{k}/{name}", RUN.epochs, 0] for k in ("loss", "accuracy")
    ]
    assert found[0] == pytest.approx(loss, **CLOSE), name
    assert found[1] == pytest.approx(accuracy, abs=0.01), name  # one image of 120


def test_three_endings_are_those_by_hand(few, finished, before):
    """On the same batches; layers in evaluation mode are what "frozen" means."""
    for name, (model, loss) in endings(before, few).items():
        found = finished["train", f"loss/{name}", RUN.epochs, 0]
        assert found == pytest.approx(loss, **CLOSE), name
        assert_scores(finished, name, model, few)


def test_endings_differ(finished):
    losses = {
        finished["test", f"loss/{name}", RUN.epochs, 0] for name in ("before", *ENDINGS)
    }
    assert len(losses) == 1 + len(ENDINGS)


def test_before_is_the_model_before_the_last_epoch(few, finished, before):
    expected, _ = loss_and_accuracy(before.eval(), *few[1])
    found = finished["test", "loss/before", RUN.epochs, 0]
    assert found == pytest.approx(expected, **CLOSE)
    steps = (RUN.epochs - 1) * SIZE // BATCH
    assert finished["test", "loss", RUN.epochs - 1, steps] == found


def test_fresh_statistics_are_averages_at_the_weights_of_the_moment(
    few, finished, before
):
    models = {"before": before}
    models |= {name: model for name, (model, _) in endings(before, few).items()}
    for name, model in models.items():
        assert_scores(finished, f"{name}+fresh", fresh(model, few[0][0]), few)


def test_the_history_goes_on_as_usual(finished):
    """The last epoch of the table is that of the training without a change."""
    at = (RUN.epochs, RUN.epochs * SIZE // BATCH)
    for split, kind in (("train", "loss"), ("test", "loss"), ("test", "accuracy")):
        usual = finished[split, f"{kind}/usual", RUN.epochs, 0]
        assert finished[split, kind, *at] == usual


def test_every_ending_is_scored_with_both_statistics(finished):
    found = {m for split, m, *_ in finished if split == "test" and "/" in m}
    assert found == {
        f"{kind}/{name}{which}"
        for kind in ("loss", "accuracy")
        for name in ("before", *ENDINGS)
        for which in ("", "+fresh")
    }
