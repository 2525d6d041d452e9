"""Verdicts: levels shared among claims, and variants that take the word down."""

from dataclasses import replace

import pytest

from normlab.evidence.card import Card
from normlab.evidence.claim import OURS, Claim
from normlab.evidence.judge import judge
from normlab.evidence.ledger import ledger
from normlab.evidence.records import Records, arm
from normlab.evidence.rules import Effect, Holds
from normlab.evidence.sentences import shown as shown_p
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


FACES = {"id": "A1", "source": OURS, "says": "Faces.", "ours": ""}


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
    assert found["c"].p == pytest.approx(21 * p)  # raised; one p is smaller
    assert "after Holm's correction for 22 tests" in repr(Card(found["c"]))
    assert found["a"].word is Word.REPRODUCED  # its p is small enough


def test_what_is_computed_live_shares_no_level():
    live = [replace(claim(effect("c"), f"c{n}"), experiment="") for n in range(20)]
    found = judge(live, DATA)["c0"]
    assert found.word is Word.REPRODUCED
    assert found.tests == 0
    assert "judged by itself" in repr(Card(found))


def test_where_the_interval_decides_the_card_says_so():
    same = records(
        rows(around(0.5001), measure="accuracy", norm="a"),
        rows([0.5] * 5, measure="accuracy", norm="b"),
    )
    verdict = judge([claim(effect("a"))], same)["one"]
    assert verdict.word is Word.NOT_REPRODUCED
    assert "the 90% interval decides" in repr(Card(verdict))
    assert "interval decides" not in repr(
        Card(judge([claim(effect("a"))], DATA)["one"])
    )


def test_a_card_gives_each_other_way_its_word():
    ways = {"a, b": says(Word.REPRODUCED), "c": says(Word.UNDECIDED)}
    shown = repr(
        Card(judge([claim(says(Word.REPRODUCED), variants=ways)], DATA)["one"])
    )
    assert "Asked otherwise: a, b: reproduced; c: undecided." in shown
    shown = repr(Card(judge([claim(says(Word.UNDECIDED), variants=ways)], DATA)["one"]))
    assert "What the primary measure leaves undecided stays so." in shown


def test_other_ways_that_agree_are_listed_under_one_word():
    ways = dict.fromkeys("ab", says(Word.REPRODUCED))
    shown = repr(
        Card(judge([claim(says(Word.REPRODUCED), variants=ways)], DATA)["one"])
    )
    assert "Asked otherwise, each time reproduced: a; b." in shown


def test_what_a_rule_does_to_its_numbers_reaches_no_other_way_to_ask():
    """They are looked up once, and each gets them as they were."""

    def doubled(records):
        values = records.values("x", "accuracy", norm="a")
        values *= 2
        return Word.REPRODUCED, (("mean", f"{values.mean():.2f}"),)

    asked = Holds("", doubled)
    verdict = judge([claim(asked, variants={"again": asked})], DATA)["one"]
    (again,) = verdict.variants
    assert verdict.numbers == again.numbers == (("mean", "1.10"),)


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.051, "= 0.051"), (0.0499, "= 0.0499"), (0.2, "= 0.2"), (1e-9, "< 0.0001")],
)
def test_a_p_is_never_rounded_to_the_other_side_of_the_level(p, text):
    assert shown_p(p) == text


def test_what_was_timed_once_says_so():
    timed = replace(claim(says(Word.REPRODUCED)), experiment="", benchmark="make gpu")
    assert "Recorded by “make gpu”, one timing" in repr(
        Card(judge([timed], DATA)["one"])
    )


def test_our_own_findings_name_their_page():
    shown = repr(Card(judge([claim(effect("a"))], DATA)["one"]))
    assert "(this book, here)" in shown
    own = replace(claim(effect("a")), place="")
    assert "(this book, “Does batch norm" in repr(Card(judge([own], DATA)["one"]))
    assert replace(own, chapter="of-no-page").where == "“of no page”"


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
    untried = Claim(**FACES, reason="The images are private.")
    assert word(untried) is Word.NOT_TRIED


def test_an_experiment_is_looked_at_once_when_it_is_complete():
    asked = claim(effect("a"))

    def never(*_):
        raise AssertionError("nobody may look yet")

    verdict = judge([asked], Records(never, never, lambda _: (49, 50)))["one"]
    assert verdict.word is verdict.primary is Word.NOT_TRIED
    assert "49 of the 50 runs" in verdict.reason
    assert "49 of the 50 runs" in repr(Card(verdict))
    (row,) = ledger([verdict])
    assert row.rule and not row.numbers and not row.command


def test_a_claim_needs_a_rule_or_a_reason():
    with pytest.raises(ValueError, match="give the reason"):
        Claim(**FACES)


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
        assert "in the one test of its experiment" in shown


def test_the_card_of_a_claim_that_is_not_tried_says_why():
    untried = Claim(**FACES, reason="The images are private.")
    card = Card(judge([untried], DATA)["A1"])
    for shown in (repr(card), card._repr_html_()):
        assert "not tried" in shown.lower()
        assert "The images are private." in shown
