"""``python -m normlab.runs``: what it prints, and errors that can be read."""

import os
import re
import subprocess
import sys
from dataclasses import asdict, replace

import pytest
import torch

from normlab.runs import EXPERIMENTS, Experiment, Run, execute, store
from normlab.runs.__main__ import main
from normlab.runs.config import Outcome
from normlab.runs.fingerprint import fingerprint
from normlab.runs.rows import row

RUN = Run(model="lenet", norm="none", lr=0.5, batch_size=128, epochs=1, seed=0)
TOY = Experiment("toy", "Does it end?", (RUN, replace(RUN, lr=0.25)), seeds=2)


@pytest.fixture
def toy(results, images, monkeypatch):
    """A tiny experiment beside the others, on 600 images."""
    monkeypatch.setitem(EXPERIMENTS, "toy", TOY)
    monkeypatch.setattr(execute, "data", lambda evaluate_on: (images, images))
    return results


def code_of(run):
    return fingerprint(run, execute.keep_history)


def fake(run, accuracy, **about):
    """Record ``run`` without training it."""
    rows = [accuracy_row(accuracy, e) for e in range(1, run.epochs + 1)]
    known = {"fingerprint": code_of(run), "device": "abacus", "torch": "2"}
    known |= {"commit": "c0ffee", "finished": "2026-01-02", "diverged": None}
    store.save("toy", run, Outcome(rows), known | about)


def accuracy_row(value, epoch, **columns):
    where = {"split": "test", "statistics": "running"}
    return row("accuracy", value, epoch=epoch, step=epoch, **where, **columns)


def message(*arguments):
    """Run the command, which must fail; return its last words."""
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    assert stop.value.code not in (0, None)
    return str(stop.value.code)


def line_of(name, printed):
    return next(line for line in printed.splitlines() if line.startswith(name))


def test_list_counts_what_is_recorded(toy, capsys):
    for run in TOY.runs(1):
        fake(run, 0.5)
    store.merge("toy")
    main(["list"])
    printed = capsys.readouterr().out
    assert "2/4 runs" in line_of("toy", printed)
    assert "Does it end?" in line_of("toy", printed)
    assert "0/" in line_of("lenet ", printed)


def test_list_marks_records_of_older_code(toy, capsys):
    fake(TOY.runs()[0], 0.5)
    code = code_of(TOY.runs()[1]) | {"training.py": "old"}
    fake(TOY.runs()[1], 0.5, fingerprint=code)
    store.merge("toy")
    main(["list"])
    assert "1 by older code" in line_of("toy", capsys.readouterr().out)


def test_show_gives_the_mean_over_seeds(toy, capsys):
    for run, accuracy in zip(TOY.runs(), (0.5, 0.1, 0.75, 0.3), strict=True):
        fake(run, accuracy)
    store.merge("toy")
    main(["show", "toy"])
    printed = capsys.readouterr().out
    numbers = {float(n) for n in re.findall(r"\d\.\d+", printed)}
    assert numbers >= {0.2, 0.625}
    assert "c0ffee" in printed


def test_show_keeps_diverged_runs_in_sight(toy, capsys):
    """A run that ended early has no last epoch; it must not just vanish."""
    long = replace(RUN, epochs=10)
    rows = [accuracy_row(0.1, 1)]
    fake(replace(RUN, lr=0.25), 0.5)
    about = {"device": "abacus", "torch": "2", "commit": "c", "finished": "2026-01-02"}
    ended = "the loss became nan at step 3 (learning rate 0.5)"
    store.save("toy", long, Outcome(rows), about | {"diverged": ended})
    store.merge("toy")
    main(["show", "toy"])
    assert "diverged" in capsys.readouterr().out


def test_run_records_and_says_so(toy, capsys):
    main(["run", "toy", "--seeds", "1", "--backend", "threading", "--jobs", "1"])
    assert "toy: 2 new runs" in capsys.readouterr().out
    assert store.records("toy").keys() == {run.key for run in TOY.runs(1)}
    configs = [record["config"] for record in store.records("toy").values()]
    assert asdict(RUN) in configs


def test_show_without_records_names_the_command(toy):
    assert "python -m normlab.runs run toy" in message("show", "toy")


@pytest.mark.parametrize("command", [["list"], ["show", "toy"], ["run", "toy"]])
def test_damaged_record_is_a_sentence(toy, command):
    (toy / "toy.json").write_text("{")
    assert "toy.json is damaged" in message(*command)


@pytest.mark.parametrize("seeds", ["0", "-2"])
def test_bad_seeds_are_a_sentence(toy, seeds):
    assert f"seeds is {seeds}" in message("run", "toy", "--seeds", seeds)


def test_missing_gpu_is_a_sentence(toy, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "no GPU" in message("run", "toy", "--device", "cuda")


@pytest.mark.parametrize(
    "arguments",
    [[], ["show"], ["show", "nothing"], ["run", "nothing"], ["run", "toy", "--x"]],
)
def test_wrong_words_print_the_usage(toy, capsys, arguments):
    assert message(*arguments) == "2"
    assert "usage: python -m normlab.runs" in capsys.readouterr().err


def test_unwritable_results_are_a_sentence(toy, monkeypatch):
    (toy / "file").write_text("")
    monkeypatch.setenv("NORMLAB_RESULTS", str(toy / "file"))
    arguments = ("run", "toy", "--backend", "threading", "--jobs", "1")
    assert "file" in message(*arguments)


@pytest.mark.parametrize("backend", ["dask", "ray"])
def test_absent_cluster_is_a_sentence(toy, monkeypatch, backend):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setitem(sys.modules, "dask", None)
    monkeypatch.setitem(sys.modules, "ray", None)
    assert backend in message("run", "toy", "--backend", backend, "--jobs", "1")


def test_interrupt_says_how_to_go_on(toy, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(execute, "record", interrupted)
    words = message("run", "toy", "--backend", "threading", "--jobs", "1")
    assert "the same command" in words


def test_process_fails_without_a_traceback(results):
    done = subprocess.run(
        [sys.executable, "-m", "normlab.runs", "show", "lenet"],
        env=os.environ | {"NORMLAB_RESULTS": str(results)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "python -m normlab.runs run lenet" in done.stderr
    assert "Traceback" not in done.stderr
