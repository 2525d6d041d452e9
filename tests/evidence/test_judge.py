"""Verdicts: levels shared among claims, and variants that take the word down."""

from dataclasses import replace

import pytest

from normlab.evidence.card import Card
from normlab.evidence.claim import OURS, Claim
from normlab.evidence.judge import judge
from normlab.evidence.records import arm
from normlab.evidence.rules import Effect, Holds
from normlab.evidence.words import MEANINGS, Word
from tests.evidence.synthetic import around, records, rows

DATA = records(
    rows(around(0.55), measure="accuracy", norm="a"),
    rows([0.5] * 5, measure="accuracy", norm="b"),
    rows(around(0.53, 0.02), measure="accuracy", norm="c"),
)


def effect(higher, lower="b"):
    sides = (arm("x", "accuracy", norm=norm) for norm in (higher, lower))
    return Effect(*sides, 0.01, f"{higher} less {lower}")


def says(word):
    return Holds("", lambda _: (word, ()))


def claim(rule, name="one", **more):
    about = {"source": OURS, "place": "here", "says": "It does.", "ours": "here"}
    return Claim(id=name, rule=rule, chapter="lenet", experiment="x", **about, **more)


def word(*claims):
    return judge(claims, DATA)[claims[0].id].word


def test_claims_of_one_experiment_share_its_level():
    alone, beside = claim(effect("c"), "c"), claim(effect("a"), "a")
    p = judge([alone], DATA)["c"].p
    assert 0.05 / 20 < p < 0.05
    assert word(alone) is Word.REPRODUCED
    more = [claim(effect("c"), f"c{n}") for n in range(20)]
    found = judge([alone, beside, *more], DATA)
    assert found["c"].word is Word.UNDECIDED
    assert found["c"].tests == 22
    assert found["a"].word is Word.REPRODUCED  # its p is small enough


def test_what_is_computed_live_shares_no_level():
    live = [replace(claim(effect("c"), f"c{n}"), experiment="") for n in range(20)]
    found = judge(live, DATA)["c0"]
    assert found.word is Word.REPRODUCED
    assert found.tests == 0


@pytest.mark.parametrize(
    ("primary", "other", "expected"),
    [
        (Word.REPRODUCED, Word.NOT_REPRODUCED, Word.IN_DIRECTION),
        (Word.IN_DIRECTION, Word.NOT_REPRODUCED, Word.UNDECIDED),
        (Word.NOT_REPRODUCED, Word.REPRODUCED, Word.UNDECIDED),
        (Word.NOT_REPRODUCED, Word.IN_DIRECTION, Word.UNDECIDED),
        (Word.REPRODUCED, Word.UNDECIDED, Word.REPRODUCED),
        (Word.UNDECIDED, Word.NOT_REPRODUCED, Word.UNDECIDED),
    ],
)
def test_a_variant_that_decides_the_other_way_takes_the_word_down(
    primary, other, expected
):
    asked = claim(says(primary), variants={"in another mode": says(other)})
    verdict = judge([asked], DATA)["one"]
    assert verdict.word is expected
    assert verdict.primary is primary
    assert bool(verdict.depends_on) == (expected is not primary)


def test_a_claim_without_a_rule_is_not_tried():
    untried = Claim("A1", OURS, "", "Faces.", "", reason="The images are private.")
    assert word(untried) is Word.NOT_TRIED


def test_a_claim_needs_a_rule_or_a_reason():
    with pytest.raises(ValueError, match="give the reason"):
        Claim("A1", OURS, "", "Faces.", "")


def test_every_word_has_a_meaning():
    assert set(MEANINGS) == set(Word)


def test_a_card_says_it_all_as_text_and_as_html():
    flips = {"in another mode": says(Word.NOT_REPRODUCED)}
    asked = claim(effect("a"), "A1", variants=flips)
    card = Card(judge([asked], DATA)["A1"])
    for shown in (repr(card), card._repr_html_()):
        assert "reproduced in direction" in shown.lower()
        assert "+5.0 points" in shown
        assert "in another mode" in shown
        assert "one of 1 tests" in shown


def test_a_card_says_how_each_other_way_to_ask_was_decided():
    ways = {
        "at rate 1": says(Word.NOT_REPRODUCED),
        "at rate 2": says(Word.REPRODUCED),
        "at rate 3": says(Word.UNDECIDED),
        "at rate 4": says(Word.REPRODUCED),
    }
    asked = claim(says(Word.REPRODUCED), variants=ways)
    shown = repr(Card(judge([asked], DATA)["one"]))
    assert "By the primary measure: reproduced." in shown
    assert "in another way (at rate 1) it is decided the other way" in shown
    others = "reproduced (at rate 2, at rate 4); undecided (at rate 3)"
    assert f"Asked in still other ways: {others}." in shown


def test_the_card_of_a_claim_that_is_not_tried_says_why():
    untried = Claim("A1", OURS, "", "Faces.", "", reason="The images are private.")
    card = Card(judge([untried], DATA)["A1"])
    for shown in (repr(card), card._repr_html_()):
        assert "not tried" in shown.lower()
        assert "The images are private." in shown
