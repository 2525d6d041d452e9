"""Tables of results: their columns, and the way to a file and back."""

from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest

from normlab.runs import EXPERIMENTS, Run
from normlab.runs.rows import row, score_rows
from normlab.runs.table import (
    COLUMNS,
    check_row,
    joined,
    read,
    table_of,
    text_of,
)

PAGE = Path(__file__).parents[2] / "book" / "reproduce.md"
PLAIN = {"key": "a", **row("loss", 0.5, split="train", epoch=1, step=9)}
SPLIT = {"split": "test", "epoch": 2, "step": 18, "statistics": "running"}
LAYER = {"key": "b", **row("error_mean", 0.25, **SPLIT, layer=0, running_momentum=0.1)}
PRUNED = {"key": "b", **row("accuracy", 0.75, **SPLIT, order="random", share=0)}


def back(table, tmp_path):
    (tmp_path / "table.csv").write_text(text_of(table))
    return read(tmp_path / "table.csv")


def test_the_page_explains_every_column_as_the_code_does():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    shown = [line for line in lines if line.startswith("| `key`")]
    first = lines.index(shown[0])
    said = [f"| `{name}` | {column.meaning} |" for name, column in COLUMNS.items()]
    assert lines[first : first + len(said)] == said


def test_no_column_is_a_field_of_the_configuration():
    """``load`` puts them side by side."""
    assert not COLUMNS.keys() & {f.name for f in fields(Run)}


def test_every_optional_column_is_used_by_some_experiment():
    results = PAGE.parents[1] / "results"
    used = {c for name in EXPERIMENTS for c in read(results / f"{name}.csv")}
    assert used == set(COLUMNS)


def test_a_table_has_the_columns_that_its_rows_use_in_one_order():
    always = ["key", "split", "statistics", "measure", "epoch", "step"]
    assert list(table_of([PLAIN])) == [*always, "value"]
    assert list(table_of([])) == [*always, "value"]
    optional = ["layer", "running_momentum", "order", "share"]
    assert list(table_of([PRUNED, LAYER])) == [*always, *optional, "value"]


def test_what_a_row_does_not_say_is_no_text_or_no_number(tmp_path):
    for table in (
        table_of([PLAIN, LAYER, PRUNED]),
        back(table_of([PLAIN, LAYER, PRUNED]), tmp_path),
        joined([table_of([PLAIN]), table_of([LAYER]), table_of([PRUNED])]),
    ):
        assert table["statistics"].tolist() == ["", "running", "running"]
        assert table["order"].tolist() == ["", "", "random"]
        assert table["layer"].isna().tolist() == [True, False, True]
        assert table["share"].isna().tolist() == [True, True, False]
        assert (table[["layer", "share"]].dtypes == "Int64").all()
        assert (table["layer"] == 0).sum() == (table["share"] == 0).sum() == 1
        assert table["running_momentum"].fillna(0).tolist() == [0, 0.1, 0]


def test_a_file_is_the_same_when_it_is_written_again(tmp_path):
    odd = [{**PLAIN, "value": v} for v in (float("nan"), float("inf"), 1 / 3, 1e-30)]
    table = table_of([*odd, LAYER, PRUNED])
    again = back(table, tmp_path)
    assert text_of(again) == text_of(table)
    assert again["value"].isna().tolist() == [True, *[False] * 5]


def test_joining_drops_columns_that_are_not_used_any_more():
    both = joined([table_of([PLAIN]), table_of([LAYER, PRUNED])])
    kept = joined([both[both["key"] == "a"], table_of([])])
    pd.testing.assert_frame_equal(kept, table_of([PLAIN]))


@pytest.mark.parametrize(
    "header",
    [
        "key,split,measure,epoch,step,value",
        "key,split,statistics,measure,epoch,step,value,layer",
        "key,split,statistics,measure,epoch,step,depth,value",
        "key,split,statistics,measure,epoch,step,share,order,value",
    ],
    ids=["lost", "after the value", "unknown", "other order"],
)
def test_a_file_with_other_columns_is_refused(tmp_path, header):
    (tmp_path / "table.csv").write_text(f"{header}\n")
    with pytest.raises(ValueError, match="its columns are key, split"):
        read(tmp_path / "table.csv")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"depth": 1}, "has 'depth', which no table has"),
        ({"key": "a"}, "has 'key', which no table has"),
        ({"layer": "0"}, "layer='0', not a int"),
        ({"layer": None}, "layer=None, not a int"),
        ({"order": 1}, "order=1, not a str"),
        ({"ending_rate": "1"}, "ending_rate='1', not a float"),
    ],
)
def test_a_row_that_is_none_is_named(change, words):
    good = row("loss", 0.5, **SPLIT)
    check_row(good)
    with pytest.raises(ValueError, match=words):
        check_row(good | change)


def test_scores_are_a_loss_and_an_accuracy():
    found = score_rows((0.5, 0.75), **SPLIT, ending="usual")
    assert [r["measure"] for r in found] == ["loss", "accuracy"]
    assert [r["value"] for r in found] == [0.5, 0.75]
    assert all(r["ending"] == "usual" and r["step"] == 18 for r in found)
