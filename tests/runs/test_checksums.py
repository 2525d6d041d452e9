"""No recorded number changes unnoticed, whatever becomes of its table."""

import json

import numpy as np
import pytest
from checksums import checksums, kept, main, tables

COMMAND = "python tests/runs/checksums.py"


def test_every_table_has_checksums():
    assert sorted(kept()) == tables(), f"after a new experiment: {COMMAND} NAME"


@pytest.mark.parametrize("name", sorted(kept()))
def test_recorded_values_are_the_same_to_the_last_digit(name):
    now, then = checksums(name), kept()[name]
    other = sorted(
        key for key in now.keys() | then.keys() if now.get(key) != then.get(key)
    )
    assert not other, f"other values; if that is meant: {COMMAND} {name}"


@pytest.fixture
def table(results):
    (results / "toy.csv").write_text("key,split,value\na,train,0.10\na,test,2\nb,,3\n")
    np.savez(results / "toy.npz", **{"a/x": np.zeros(2), "a/y": np.ones(3)})
    return results


def test_checksums_tell_one_text_of_a_number_from_another(table):
    before = checksums("toy")
    (table / "toy.csv").write_text("key,value\nb,3\na,0.1\na,2\n")
    after = checksums("toy")
    assert after["a"]["values"] != before["a"]["values"]
    assert after["b"] == before["b"]


def test_checksums_do_not_know_the_other_columns(table):
    before = checksums("toy")
    (table / "toy.csv").write_text("key,value,step\nb,3,1\na,0.10,\na,2,7\n")
    assert checksums("toy") == before


@pytest.mark.parametrize(
    "arrays",
    [
        {"a/x": np.zeros(2, np.float32), "a/y": np.ones(3)},
        {"a/x": np.zeros((2, 1)), "a/y": np.ones(3)},
        {"a/x": np.zeros(2), "a/z": np.ones(3)},
        {"a/x": np.zeros(2), "a/y": np.array([1, 1, 1 + 1e-15])},
        {"a/x": np.zeros(2)},
    ],
    ids=["type", "shape", "name", "last digit", "fewer"],
)
def test_checksums_see_other_arrays(table, arrays):
    before = checksums("toy")
    np.savez(table / "toy.npz", **arrays)
    assert checksums("toy")["a"]["arrays"] != before["a"]["arrays"]


def test_command_writes_the_entries_of_the_named_tables(table, tmp_path, monkeypatch):
    path = tmp_path / "values.json"
    path.write_text(json.dumps({"other": {}}))
    monkeypatch.setattr("checksums.KEPT", path)
    main(["toy"])
    assert kept() == {"other": {}, "toy": checksums("toy")}
    with pytest.raises(SystemExit, match=r"no table 'lost' in .*there are toy"):
        main(["lost"])
