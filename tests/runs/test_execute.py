"""Runs are built as configured, recorded once, and resumed after a kill."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
import torch

from normlab.layers import BatchNorm
from normlab.runs import EXPERIMENTS, Experiment, Run, build, execute, load, store
from normlab.runs.execute import record_all, train
from normlab.runs.registry import ARRANGEMENTS, AUGMENTS, NORMS, TRANSFORMS
from normlab.training import fit

RUN = Run(model="lenet", norm="batch", lr=0.5, batch_size=128, epochs=1, seed=0)
TOY = Experiment(
    name="toy",
    question="Does a small experiment end?",
    variants=(RUN, replace(RUN, norm="none"), replace(RUN, norm="torch_batch")),
    seeds=2,
)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def few(fashion, monkeypatch):
    """600 training and 200 held-out images in the place of the whole set."""
    train_x, train_y, test_x, test_y = fashion
    pairs = (train_x[:600], train_y[:600]), (test_x[:200], test_y[:200])
    monkeypatch.setattr(execute, "data", lambda evaluate_on: pairs)
    return pairs


@pytest.fixture
def carried_out(monkeypatch):
    """The runs that are really trained, in order."""
    runs = []
    record = execute.record

    def counting(run, *options):
        runs.append(run)
        return record(run, *options)

    monkeypatch.setattr(execute, "record", counting)
    return runs


def carry_out(experiment=TOY, **options):
    return record_all(experiment, backend="threading", jobs=1, **options)


def numbers(table):
    """All that must not depend on when and in how many goes it was recorded."""
    table = table[table["measure"] != "seconds"]
    order = ["key", "split", "statistics", "measure", "epoch", "step"]
    return table.sort_values(order).reset_index(drop=True)


# One run


@pytest.mark.parametrize("seed", [0, 1])
def test_all_normalizers_start_from_the_same_weights(seed):
    names = NORMS.keys() - {"torch_group_4"}  # six channels are not four groups
    models = [build(replace(RUN, norm=norm, seed=seed)) for norm in names]
    drawn = [[p for p in m.parameters() if p.dim() > 1] for m in models]
    assert all(len(weights) == 5 for weights in drawn)
    for weights in zip(*drawn, strict=True):
        assert all(torch.equal(weights[0], w) for w in weights)


def test_seed_draws_other_weights():
    one, two = build(RUN), build(replace(RUN, seed=1))
    assert not torch.equal(one[0].weight, two[0].weight)


def test_configuration_builds_what_it_says():
    layers = [m for m in build(RUN) if isinstance(m, BatchNorm)]
    assert len(layers) == 4
    double = build(replace(RUN, dtype="float64"))
    assert {p.dtype for p in double.parameters()} == {torch.float64}


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS.keys())
def test_every_variant_can_be_built(experiment):
    for run in experiment.variants:
        assert build(run)(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_train_passes_the_configuration_on(few):
    run = replace(RUN, momentum=0.9, weight_decay=0.01, epochs=2, seed=3)
    _, history = train(run)
    expected = fit(
        build(run),
        few[0],
        epochs=2,
        lr=0.5,
        batch_size=128,
        momentum=0.9,
        weight_decay=0.01,
        seed=3,
    )
    assert history.step_losses == expected.step_losses


def test_train_stops_at_max_steps(few):
    whole = train(RUN)[1].step_losses
    assert train(RUN, max_steps=2)[1].step_losses == whole[:2]


def test_validation_never_sees_the_test_images(fashion):
    train_x, train_y, test_x, test_y = fashion
    fit_pair, held_out = execute.data("validation")
    assert torch.equal(fit_pair[0], train_x[:50000])
    assert torch.equal(fit_pair[1], train_y[:50000])
    assert torch.equal(held_out[0], train_x[50000:])
    assert torch.equal(held_out[1], train_y[50000:])
    all_pair, test_pair = execute.data("test")
    assert torch.equal(all_pair[0], train_x) and torch.equal(all_pair[1], train_y)
    assert torch.equal(test_pair[0], test_x) and torch.equal(test_pair[1], test_y)


def test_unknown_split_is_an_error():
    with pytest.raises(ValueError, match="evaluate_on='all'"):
        train(replace(RUN, evaluate_on="all"))


# Records


def test_record_holds_every_number_of_the_history(few, results):
    run = replace(RUN, epochs=2)
    _, history = train(run)
    carry_out(Experiment("toy", "?", (run,), seeds=1))
    names = ["split", "statistics", "measure", "epoch"]
    table = load("toy").set_index(names)["value"]
    last = history.epochs[-1]
    kept = {
        ("train", "", "loss", 2): last.loss,
        ("train", "", "accuracy", 2): last.accuracy,
        ("test", "running", "loss", 2): last.evaluated["test", "running"][0],
        ("test", "running", "accuracy", 2): last.evaluated["test", "running"][1],
        ("test", "batch", "loss", 2): last.evaluated["test", "batch"][0],
        ("test", "batch", "accuracy", 2): last.evaluated["test", "batch"][1],
    }
    assert {k: table[k] for k in kept} == pytest.approx(kept, rel=1e-8)
    steps = load("toy").query("measure == 'step_loss'").sort_values("step")["value"]
    assert steps.tolist() == pytest.approx(history.step_losses, rel=1e-8)


def test_record_says_where_it_comes_from(few, results):
    carry_out(Experiment("toy", "?", (RUN,), seeds=1))
    about = store.records("toy")[RUN.key]["provenance"]
    assert about["torch"] == torch.__version__
    assert about["threads"] == 1
    assert about["diverged"] is None
    assert set(about) > {"commit", "python", "numpy", "device", "finished", "seconds"}
    files = set(about["fingerprint"])
    assert files >= {"data.py", "layers/batch.py", "models.py", "training.py"}


@pytest.mark.parametrize(
    ("there", "kept"), [(None, {}), ({"toy": {"A1": "ab12"}, "x": {}}, {"A1": "ab12"})]
)
def test_record_keeps_the_rules_that_stood_before_it(few, results, there, kept):
    if there is not None:
        (results / store.RULES).write_text(json.dumps(there))
    carry_out(seeds=1)
    assert all(r["provenance"]["rules"] == kept for r in store.records("toy").values())


def test_divergence_is_recorded(few, results):
    wild = replace(RUN, norm="none", lr=1e38, epochs=3)
    carry_out(Experiment("toy", "?", (wild,), seeds=1))
    assert "step" in store.records("toy")[wild.key]["provenance"]["diverged"]


def test_recording_twice_gives_the_same_numbers(few, results, monkeypatch):
    carry_out()
    monkeypatch.setenv("NORMLAB_RESULTS", str(results / "again"))
    (results / "again").mkdir()
    carry_out()
    again = numbers(load("toy"))
    monkeypatch.setenv("NORMLAB_RESULTS", str(results))
    pd.testing.assert_frame_equal(numbers(load("toy")), again)


def test_recorded_runs_are_skipped(few, results, carried_out):
    assert carry_out(seeds=1) == 3
    assert carry_out() == 3
    assert [run.seed for run in carried_out] == [0, 0, 0, 1, 1, 1]
    assert carry_out() == 0
    assert len(carried_out) == 6


def test_finished_runs_are_on_disk_at_once(few, results, monkeypatch):
    record = execute.record
    seen = []

    def looking(run, *options):
        seen.append(len(store.finished("toy")))
        return record(run, *options)

    monkeypatch.setattr(execute, "record", looking)
    carry_out()
    assert seen == [0, 1, 2, 3, 4, 5]


def test_failing_run_keeps_the_finished_ones(few, results, monkeypatch, carried_out):
    counting = execute.record

    def failing(run, *options):
        if run.norm == "torch_batch":
            raise RuntimeError("out of memory")
        return counting(run, *options)

    with monkeypatch.context() as patched:
        patched.setattr(execute, "record", failing)
        with pytest.raises(RuntimeError, match="out of memory"):
            carry_out()
    assert len(store.finished("toy")) == 2
    assert carry_out() == 4
    assert len(carried_out) == 6


# Killed

DRIVER = """
import sys, time
import torch
sys.path.insert(0, {tests!r})
torch.set_num_threads(1)
import test_execute
from normlab.data import fashion_mnist
from normlab.runs import execute

train_x, train_y, test_x, test_y = fashion_mnist(download=False)
few = (train_x[:600], train_y[:600]), (test_x[:200], test_y[:200])
execute.data = lambda evaluate_on: few
record, started = execute.record, []

def slow_from_the_third(run, *options):
    started.append(run)
    if len(started) > 2:
        time.sleep(600)  # killed in here
    return record(run, *options)

execute.record = slow_from_the_third
test_execute.carry_out()
"""


def kill_after(parts, folder, script):
    """Start ``script``; SIGKILL it once ``folder`` holds so many parts."""
    process = subprocess.Popen([sys.executable, str(script)], cwd=ROOT)
    try:
        deadline = time.monotonic() + 120
        while len(list(folder.glob("*.json"))) < parts:
            assert process.poll() is None, "the driver ended too early"
            assert time.monotonic() < deadline, "no part was written"
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL


def test_killed_runs_are_resumed(few, results, tmp_path, monkeypatch, carried_out):
    script = tmp_path / "driver.py"
    script.write_text(DRIVER.format(tests=str(Path(__file__).parent)))
    kill_after(2, results / "toy.parts", script)
    parts = {
        f.stem: json.loads(f.read_text()) for f in (results / "toy.parts").iterdir()
    }
    assert len(parts) == 2

    assert carry_out() == 4
    wanted = {run.key for run in TOY.runs()}
    assert {run.key for run in carried_out} == wanted - parts.keys()
    assert store.records("toy").keys() == wanted
    for key, part in parts.items():  # not trained again
        assert store.records("toy")[key]["provenance"] == part["provenance"]
    assert sorted(os.listdir(results)) == ["toy.csv", "toy.json"]

    resumed = numbers(load("toy"))
    monkeypatch.setenv("NORMLAB_RESULTS", str(tmp_path / "uninterrupted"))
    (tmp_path / "uninterrupted").mkdir()
    assert carry_out() == 6
    pd.testing.assert_frame_equal(resumed, numbers(load("toy")))


# Time that is up


def test_after_its_minutes_no_run_is_begun(few, results, carried_out):
    assert carry_out(minutes=0) == 0 and carried_out == []
    assert carry_out(minutes=60) == len(TOY.runs())


def test_the_first_seed_may_be_another():
    later = replace(TOY, first_seed=10)
    assert [run.seed for run in later.runs()] == [10] * 3 + [11] * 3


# Rates, updates, first weights


def test_a_run_has_as_many_updates_as_it_says(few):
    for change, steps in (
        ({}, 5),
        ({"drop_last": True}, 4),
        ({"epochs": 3, "steps": 7}, 7),
        ({"epochs": 3, "steps": 70}, 15),
    ):
        run = replace(RUN, **change)
        assert execute.updates(run) == steps
        assert len(train(run)[1].step_losses) == steps


def test_a_cooled_run_moves_less_and_less(few):
    """Plain SGD: a step on the weights is the rate times the gradient."""
    run = replace(RUN, norm="none", schedule="cooled", epochs=2)
    rates = []

    def look(step, model, batch, loss):
        weights = next(model.parameters())
        rates.append((weights.detach().clone(), weights.grad.clone()))

    train(run, recorders=[look])
    steps = len(rates)
    for step, ((old, grad), (new, _)) in enumerate(pairwise(rates)):
        expected = 0.5 * min(1.0, (steps - step) / (0.3 * steps))
        moved = ((old - new) * grad).sum() / (grad * grad).sum()
        assert moved.item() == pytest.approx(expected, rel=1e-3)


def test_gain_multiplies_the_first_weights():
    plain, large = build(RUN), build(replace(RUN, gain=3.0))
    for (name, one), (_, other) in zip(
        plain.named_parameters(), large.named_parameters(), strict=True
    ):
        weights = name.endswith("weight") and one.ndim > 1
        assert torch.equal(other, 3.0 * one if weights else one)


# What a run says of its optimizer, gradients, batches and images


def test_a_run_names_its_optimizer_and_how_many_images_it_learns_from(few):
    run = replace(RUN, optimizer="adam", lr=0.01, images=300)
    expected = fit(
        build(run),
        (few[0][0][:300], few[0][1][:300]),
        epochs=1,
        lr=0.01,
        batch_size=128,
        optimizer="adam",
    )
    assert train(run)[1].step_losses == expected.step_losses
    assert execute.updates(run) == 3
    assert execute.updates(replace(run, drop_last=True)) == 2
    assert len(execute.trained_on(run)[1]) == 300


def doubled(images, generator):
    return images.repeat_interleave(2, dim=0)


def backwards(labels, batch_size, generator):
    return torch.arange(len(labels)).flip(0)


class Scaled:
    """Multiplies the gradients by ten times the run's rate."""

    def __init__(self, model, run):
        self.factor = 10 * run.lr

    def __call__(self, step, model, batch, loss):
        for parameter in model.parameters():
            parameter.grad *= self.factor


@pytest.mark.parametrize(
    ("names", "option"),
    [
        ("augment", {"augment": doubled}),
        ("arrange", {"arrange": backwards}),
        ("transform", {"transforms": [Scaled(None, RUN)]}),
    ],
)
def test_names_of_a_run_stand_for_what_fit_is_given(few, monkeypatch, names, option):
    monkeypatch.setitem(AUGMENTS, "doubled", doubled)
    monkeypatch.setitem(ARRANGEMENTS, "backwards", backwards)
    monkeypatch.setitem(TRANSFORMS, "scaled", Scaled)
    named = {"augment": "doubled", "arrange": "backwards", "transform": "scaled"}
    run = replace(RUN, norm="none", **{names: named[names]})
    expected = fit(build(run), few[0], epochs=1, lr=0.5, batch_size=128, **option)
    assert train(run)[1].step_losses == expected.step_losses
    assert train(replace(RUN, norm="none"))[1].step_losses != expected.step_losses


def test_later_fields_leave_old_keys_alone():
    assert RUN.key == "79f059553b7b"
    later = {"optimizer": "adam", "transform": "x", "augment": "x", "arrange": "x"}
    keys = {replace(RUN, **{name: is_}).key for name, is_ in later.items()}
    assert len(keys | {RUN.key, replace(RUN, images=5).key}) == 6
