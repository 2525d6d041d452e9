"""The ledger as data: its order, its columns, its counts."""

import csv
import io

import pytest

from normlab.evidence import ledger
from normlab.evidence.claims import CLAIMS
from normlab.evidence.judge import Verdict
from normlab.evidence.records import arm
from normlab.evidence.rules import All, Effect, Holds, Number
from normlab.evidence.untried import FACES, untried
from normlab.evidence.words import Word
from tests.evidence.verdicts import DATA, VERDICTS

MORE = Verdict(untried("ba2016", "ba2016layer", "", "It is."), *[Word.NOT_TRIED] * 2)


@pytest.fixture(scope="module")
def rows():
    return ledger.ledger(VERDICTS, DATA)


@pytest.fixture(scope="module")
def table(rows):
    return list(csv.DictReader(io.StringIO(ledger.csv_text(rows))))


def test_claims_of_sources_come_first_and_in_their_numbers_order(rows):
    assert [row.claim.id for row in rows] == ["B2", "B10-loss", "gamma-sign"]


def test_a_row_says_what_was_claimed_and_what_came_out(table):
    row = table[1]
    assert row["claimed"] == "0.550"
    assert row["claim"] == "The accuracy is 0.55."
    assert row["source"] == "Richtux 2021, after d2l.ai"
    assert "for a further run" in row["our numbers"]
    assert row["verdict"] == "reproduced in direction"
    assert row["page"] == "notebooks/lenet"


def test_a_row_names_the_way_of_asking_that_decides_otherwise(table):
    assert table[1]["firm"] == (
        "Asked otherwise: in another mode: not reproduced. By the primary measure it "
        "is reproduced; what decides the other way moves the word one step, to "
        "reproduced in direction."
    )
    assert "not reproduced (in evaluation mode: nothing)" in table[1]["other ways"]
    assert table[2]["firm"] == "Asked in one way."


def test_a_row_names_what_its_rule_reads(table):
    assert table[1]["command"] == "python -m normlab.runs run lenet --device cuda"
    assert table[1]["records"] == "results/lenet.cuda.csv"
    assert table[2]["command"] == "python -m normlab.runs run lenet"
    assert table[2]["records"] == "results/lenet.csv"


def test_a_row_has_the_number_of_tests_that_share_the_level(table):
    assert [row["tests"] for row in table] == ["", "", "1"]  # Number has no p
    assert float(table[2]["p after Holm"]) < 0.05
    assert "in the one test" in table[2]["about p"]


def test_a_row_has_the_primary_numbers_as_numbers(table):
    row = {name: table[1][name] for name in ("estimate", "n", "unit")}
    assert row == {"estimate": "0.55", "n": "5", "unit": ""}
    low, high = float(table[1]["low"]), float(table[1]["high"])
    assert low < 0.55 < high
    assert float(table[2]["estimate"]) == pytest.approx(-5)
    assert table[2]["unit"] == "points"


def test_a_finding_of_ours_names_its_page(table):
    assert (
        table[2]["place"] == "“Does batch normalization help LeNet on Fashion-MNIST?”"
    )


def test_a_claim_that_is_not_tried_has_its_reason_and_no_more(table):
    kept = {name for name, cell in table[0].items() if cell}
    assert table[0]["reason"] == FACES
    assert kept == {
        *("id", "source", "place", "claim", "their setting", "verdict", "reason")
    }


def test_counts_add_up():
    found = ledger.counts(VERDICTS)
    assert (found.all, found.tried) == (3, 2)
    assert found.words[Word.IN_DIRECTION] == found.words[Word.NOT_REPRODUCED] == 1
    assert set(found.words) == set(Word)


def test_others_claims_and_ours_are_counted_apart():
    others, ours = ledger.by_whose(VERDICTS).values()
    assert (others.all, others.tried, ours.all, ours.tried) == (2, 1, 1, 1)


def test_only_reasons_that_several_share_are_listed():
    assert ledger.reasons(VERDICTS) == {}
    assert ledger.reasons([*VERDICTS, VERDICTS[2]]) == {FACES: 2}


def test_sources_are_this_book_then_the_five_texts_then_the_others(rows):
    assert list(ledger.sources(rows).items()) == [
        ("this book", 1),
        ("Habr 309302, 2016", 1),
        ("Richtux 2021, after d2l.ai", 1),
    ]
    known = list(ledger.sources(ledger.ledger([*VERDICTS, MORE], DATA)))
    assert known[-1] == "Ba, Kiros and Hinton 2016"


def test_the_numbers_of_a_claim_of_several_parts():
    sides = arm("x", "accuracy", norm="a"), arm("x", "accuracy", norm="b")
    parts = (Effect(*sides, 0.01, "a", number=0.05), Effect(*sides, 0.01, "b"))
    assert ledger.claimed(All((*parts, Number(sides[0], 0.25, "c")))) == (
        "5.0 points; 0.250"
    )
    assert ledger.claimed(Holds("", None, claimed="1.69 times")) == "1.69 times"


def test_every_claim_of_the_sources_has_a_row_or_parts():
    """Every one that the five texts make, tried or not, as they were counted."""
    known = {name.split("-")[0] for name in CLAIMS}
    for letter, last in (("A", 15), ("B", 9), ("C", 15), ("D", 8), ("E", 11)):
        there = {f"{letter}{number}" for number in range(1, last + 1)}
        assert there <= known, f"no row for {sorted(there - known)}"
