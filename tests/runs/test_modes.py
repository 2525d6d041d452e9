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
from normlab.runs.modes import MOMENTA, SLOW, dissect, finish, state_name
from normlab.runs.protocol import ANOTHER_ORDER
from normlab.runs.table import COLUMNS, table_of

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


class Numbers:
    """The rows of an outcome, which differ in their columns."""

    def __init__(self, outcome):
        self.table = table_of({"key": RUN.key} | row for row in outcome.rows)
        assert not self.table.drop(columns="value").duplicated().any()

    def where(self, **columns):
        """The rows that say this, and nothing in other optional columns."""
        optional = [c for c in self.table if COLUMNS[c].optional and c not in columns]
        rows = self.table[self.table[optional].replace("", None).isna().all(axis=1)]
        for name, value in columns.items():
            rows = rows[(rows[name] == value).fillna(False)]
        return rows

    def __call__(self, measure="loss", split="test", epoch=RUN.epochs, **columns):
        """The one value that is there; it was measured at the end of the epoch."""
        rows = self.where(measure=measure, split=split, epoch=epoch, **columns)
        (value,), (step,) = rows["value"], rows["step"]
        assert step == epoch * SIZE // BATCH
        return value


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
    assert state_name(frozenset()) == "nothing"
    assert state_name(frozenset({"factor"})) == "factor"
    assert state_name(frozenset({"factor", "noise", "lag"})) == "noise+lag+factor"
    assert len({state_name(s) for s in STATES}) == 8


# Dissecting the gap


@pytest.fixture
def dissected(few):
    return Numbers(dissect(RUN, "cpu"))


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
        trained = dissected("loss", "train", epoch + 1)
        assert trained == pytest.approx(mean, **CLOSE)
        loss, _ = loss_and_accuracy(model, *few[1])
        tested = dissected("loss", "test", epoch + 1, statistics="running")
        assert tested == pytest.approx(loss, **CLOSE)
    first = dissected.where(measure="step_loss")
    assert first["step"].tolist() == list(range(len(losses)))
    assert first["value"].tolist() == pytest.approx(losses, **CLOSE)


def test_late_epochs_have_every_state_and_the_last_its_controls(dissected):
    rows = dissected.table[dissected.table["swapped"] != ""]
    names = ["control", "epoch", "measure", "swapped"]
    found = set(rows[names].itertuples(index=False, name=None))
    late = [("", 2), ("", 3), ("", 4), ("exact", 4), ("biased", 4)]
    kinds, states = ("loss", "accuracy"), [state_name(s) for s in STATES]
    assert found == {
        (*at, kind, state) for at in late for kind in kinds for state in states
    }
    assert set(rows["split"]) == {"test"}
    assert set(rows["statistics"]) == {"mixed"}


def test_a_short_training_is_dissected_from_the_start(few):
    found = Numbers(dissect(replace(RUN, epochs=1), "cpu"))
    assert found(epoch=1, swapped="noise") > 0


def test_the_states_join_training_and_evaluation_mode(few, dissected, model):
    """Training mode on batches in the order of a seed of this run and epoch."""
    x, y = few[1]
    for epoch in (2, 3, 4):
        all_swapped = dissected(epoch=epoch, swapped="noise+lag+factor")
        ended = dissected(epoch=epoch, statistics="running")
        assert all_swapped == pytest.approx(ended, **CLOSE)
    order = torch.Generator().manual_seed(ANOTHER_ORDER * RUN.seed + 4)
    index = torch.randperm(len(y), generator=order)[:100]
    by_hand, _ = loss_and_accuracy(
        model, x[index], y[index], statistics="batch", batch_size=BATCH
    )
    assert dissected(swapped="nothing") == pytest.approx(by_hand, **CLOSE)
    exact, _ = loss_and_accuracy(fresh(model, few[0][0]).eval(), x, y)
    assert dissected(swapped="noise+factor") == pytest.approx(exact, **CLOSE)


def test_controls_switch_one_part_off(dissected):
    """And leave the other parts at work."""
    for control, off in (("exact", "lag"), ("biased", "factor")):
        for state in STATES:
            with_it, without = (
                dissected(control=control, swapped=state_name(s))
                for s in (state | {off}, state - {off})
            )
            assert with_it == pytest.approx(without, **CLOSE)
            usual = dissected(swapped=state_name(state - {off}))
            assert without == pytest.approx(usual, **CLOSE)
        whole, part = (dissected(swapped=name) for name in ("nothing", off))
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
            at = {"layer": number, "running_momentum": 0.1}
            found = dissected(f"error_{name}", "train", **at)
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
            found = dissected("scatter_mean", "train", layer=number)
            expected = rms((means - mean) / np.sqrt(var))
            assert found == pytest.approx(expected, **CLOSE)
            found = dissected("scatter_var", "train", layer=number)
            assert found == pytest.approx(rms(variances / var - 1), **CLOSE)
            number += 1
        # Each batch goes on by itself, normalized with its own statistics.
        h = torch.cat([module(part) for part in h.split(BATCH)])
    assert number == 3


def test_batches_vary_less_inside_than_the_whole(few, dissected, model):
    """In the first layer by the scatter of the means, and by nothing else."""
    h = model[1](model[0](few[0][0].double() / 255)).detach()
    inside = torch.stack([b.var(0, correction=0) for b in h.split(BATCH)]).mean(0)
    ratio = (inside / h.var(0, correction=0)).mean().item()
    found = dissected("batch_over_whole_var", "train", layer=0)
    assert found == pytest.approx(ratio, **CLOSE)
    assert 0.5 < ratio < 1


def test_every_momentum_has_its_errors_in_every_layer(dissected):
    for kind in ("mean", "var"):
        rows = dissected.table[dissected.table["measure"] == f"error_{kind}"]
        found = rows.set_index(["running_momentum", "layer"])["value"]
        assert set(found.index) == {(m, layer) for m in MOMENTA for layer in range(3)}
        # After 16 steps little of the batches has got into the slowest.
        assert found[MOMENTA[0], 0] > found[MOMENTA[4], 0] > 0


@pytest.mark.parametrize("carry_out", [dissect, finish])
def test_a_diverged_training_is_not_taken_further(few, carry_out):
    outcome = carry_out(replace(RUN, lr=1e308), "cpu")
    assert "step" in outcome.diverged
    assert not any(COLUMNS[name].optional for name in Numbers(outcome).table)


# Three ways to finish


@pytest.fixture
def finished(few):
    return Numbers(finish(RUN, "cpu"))


BEFORE = {"ending": "before", "statistics": "running"}


@pytest.fixture
def before(few):
    """The model before the last epoch, by hand."""
    model = build(RUN).train()
    train_by_hand(model, few[0], RUN, RUN.epochs - 1, RUN.seed)
    return model


ENDINGS = [
    {"ending": kind, "ending_rate": share}
    for kind in ("usual", "frozen", "recomputed")
    for share in (1, SLOW)
]


def endings(before, few):
    """(Columns, model after the last epoch, mean loss of its batches) of each."""
    starts = {
        "usual": copy.deepcopy(before).train(),
        "frozen": copy.deepcopy(before).eval(),
        "recomputed": fresh(before, few[0][0]).eval(),
    }
    found = []
    for how in ENDINGS:
        run = replace(RUN, lr=how["ending_rate"] * RUN.lr)
        model = copy.deepcopy(starts[how["ending"]])
        losses = train_by_hand(model, few[0], run, 1, RUN.seed + ANOTHER_ORDER)
        found.append((how, model, np.mean(losses)))
    return found


def assert_scores(finished, model, few, **at):
    loss, accuracy = loss_and_accuracy(model.eval(), *few[1])
    assert finished("loss", **at) == pytest.approx(loss, **CLOSE), at
    # one image of 120
    assert finished("accuracy", **at) == pytest.approx(accuracy, abs=0.01), at


def test_three_endings_are_those_by_hand(few, finished, before):
    """On the same batches; layers in evaluation mode are what "frozen" means."""
    for how, model, loss in endings(before, few):
        assert finished("loss", "train", **how) == pytest.approx(loss, **CLOSE), how
        assert_scores(finished, model, few, statistics="running", **how)


def test_endings_differ(finished):
    losses = {finished(statistics="running", **how) for how in ENDINGS}
    losses.add(finished(epoch=RUN.epochs - 1, **BEFORE))
    assert len(losses) == 1 + len(ENDINGS)


def test_before_is_the_model_before_the_last_epoch(few, finished, before):
    expected, _ = loss_and_accuracy(before.eval(), *few[1])
    found = finished(epoch=RUN.epochs - 1, **BEFORE)
    assert found == pytest.approx(expected, **CLOSE)
    assert finished(epoch=RUN.epochs - 1, statistics="running") == found


def test_fresh_statistics_are_averages_at_the_weights_of_the_moment(
    few, finished, before
):
    models = [({"ending": "before", "epoch": RUN.epochs - 1}, before)]
    models += [(how, model) for how, model, _ in endings(before, few)]
    for how, model in models:
        again = fresh(model, few[0][0])
        assert_scores(finished, again, few, statistics="recomputed", **how)


def test_the_history_goes_on_as_usual(finished):
    """The last epoch of the table is that of the training without a change."""
    usual = {"ending": "usual", "ending_rate": 1}
    for split, statistics in (("train", ""), ("test", "running")):
        for measure in ("loss", "accuracy"):
            at = {"measure": measure, "split": split, "statistics": statistics}
            assert finished(**at) == finished(**at, **usual)


def test_every_ending_is_scored_with_both_statistics(finished):
    rows = finished.table[finished.table["ending"] != ""]
    rows = rows[rows["split"] == "test"]
    found = rows[["ending", "ending_rate", "measure", "statistics"]].fillna(0)
    endings = [("before", 0), *(tuple(how.values()) for how in ENDINGS)]
    assert set(found.itertuples(index=False, name=None)) == {
        (*ending, measure, statistics)
        for ending in endings
        for measure in ("loss", "accuracy")
        for statistics in ("running", "recomputed")
    }
