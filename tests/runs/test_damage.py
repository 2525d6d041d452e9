"""Damaged records: each kind of damage is a sentence with the file and the remedy."""

import json
import re
from dataclasses import asdict, replace

import numpy as np
import pytest

from normlab.runs import (
    EXPERIMENTS,
    Experiment,
    ResultsError,
    Run,
    execute,
    load,
    recordings,
    store,
)
from normlab.runs.__main__ import main
from normlab.runs.config import Outcome, run_of
from normlab.runs.rows import row

RUN = Run(model="lenet", norm="none", lr=0.5, batch_size=256, epochs=2, seed=0)
OTHER = replace(RUN, seed=1)
ABOUT = {"device": "abacus", "torch": "2", "commit": "c0ffee", "finished": "2026-01-02"}
ARRAYS = {"loss/mean": np.array([1.0, 2.0]), "loss/steps": np.array([0, 1])}
REMEDY = "toy.csv, toy.json, toy.npz"
COMMAND = "python -m normlab.runs run toy"


def rows(count=2):
    return [
        row("loss", 1 / e, split="test", epoch=e, step=e) for e in range(1, count + 1)
    ]


@pytest.fixture
def toy(results, monkeypatch):
    """Two recorded runs, one of them with arrays; a third is still to be done."""
    experiment = Experiment("toy", "?", (RUN,), seeds=3)
    monkeypatch.setitem(EXPERIMENTS, "toy", experiment)
    store.save("toy", RUN, Outcome(rows(), arrays=ARRAYS), ABOUT)
    store.save("toy", OTHER, Outcome(rows(4)), ABOUT)
    store.merge("toy")
    return results


@pytest.fixture
def untrained(monkeypatch):
    """Damage is found before the first run is trained."""

    def trained(*_):
        raise AssertionError("a run was trained")

    monkeypatch.setattr(execute, "record", trained)


def sentence(*command):
    with pytest.raises(SystemExit) as stop:
        main(list(command))
    return str(stop.value.code)


def change(path, how):
    content = json.loads(path.read_text())
    path.write_text(json.dumps(how(content)))


def of_run(how):
    """Change the record of one run, and keep the other."""
    return lambda known: known | {RUN.key: how(known[RUN.key])}


def without(name):
    return lambda record: {k: v for k, v in record.items() if k != name}


def config(**fields):
    return lambda record: record | {"config": record["config"] | fields}


def about(**fields):
    return lambda record: record | {"provenance": record["provenance"] | fields}


IN_BOTH = {  # of a record and of a part: what to do to it, what is said of it
    "no config": (without("config"), "it has no configuration"),
    "no provenance": (without("provenance"), "it has no provenance"),
    "config is a list": (lambda r: r | {"config": [1]}, "it has no configuration"),
    "provenance is text": (lambda r: r | {"provenance": "x"}, "it has no provenance"),
    "not an object": (lambda r: None, "a NoneType, not an object"),
    "unknown field": (config(warmup=3), "'warmup', which no run has"),
    "missing field": (
        lambda r: r | {"config": without("lr")(r["config"])},
        "lacks 'lr'",
    ),
    "text for a rate": (config(lr="fast"), "lr='fast', not a float"),
    "null for a rate": (config(momentum=None), "momentum=None, not a float"),
    "text for a seed": (config(seed="0"), "seed='0', not a int"),
    "truth for a seed": (config(seed=True), "seed=True, not a int"),
    "number for a truth": (config(decay_norms=1), "decay_norms=1, not a bool"),
    "number for a name": (config(norm=3), "norm=3, not a str"),
    "another run's config": (config(lr=0.25), "is that of run"),
    "no commit": (
        lambda r: r | {"provenance": without("commit")(r["provenance"])},
        "does not say 'commit'",
    ),
    "date is a number": (about(finished=2026), "does not say 'finished'"),
    "arrays below 0": (lambda r: r | {"arrays": -1}, "arrays=-1, not how many"),
}
each_damage = pytest.mark.parametrize(("how", "words"), IN_BOTH.values(), ids=IN_BOTH)
each_command = pytest.mark.parametrize(
    "command", [("list",), ("show", "toy"), ("run", "toy", "--jobs", "1")]
)


@each_command
@each_damage
def test_damaged_record_is_a_sentence(toy, untrained, command, how, words):
    change(toy / "toy.json", of_run(how))
    said = sentence(*command)
    for part in ("toy.json is damaged", RUN.key, words, REMEDY, COMMAND):
        assert part in said


@each_damage
def test_damaged_part_is_a_sentence(toy, untrained, how, words):
    third = replace(RUN, seed=2)
    store.save("toy", third, Outcome(rows()), ABOUT)
    change(toy / "toy.parts" / f"{third.key}.json", how)
    said = sentence("run", "toy", "--jobs", "1")
    for part in (f"{third.key}.json is damaged", words, f"{third.key}.npz", COMMAND):
        assert part in said
    assert len(load("toy")) == 6  # the others are as they were


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (without("rows"), "it has no rows"),
        (lambda p: p | {"rows": {}}, "it has no rows"),
        (lambda p: p | {"rows": [1]}, "its row 1"),
        (lambda p: p | {"rows": [without("value")(p["rows"][0])]}, "its row"),
        (lambda p: p | {"rows": [p["rows"][0] | {"value": "high"}]}, "'high'"),
        (lambda p: p | {"rows": [p["rows"][0] | {"note": ""}]}, "'note'"),
    ],
    ids=["no rows", "an object", "a number", "no value", "text", "a column more"],
)
def test_part_with_other_rows_is_a_sentence(toy, untrained, how, words):
    third = replace(RUN, seed=2)
    store.save("toy", third, Outcome(rows()), ABOUT)
    change(toy / "toy.parts" / f"{third.key}.json", how)
    said = sentence("run", "toy", "--jobs", "1")
    assert f"{third.key}.json is damaged" in said
    assert words in said


def test_part_that_lost_its_arrays_is_a_sentence(toy, untrained):
    third = replace(RUN, seed=2)
    store.save("toy", third, Outcome(rows(), arrays=ARRAYS), ABOUT)
    (toy / "toy.parts" / f"{third.key}.npz").unlink()
    said = sentence("run", "toy", "--jobs", "1")
    assert f"{third.key}.npz is damaged (0 arrays, not 2)" in said


# Table and recordings against the counts


def edit_table(toy, how):
    header, *lines = (toy / "toy.csv").read_text().splitlines(keepends=True)
    (toy / "toy.csv").write_text("".join([header, *how(lines)]))


TABLES = {
    "all rows doubled": (lambda lines: lines * 2, "not 2"),
    "one row doubled": (lambda lines: [*lines, lines[0]], "3 rows of run"),
    "one row lost": (lambda lines: lines[1:], "1 rows of run"),
    "a run lost": (
        lambda lines: [line for line in lines if OTHER.key in line],
        "0 rows of run",
    ),
    "text for a number": (
        lambda lines: [f"{RUN.key},test,,loss,1,1,x\n", *lines],
        "x",
    ),
    "a conflict": (lambda lines: [*lines, "<<<<<<< HEAD\n"], "damaged"),
}


@pytest.mark.parametrize("command", [("show", "toy"), ("run", "toy", "--jobs", "1")])
@pytest.mark.parametrize(("how", "words"), TABLES.values(), ids=TABLES)
def test_table_with_other_rows_is_a_sentence(toy, untrained, command, how, words):
    edit_table(toy, how)
    said = sentence(*command)
    for part in ("toy.csv is damaged", words, REMEDY, COMMAND):
        assert part in said


def rewrite(path, how):
    with np.load(path) as file:
        arrays = dict(file)
    np.savez_compressed(path, **how(arrays))


@pytest.mark.parametrize(
    ("how", "count"),
    [
        (lambda arrays: {}, 0),
        (lambda arrays: dict(list(arrays.items())[:1]), 1),
        (lambda arrays: arrays | {f"{RUN.key}/more": np.ones(1)}, 3),
        (None, 0),
    ],
    ids=["a run lost", "an array lost", "one more", "no file"],
)
def test_recordings_with_other_arrays_are_a_sentence(toy, untrained, how, count):
    path = toy / "toy.npz"
    if how:
        rewrite(path, how)
    else:
        path.unlink()
    with pytest.raises(ResultsError) as error:
        recordings("toy")
    for said in (str(error.value), sentence("run", "toy", "--jobs", "1")):
        assert "toy.npz is damaged" in said
        assert f"{count} arrays of run {RUN.key}, not 2" in said
        assert REMEDY in said


def test_damage_is_not_merged_away(toy):
    """What a merge would write anew it first reads as strictly as a page does."""
    before = {f.name: f.read_bytes() for f in toy.glob("toy.*")}
    edit_table(toy, lambda lines: lines[1:])
    store.save("toy", replace(RUN, seed=2), Outcome(rows()), ABOUT)
    with pytest.raises(ResultsError, match=r"toy\.csv is damaged"):
        store.merge("toy")
    assert (toy / "toy.json").read_bytes() == before["toy.json"]
    (toy / "toy.csv").write_bytes(before["toy.csv"])  # restored, as the remedy says
    store.merge("toy")
    assert len(load("toy")) == 8


def test_table_without_its_records_is_not_written_over(toy, untrained):
    (toy / "toy.json").unlink()
    said = sentence("run", "toy", "--jobs", "1")
    assert "toy.json is missing beside toy.csv" in said
    assert REMEDY in said
    assert (toy / "toy.csv").exists()


def test_records_from_before_the_counts_are_read(toy):
    """A reader's own, older records are no damage."""
    no_counts = {"rows", "arrays"}
    change(
        toy / "toy.json",
        lambda known: {
            key: {k: v for k, v in record.items() if k not in no_counts}
            for key, record in known.items()
        },
    )
    assert len(load("toy")) == 6
    assert len(recordings("toy")) == 1
    edit_table(toy, lambda lines: [line for line in lines if OTHER.key in line])
    with pytest.raises(ResultsError, match=f"0 rows of run {RUN.key}"):
        load("toy")


def test_a_run_may_have_no_rows(results):
    """One that left only arrays is whole."""
    store.save("toy", RUN, Outcome([], arrays=ARRAYS), ABOUT)
    store.save("toy", OTHER, Outcome(rows()), ABOUT)
    store.merge("toy")
    assert set(load("toy")["key"]) == {OTHER.key}
    assert len(recordings("toy")) == 1


# Remedies


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_remedy_names_no_file_of_another_device(results, device):
    """``toy.*`` would delete toy.cuda.csv too."""
    for name in ("toy", "toy.cuda"):
        store.save(name, RUN, Outcome(rows()), ABOUT)
        store.merge(name)
    name = store.table_name("toy", device)
    (results / f"{name}.json").write_text("{")
    with pytest.raises(ResultsError) as error:
        load("toy", device)
    said = str(error.value)
    assert "*" not in said
    advice = said[said.index("Restore") :]
    named = set(re.findall(r"toy[\w.]*\.\w+", advice))
    assert named == {f"{name}.csv", f"{name}.json", f"{name}.npz"}
    assert ("run toy --device cuda`" in said) == (device == "cuda")


def test_damaged_benchmark_names_its_file_and_command(results):
    (results / "benchmarks").mkdir()
    path = results / "benchmarks" / "cuda.json"
    for text in ("{", "[]", ""):
        path.write_text(text)
        with pytest.raises(ResultsError) as error:
            store.benchmark("cuda")
        assert str(path) in str(error.value)
        assert "python -m benchmarks --device cuda" in str(error.value)


# Configurations


def test_every_field_of_a_configuration_is_read_back():
    assert run_of(asdict(RUN)) == RUN
    assert run_of(json.loads(json.dumps(asdict(RUN)))) == RUN
    assert run_of(asdict(RUN) | {"lr": 1}) == replace(RUN, lr=1.0)


# An unwritable folder


def refuse(monkeypatch, fails):
    """Let no file be written whose path satisfies ``fails``."""
    write = store.write_atomically

    def refusing(path, content):
        if fails(path):
            raise PermissionError(13, "Permission denied", str(path))
        write(path, content)

    monkeypatch.setattr(store, "write_atomically", refusing)


@pytest.mark.parametrize("where", ["the folder", "the parts"])
def test_unwritable_folder_is_noticed_before_the_first_run(
    toy, untrained, monkeypatch, where
):
    parts = where == "the parts"
    refuse(monkeypatch, lambda path: (path.parent.name == "toy.parts") == parts)
    said = sentence("run", "toy", "--jobs", "1", "--backend", "threading")
    assert f"cannot write into {toy}" in said
    assert "NORMLAB_RESULTS" in said


def test_folder_that_is_a_file_is_noticed_before_the_first_run(
    toy, untrained, tmp_path, monkeypatch
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NORMLAB_RESULTS", str(tmp_path / "file"))
    said = sentence("run", "toy", "--jobs", "1", "--backend", "threading")
    assert str(tmp_path / "file") in said


def test_a_try_leaves_nothing_behind(results):
    store.check_writable("toy")
    assert list(results.iterdir()) == []


def test_complete_record_needs_no_writable_folder(toy, untrained, monkeypatch, capsys):
    refuse(monkeypatch, lambda path: True)
    main(["run", "toy", "--seeds", "2"])
    assert "toy: 0 new runs" in capsys.readouterr().out


def test_a_run_with_a_row_of_no_table_is_not_saved(results):
    """Or the next merge would stop at it, after hours."""
    wrong = [row("loss", 1.0, split="test", epoch=1, step=1, depth=2)]
    with pytest.raises(ValueError, match="'depth', which no table has"):
        store.save("toy", RUN, Outcome(wrong), ABOUT)
    assert list(results.iterdir()) == []
