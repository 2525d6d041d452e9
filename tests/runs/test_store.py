"""Keys, and records that survive a crash at any moment."""

import hashlib
import json
import zipfile
from dataclasses import MISSING, asdict, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from normlab.runs import ResultsError, Run, load, recordings, source, store
from normlab.runs.config import Experiment, Outcome
from normlab.runs.rows import row

RUN = Run(model="lenet", norm="none", lr=0.5, batch_size=256, epochs=2, seed=0)
OTHER = replace(RUN, seed=1)
ABOUT = {"device": "abacus", "torch": "2", "commit": "c0ffee", "finished": "2026-01-02"}

CHANGES = {
    "model": "mlp",
    "norm": "batch",
    "lr": 0.25,
    "batch_size": 128,
    "epochs": 3,
    "seed": 1,
    "evaluate_on": "validation",
    "momentum": 0.9,
    "weight_decay": 1e-4,
    "init": "gaussian",
    "dtype": "float64",
    "decay_norms": False,
    "steps": 100,
    "schedule": "cooled",
    "drop_last": True,
    "gain": 0.5,
    "optimizer": "adam",
    "transform": "agc",
    "augment": "shift_and_flip",
    "arrange": "two_classes",
    "images": 1000,
}


def rows(*losses):
    return [
        row("loss", value, split="train", epoch=epoch, step=10 * epoch)
        for epoch, value in enumerate(losses, start=1)
    ]


def record(name, run, *losses, **about):
    store.save(name, run, Outcome(rows(*losses)), ABOUT | about)


def files(folder):
    return sorted(p.name for p in Path(folder).rglob("*"))


def plain(table):
    """The table in a fixed order, to compare by value."""
    return table.sort_values(["key", "measure", "step"]).reset_index(drop=True)


# Keys


def test_key_is_what_recorded_results_use():
    """A literal: if this fails, every record in results/ has lost its key."""
    assert RUN.key == "9ed63b43997a"


def test_every_field_is_in_the_key():
    assert set(CHANGES) == {f.name for f in fields(Run)}
    keys = {replace(RUN, **{name: v}).key for name, v in CHANGES.items()}
    assert len(keys | {RUN.key}) == len(CHANGES) + 1


LATER = [f.name for f in fields(Run) if f.metadata.get("later")]


def key_of(configuration):
    """The key as the first records made it: all there was, sorted by name."""
    text = json.dumps(configuration, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def test_later_fields_are_those_that_the_first_records_lack():
    first = Path(__file__).parents[2] / "results" / "lenet.json"
    configs = [record["config"] for record in json.loads(first.read_text()).values()]
    assert {f.name for f in fields(Run)} - set(LATER) == set(configs[0])
    for config in configs:
        assert Run(**config).key == key_of(config)


@pytest.mark.parametrize("name", LATER)
def test_a_later_field_is_in_the_key_when_it_is_used(name):
    default = {f.name: f.default for f in fields(Run)}[name]
    assert default is not MISSING  # records without it must still be runs
    before = {k: v for k, v in asdict(RUN).items() if k not in LATER}
    assert replace(RUN, **{name: default}).key == key_of(before)
    used = replace(RUN, **{name: CHANGES[name]})
    assert used.key == key_of(before | {name: CHANGES[name]})


def test_device_is_not_in_the_configuration():
    assert "device" not in asdict(RUN)


@pytest.mark.parametrize("name", ["lr", "momentum", "weight_decay"])
def test_equal_runs_have_equal_keys(name):
    """1 == 1.0, whichever was typed."""
    whole, real = replace(RUN, **{name: 1}), replace(RUN, **{name: 1.0})
    assert whole == real
    assert whole.key == real.key


def test_key_survives_the_record():
    assert Run(**json.loads(json.dumps(asdict(RUN)))).key == RUN.key


def test_seeds_are_outermost():
    experiment = Experiment("toy", "?", (RUN, replace(RUN, lr=1.0)), seeds=2)
    order = [(run.seed, run.lr) for run in experiment.runs()]
    assert order == [(0, 0.5), (0, 1.0), (1, 0.5), (1, 1.0)]
    assert experiment.runs(1) == list(experiment.variants)


@pytest.mark.parametrize("seeds", [0, -1])
def test_an_experiment_needs_a_seed(seeds):
    with pytest.raises(ValueError, match=f"seeds is {seeds}"):
        Experiment("toy", "?", (RUN,)).runs(seeds)


# Save, merge, load


def test_round_trip(results):
    record("toy", RUN, 2.25, 1.0 / 3)
    record("toy", OTHER, 2.5, 0.1)
    store.merge("toy")
    table = load("toy")
    mine = table[table["key"] == RUN.key]
    assert mine["value"].tolist() == pytest.approx([2.25, 1.0 / 3], rel=1e-8)
    assert mine["epoch"].tolist() == [1, 2]
    assert mine["step"].tolist() == [10, 20]
    for name, value in asdict(RUN).items():
        assert set(mine[name]) == {value}
    assert store.records("toy")[OTHER.key] == {
        "config": asdict(OTHER),
        "provenance": ABOUT,
        "rows": 2,
        "arrays": 0,
    }
    assert files(results) == ["toy.csv", "toy.json"]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_diverged_numbers_survive(results, value):
    record("toy", RUN, 2.0, value)
    store.merge("toy")
    assert str(load("toy")["value"].tolist()[1]) == str(value)


def test_float32_losses_come_back_bit_for_bit(results):
    losses = [(1 + k / 2**23) for k in range(1, 300, 7)]
    record("toy", RUN, *losses)
    store.merge("toy")
    record("toy", OTHER, 1.0)
    store.merge("toy")  # the table is read and written again
    table = load("toy")
    back = table[table["key"] == RUN.key]["value"].astype("float32").tolist()
    assert back == losses


def test_merging_in_two_goes_is_merging_in_one(results):
    record("at-once", RUN, 2.0, 1.0)
    record("at-once", OTHER, 3.0, 2.0)
    store.merge("at-once")
    for run, losses in ((OTHER, (3.0, 2.0)), (RUN, (2.0, 1.0))):
        record("by-turns", run, *losses)
        store.merge("by-turns")
    pd.testing.assert_frame_equal(plain(load("by-turns")), plain(load("at-once")))


def test_merging_nothing_changes_nothing(results):
    record("toy", RUN, 2.0)
    store.merge("toy")
    before = (results / "toy.csv").read_bytes(), (results / "toy.json").read_bytes()
    store.merge("toy")
    after = (results / "toy.csv").read_bytes(), (results / "toy.json").read_bytes()
    assert before == after


def test_recording_again_replaces(results):
    record("toy", RUN, 2.0, 1.0)
    store.merge("toy")
    record("toy", RUN, 4.0)
    store.merge("toy")
    assert load("toy")["value"].tolist() == [4.0]


def test_finished_counts_parts_and_merged(results):
    record("toy", RUN, 2.0)
    store.merge("toy")
    record("toy", OTHER, 2.0)
    assert store.finished("toy") == {RUN.key, OTHER.key}


def test_gpu_records_are_kept_apart(results):
    names = [store.table_name("toy", d) for d in ("cpu", "cuda", "cuda:1")]
    assert names == ["toy", "toy.cuda", "toy.cuda"]
    record(names[0], RUN, 2.0)
    record(names[1], RUN, 3.0)
    for name in names[:2]:
        store.merge(name)
    assert load("toy")["value"].tolist() == [2.0]
    assert load("toy", "cuda")["value"].tolist() == [3.0]


def test_rows_of_unknown_keys_do_not_count(results):
    record("toy", RUN, 2.0)
    store.merge("toy")
    with open(results / "toy.csv", "a") as file:
        file.write("feedfacefeed,train,,loss,1,10,9.0\n")
    assert load("toy")["value"].tolist() == [2.0]


def test_all_digit_keys_stay_text(results, monkeypatch):
    monkeypatch.setattr(Run, "key", property(lambda run: f"00000000000{run.seed}"))
    record("toy", RUN, 2.0)
    store.merge("toy")
    assert load("toy")["key"].tolist() == ["000000000000"]


def test_source_names_command_seeds_device_and_commit(results):
    assert "pending" in source("toy")
    record("toy", RUN, 2.0)
    record("toy", OTHER, 2.0, commit="beef", finished="2026-03-04")
    store.merge("toy")
    line = source("toy")
    assert "python -m normlab.runs run toy" in line
    for part in ("2 runs", "2 seeds", "abacus", "c0ffee", "beef", "2026-03-04"):
        assert part in line


# Crashes


def fail(*_, **__):
    raise OSError("disk full")


@pytest.mark.parametrize("step", ["replace", "fsync"])
def test_failed_write_leaves_the_old_file_and_no_scratch(tmp_path, monkeypatch, step):
    path = tmp_path / "table.csv"
    path.write_text("old")
    if step == "replace":
        monkeypatch.setattr(Path, "replace", fail)
    else:
        monkeypatch.setattr(store.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        store.write_atomically(path, "new")
    assert path.read_text() == "old"
    assert files(tmp_path) == ["table.csv"]


def test_write_replaces_the_file(tmp_path):
    path = tmp_path / "table.csv"
    for text in ("old", "new"):
        store.write_atomically(path, text)
    assert path.read_text() == "new"
    assert files(tmp_path) == ["table.csv"]


def fail_at(monkeypatch, ending):
    """Let writing of files with this ending fail, as a kill at that moment."""
    write = store.write_atomically

    def failing(path, text):
        if path.name.endswith(ending):
            fail()
        write(path, text)

    monkeypatch.setattr(store, "write_atomically", failing)


def fail_to_remove_parts(monkeypatch):
    """Let the merge end before it has removed the first file that it merged."""
    unlink = Path.unlink

    def failing(path, **options):
        if path.parent.suffix == ".parts" and path.suffix in (".json", ".npz"):
            fail()
        unlink(path, **options)

    monkeypatch.setattr(Path, "unlink", failing)


@pytest.mark.parametrize("ending", ["toy.csv", "toy.json"])
@pytest.mark.parametrize("merged_before", [True, False])
def test_interrupted_merge_loses_nothing(results, monkeypatch, ending, merged_before):
    if merged_before:
        record("toy", RUN, 2.0, 1.0)
        store.merge("toy")
        before = load("toy")
    else:
        record("toy", RUN, 2.0, 1.0)
    record("toy", OTHER, 3.0)
    with monkeypatch.context() as patched:
        fail_at(patched, ending)
        with pytest.raises(OSError, match="disk full"):
            store.merge("toy")
    if merged_before:
        pd.testing.assert_frame_equal(load("toy"), before)
    assert store.finished("toy") == {RUN.key, OTHER.key}
    store.merge("toy")
    losses = load("toy").groupby("key")["value"].apply(list).to_dict()
    assert losses == {RUN.key: [2.0, 1.0], OTHER.key: [3.0]}
    assert files(results) == ["toy.csv", "toy.json"]


def test_kill_between_merge_and_clean_up_doubles_nothing(results, monkeypatch):
    record("toy", RUN, 2.0, 1.0)
    with monkeypatch.context() as patched:
        fail_to_remove_parts(patched)
        with pytest.raises(OSError, match="disk full"):
            store.merge("toy")
    store.merge("toy")
    assert load("toy")["value"].tolist() == [2.0, 1.0]


# Damage


def test_nothing_recorded_names_the_command(results):
    with pytest.raises(ResultsError, match=r"python -m normlab\.runs run toy"):
        load("toy")
    with pytest.raises(ResultsError, match="--device cuda"):
        load("toy", "cuda")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("toy.json", ""),
        ("toy.json", '{"half'),
        ("toy.json", "[]"),
        ("toy.csv", None),
        ("toy.csv", ""),
        ("toy.csv", "<<<<<<< HEAD\n"),
    ],
)
def test_damage_names_the_file_and_the_remedy(results, name, text):
    record("toy", RUN, 2.0)
    store.merge("toy")
    if text is None:
        (results / name).unlink()
    else:
        (results / name).write_text(text)
    with pytest.raises(ResultsError) as error:
        load("toy")
    assert name in str(error.value)
    assert "python -m normlab.runs run toy" in str(error.value)


def test_table_without_a_runs_rows_is_damaged(results):
    record("toy", RUN, 2.0)
    record("toy", OTHER, 3.0)
    store.merge("toy")
    lines = (results / "toy.csv").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(OTHER.key)]
    (results / "toy.csv").write_text("\n".join(kept) + "\n")
    with pytest.raises(ResultsError, match=r"toy\.csv"):
        load("toy")


def test_damaged_part_is_named(results):
    record("toy", RUN, 2.0)
    part = results / "toy.parts" / f"{RUN.key}.json"
    part.write_text(part.read_text()[:20])
    with pytest.raises(ResultsError, match=RUN.key):
        store.merge("toy")


# Recordings


ARRAYS = {
    "Recorder/steps": np.array([0, 3, 9]),
    "Recorder/pre/0": np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4),
    "loss": np.array([2.5, np.nan, np.inf]),
}
FEWER = {"loss": np.array([1.0])}


def record_arrays(name, run, arrays, *losses):
    store.save(name, run, Outcome(rows(*losses or (1.0,)), arrays=arrays), ABOUT)


def recorded(name="toy"):
    """Key -> arrays, of every run with recordings."""
    found = recordings(name)
    assert len({run.key for run, _ in found}) == len(found)
    return {run.key: arrays for run, arrays in found}


def assert_same_arrays(some, others):
    assert some.keys() == others.keys()
    for name, expected in others.items():
        assert some[name].dtype == expected.dtype
        assert some[name].shape == expected.shape
        assert some[name].tobytes() == expected.tobytes()


def test_recordings_come_back_bit_for_bit(results):
    record_arrays("toy", RUN, ARRAYS)
    record_arrays("toy", OTHER, FEWER)
    store.merge("toy")
    found = recordings("toy")
    assert {run for run, _ in found} == {RUN, OTHER}
    assert_same_arrays(recorded()[RUN.key], ARRAYS)
    assert_same_arrays(recorded()[OTHER.key], FEWER)
    assert files(results) == ["toy.csv", "toy.json", "toy.npz"]


def test_runs_without_arrays_have_rows_only(results):
    record_arrays("toy", RUN, ARRAYS)
    record("toy", OTHER, 3.0)
    store.merge("toy")
    assert list(recorded()) == [RUN.key]
    assert set(load("toy")["key"]) == {RUN.key, OTHER.key}


def test_without_any_arrays_there_is_no_file(results):
    record("toy", RUN, 2.0)
    store.merge("toy")
    assert files(results) == ["toy.csv", "toy.json"]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_no_recordings_name_the_command(results, device):
    name = store.table_name("toy", device)
    command = rf"no recordings of '{name}'.*normlab\.runs run toy --device {device}"
    with pytest.raises(ResultsError, match=command):
        recordings("toy", device)
    record(name, RUN, 2.0)
    store.merge(name)
    with pytest.raises(ResultsError, match=command):
        recordings("toy", device)


def test_recordings_of_a_gpu_are_kept_apart(results):
    record_arrays("toy", RUN, ARRAYS)
    record_arrays("toy.cuda", RUN, FEWER)
    for name in ("toy", "toy.cuda"):
        store.merge(name)
    assert_same_arrays(recorded()[RUN.key], ARRAYS)
    [(_, arrays)] = recordings("toy", "cuda")
    assert_same_arrays(arrays, FEWER)


def test_merging_again_keeps_the_recordings(results):
    record_arrays("toy", RUN, ARRAYS)
    store.merge("toy")
    before = (results / "toy.npz").read_bytes()
    store.merge("toy")
    assert (results / "toy.npz").read_bytes() == before
    record("toy", OTHER, 3.0)
    store.merge("toy")
    assert_same_arrays(recorded()[RUN.key], ARRAYS)
    record_arrays("toy", OTHER, FEWER)
    store.merge("toy")
    assert_same_arrays(recorded()[RUN.key], ARRAYS)
    assert_same_arrays(recorded()[OTHER.key], FEWER)


@pytest.mark.parametrize("beside", [True, False])
@pytest.mark.parametrize("again", [FEWER, {}], ids=["fewer", "none"])
def test_recording_again_replaces_the_recordings(results, again, beside):
    """None of the old arrays stays, also where the new run has none."""
    record_arrays("toy", RUN, ARRAYS)
    if beside:
        record_arrays("toy", OTHER, ARRAYS)
    store.merge("toy")
    record_arrays("toy", RUN, again)
    store.merge("toy")
    expected = {RUN.key: again} if again else {}
    expected |= {OTHER.key: ARRAYS} if beside else {}
    if expected:
        found = recorded()
        assert found.keys() == expected.keys()
        for key, arrays in expected.items():
            assert_same_arrays(found[key], arrays)
    else:
        assert files(results) == ["toy.csv", "toy.json"]


def test_the_same_arrays_are_the_same_bytes(results, monkeypatch):
    """In whatever order the runs ended: git then sees no change where there is none."""
    for name, runs in (("toy", (RUN, OTHER)), ("yot", (OTHER, RUN))):
        for run in runs:
            record_arrays(name, run, {k: a.copy() for k, a in ARRAYS.items()})
        store.merge(name)
    paths = [results / f"{name}.npz" for name in ("toy", "yot")]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive:  # no clock in it
        assert {info.date_time[:3] for info in archive.infolist()} == {(1980, 1, 1)}


@pytest.mark.parametrize("ending", [".npz", ".json"])
def test_run_stopped_while_it_is_saved_is_not_finished(results, monkeypatch, ending):
    with monkeypatch.context() as patched:
        fail_at(patched, f"{RUN.key}{ending}")
        with pytest.raises(OSError, match="disk full"):
            record_arrays("toy", RUN, ARRAYS)
    assert store.finished("toy") == set()
    record_arrays("toy", OTHER, FEWER)
    store.merge("toy")
    assert store.finished("toy") == {OTHER.key}
    assert list(recorded()) == [OTHER.key]
    record_arrays("toy", RUN, ARRAYS)
    store.merge("toy")
    assert_same_arrays(recorded()[RUN.key], ARRAYS)
    assert_same_arrays(recorded()[OTHER.key], FEWER)


@pytest.mark.parametrize("again", [FEWER, {}], ids=["fewer", "none"])
def test_arrays_of_a_stopped_run_do_not_join_the_next(results, monkeypatch, again):
    with monkeypatch.context() as patched:
        fail_at(patched, ".json")
        with pytest.raises(OSError, match="disk full"):
            record_arrays("toy", RUN, ARRAYS)
    record_arrays("toy", RUN, again)
    record_arrays("toy", OTHER, FEWER)
    store.merge("toy")
    found = recorded()
    assert found.keys() == ({RUN.key, OTHER.key} if again else {OTHER.key})
    assert_same_arrays(found.get(RUN.key, {}), again)


@pytest.mark.parametrize("merged_before", [True, False])
@pytest.mark.parametrize("ending", ["toy.npz", "toy.csv", "toy.json"])
def test_interrupted_merge_loses_no_recording(
    results, monkeypatch, ending, merged_before
):
    record_arrays("toy", RUN, ARRAYS)
    if merged_before:
        store.merge("toy")
    record_arrays("toy", OTHER, FEWER)
    with monkeypatch.context() as patched:
        fail_at(patched, ending)
        with pytest.raises(OSError, match="disk full"):
            store.merge("toy")
    if merged_before:  # the old records are whole, and the new ones not yet there
        found = recorded()
        assert list(found) == [RUN.key]
        assert_same_arrays(found[RUN.key], ARRAYS)
    assert store.finished("toy") == {RUN.key, OTHER.key}
    store.merge("toy")
    assert_same_arrays(recorded()[RUN.key], ARRAYS)
    assert_same_arrays(recorded()[OTHER.key], FEWER)
    assert files(results) == ["toy.csv", "toy.json", "toy.npz"]


@pytest.mark.parametrize("step", ["replace", "fsync"])
def test_failed_write_leaves_the_old_recordings(results, monkeypatch, step):
    record_arrays("toy", RUN, ARRAYS)
    store.merge("toy")
    before = (results / "toy.npz").read_bytes()
    record_arrays("toy", OTHER, FEWER)
    with monkeypatch.context() as patched:
        patched.setattr(Path if step == "replace" else store.os, step, fail)
        with pytest.raises(OSError, match="disk full"):
            store.merge("toy")
    assert (results / "toy.npz").read_bytes() == before
    assert not [name for name in files(results) if name.startswith(".")]


def test_kill_between_merge_and_clean_up_keeps_the_recordings(results, monkeypatch):
    record_arrays("toy", RUN, ARRAYS)
    with monkeypatch.context() as patched:
        fail_to_remove_parts(patched)
        with pytest.raises(OSError, match="disk full"):
            store.merge("toy")
    assert_same_arrays(recorded()[RUN.key], ARRAYS)
    store.merge("toy")
    assert_same_arrays(recorded()[RUN.key], ARRAYS)


def shortened(content):
    return content[: len(content) // 2]


def flipped(place):
    """Turn every bit of one byte."""

    def damage(content):
        at = content.index(b"PK", 4) // 2 if place == "data" else place
        return content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :]

    return damage


DAMAGE = {
    "empty": lambda content: b"",
    "half": shortened,
    "conflict": lambda content: b"<<<<<<< HEAD\n" + content,
    "text": lambda content: b"version https://git-lfs.github.com/spec/v1\n",
    "the first byte": flipped(0),
    "a byte of the data": flipped("data"),
    "a byte of the header": flipped(80),
}
each_damage = pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
NOISE = {"noise": np.random.default_rng(0).normal(size=1000)}


@each_damage
def test_damaged_recordings_name_the_file_and_the_remedy(results, damage):
    """Never half of them, nor an error of zlib's."""
    record_arrays("toy", RUN, NOISE)
    store.merge("toy")
    path = results / "toy.npz"
    path.write_bytes(damage(path.read_bytes()))
    for call in (recordings, merge_another):
        with pytest.raises(ResultsError) as error:
            call("toy")
        assert "toy.npz is damaged" in str(error.value)
        assert "Restore toy.csv, toy.json, toy.npz from git" in str(error.value)
        assert "python -m normlab.runs run toy" in str(error.value)
    # The rows are still there, and so is what waits to be merged.
    assert load("toy")["key"].tolist() == [RUN.key]
    assert store.finished("toy") == {RUN.key, OTHER.key}


def merge_another(name):
    record_arrays(name, OTHER, FEWER)
    store.merge(name)


@each_damage
def test_damaged_part_with_arrays_is_named(results, damage):
    """Also its neighbour: alone that would count as a run without recordings."""
    record_arrays("toy", RUN, NOISE)
    record_arrays("toy", OTHER, FEWER)
    part = results / "toy.parts" / f"{RUN.key}.npz"
    part.write_bytes(damage(part.read_bytes()))
    with pytest.raises(ResultsError) as error:
        store.merge("toy")
    for named in (f"{RUN.key}.npz", f"{RUN.key}.json", "normlab.runs run toy"):
        assert named in str(error.value)
    for file in (results / "toy.parts").glob(f"{RUN.key}.*"):
        file.unlink()  # as the message says
    store.merge("toy")
    assert store.finished("toy") == {OTHER.key}


def test_damage_of_an_unfinished_part_does_not_matter(results):
    record_arrays("toy", OTHER, FEWER)
    (results / "toy.parts" / f"{RUN.key}.npz").write_bytes(b"half")
    store.merge("toy")
    assert list(recorded()) == [OTHER.key]


def test_recordings_hold_no_pickles(results):
    """Reading a record must not run code."""
    record_arrays("toy", RUN, {"loss": np.array([{"a": 1}], dtype=object)})
    with pytest.raises(ResultsError, match="allow_pickle"):
        store.merge("toy")
