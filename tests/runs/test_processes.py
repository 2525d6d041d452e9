"""Several real processes: two that record at once, and one that is stopped."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from normlab.runs import Run, load, store
from normlab.runs.config import Outcome
from normlab.runs.rows import row

ROOT = Path(__file__).resolve().parents[2]
RUN = Run(model="lenet", norm="none", lr=0.5, batch_size=128, epochs=1, seed=0)
ABOUT = {"device": "abacus", "torch": "2", "commit": "c0ffee", "finished": "2026-01-02"}
SEEDS = 6
PATIENCE = 120  # seconds in which a process starts, on a busy machine

# What each driver does first: a toy experiment whose runs do ``body``.
TOY = """
import os, signal, time
from pathlib import Path

# As from a terminal: what a script starts in the background ignores Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

from normlab.runs import EXPERIMENTS, Experiment, Run, execute, store
from normlab.runs.__main__ import main
from normlab.runs.config import Outcome
from normlab.runs.rows import score_rows

results = Path(os.environ["NORMLAB_RESULTS"])
notes = results.parent

def carry_out(run, device):
    {body}
    scores = float(run.seed), 0.5
    return Outcome(score_rows(scores, split="train", epoch=1, step=1))

run = Run("lenet", "none", lr=0.5, batch_size=128, epochs=1, seed=0)
toy = Experiment("toy", "?", (run,), seeds={seeds}, carry_out=carry_out)
EXPERIMENTS["toy"] = toy
"""


@pytest.fixture
def start(results, tmp_path):
    """Start a driver; whatever a test leaves behind is killed at its end."""
    started = []

    def driver(name, body, then, seeds=SEEDS):
        script = tmp_path / f"{name}.py"
        script.write_text(TOY.format(body=body, seeds=seeds) + then)
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        process = subprocess.Popen(
            [sys.executable, str(script)],
            env=os.environ | {"PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield driver
    for process in started:
        process.kill()
        process.communicate()


def wait_for(what, seconds=PATIENCE):
    """Wait until ``what()`` is true; return how long that took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds
        time.sleep(0.02)
    return time.monotonic() - began


def ended_well(*processes):
    for process in processes:
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors
    return True


# Two that record the same experiment

RECORD = """
execute.record_all(toy, backend="threading", jobs=1)
"""
SLOW_MERGE = """
write = store.write_atomically

def slowly(path, content):
    if path.name == "toy.csv":
        (notes / "merging").touch()
        time.sleep(2)
    write(path, content)

store.write_atomically = slowly
"""
UNTIL = """
    (notes / "{here}").touch()
    while not (notes / "{there}").exists():
        time.sleep(0.01)
"""


def test_runs_that_end_during_a_merge_are_kept(start, results, tmp_path):
    """The first holds one run until the second has one, which ends in its merge."""
    first = UNTIL.strip().format(here="first", there="second")
    second = UNTIL.strip().format(here="second", there="merging")
    slow = start("slow", first, SLOW_MERGE + RECORD, seeds=2)
    wait_for((tmp_path / "first").exists)
    assert ended_well(start("quick", second, RECORD, seeds=4), slow)
    table = load("toy")
    assert sorted(table[table["measure"] == "loss"]["value"]) == [0, 1, 2, 3]
    assert sorted(os.listdir(results)) == ["toy.csv", "toy.json"]


AT_ONCE = """
(notes / f"ready.{os.getpid()}").touch()
while len(list(notes.glob("ready.*"))) < 2:
    time.sleep(0.01)
"""
NOTED = 'open(notes / f"{run.seed}.{os.getpid()}", "x"); time.sleep(0.3)'


def test_two_that_start_at_once_share_the_runs(start, results, tmp_path):
    """Each run is trained once, and by both processes together all are."""
    then = AT_ONCE + RECORD
    assert ended_well(start("one", NOTED, then), start("two", NOTED, then))
    notes = [path.name for path in tmp_path.glob("[0-9].*")]
    assert sorted(name.split(".")[0] for name in notes) == list(map(str, range(SEEDS)))
    assert len({name.split(".")[1] for name in notes}) == 2
    seeds = {r["config"]["seed"] for r in store.records("toy").values()}
    assert seeds == set(range(SEEDS))
    assert sorted(os.listdir(results)) == ["toy.csv", "toy.json"]


def test_a_killed_process_holds_no_run(start, results, tmp_path):
    body = '(notes / "began").touch(); time.sleep(600)'
    killed = start("killed", body, RECORD)
    wait_for((tmp_path / "began").exists)
    killed.kill()
    killed.wait()
    assert ended_well(start("next", "pass", RECORD))
    assert len(store.records("toy")) == SEEDS
    assert sorted(os.listdir(results)) == ["toy.csv", "toy.json"]


def test_a_part_that_a_merge_has_not_read_stays(results, monkeypatch):
    """Also without a lock: it removes what it merged, not whatever is there."""
    runs = [replace(RUN, seed=seed) for seed in range(3)]
    rows = [row("loss", 1.0, split="train", epoch=1, step=1)]
    store.save("other", runs[2], Outcome(rows), ABOUT)
    for run in runs[:2]:
        store.save("toy", run, Outcome(rows), ABOUT)
    write = store.write_atomically

    def meanwhile(path, content):
        if path.name == "toy.csv":
            part = results / "other.parts" / f"{runs[2].key}.json"
            part.rename(results / "toy.parts" / part.name)
        write(path, content)

    with monkeypatch.context() as patched:
        patched.setattr(store, "write_atomically", meanwhile)
        store.merge("toy")
    assert store.records("toy").keys() == {run.key for run in runs[:2]}
    assert store.finished("toy") == {run.key for run in runs}
    store.merge("toy")
    assert store.records("toy").keys() == {run.key for run in runs}


# One that is stopped

ENDLESS = """
    if run.seed > 1:
        (notes / f"worker.{os.getpid()}").touch()
        while True:
            sum(range(1000))
"""
COMMAND = """
main(["run", "toy", "--jobs", "2"])
"""
FULL = """
save = store.save

def failing(name, run, *rest):
    if run.seed == 1:
        while len(list(notes.glob("worker.*"))) < 1:
            time.sleep(0.01)
        raise OSError("disk full")
    save(name, run, *rest)

store.save = failing
main(["run", "toy", "--jobs", "2"])
"""


def workers(tmp_path):
    return [int(path.suffix[1:]) for path in tmp_path.glob("worker.*")]


def is_alive(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{number}/stat")  # one that has ended may not be reaped yet
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def all_gone(tmp_path):
    return not any(is_alive(number) for number in workers(tmp_path))


@pytest.fixture
def stopped(start, tmp_path):
    """Send a signal to the command when two runs are on disk and two in progress."""

    def stop(number, whole_group=False):
        process = start("stopped", ENDLESS.strip(), COMMAND)
        two = {replace(RUN, seed=seed).key for seed in (0, 1)}
        wait_for(lambda: len(workers(tmp_path)) == 2 and store.finished("toy") == two)
        send = os.killpg if whole_group else os.kill
        send(process.pid, number)
        wait_for(lambda: process.poll() is not None, 10)
        wait_for(lambda: all_gone(tmp_path), 10)
        assert store.finished("toy") == two
        return process

    yield stop
    for number in filter(is_alive, workers(tmp_path)):
        os.kill(number, signal.SIGKILL)


@pytest.mark.parametrize(
    ("number", "whole_group"),
    [(signal.SIGTERM, False), (signal.SIGINT, False), (signal.SIGINT, True)],
    ids=["SIGTERM", "SIGINT", "ctrl-c"],  # a terminal's goes to the workers too
)
def test_a_stopped_command_ends_its_workers_and_says_so(stopped, number, whole_group):
    process = stopped(number, whole_group)
    _, errors = process.communicate()
    assert process.returncode == 1
    assert "Stopped. Finished runs are kept" in errors
    assert "Traceback" not in errors


def test_workers_do_not_outlive_a_killed_process(stopped):
    stopped(signal.SIGKILL)


def test_what_cannot_be_saved_ends_the_workers(start, tmp_path):
    process = start("full", ENDLESS.strip(), FULL)
    wait_for(lambda: process.poll() is not None)
    _, errors = process.communicate()
    assert "normlab.runs: disk full" in errors
    wait_for(lambda: all_gone(tmp_path), 10)
