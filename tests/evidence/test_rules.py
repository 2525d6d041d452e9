"""Each rule on made-up records, for every word that it can return."""

import numpy as np
import pytest

from normlab.evidence.records import arm
from normlab.evidence.rules import All, Effect, Holds, NoWorse, Number, Same
from normlab.evidence.words import Word
from tests.evidence.synthetic import around, records, rows

D = 0.01  # the smallest difference that counts


def two(first, second):
    """Records of arms a and b; a's spread keeps the pairs' differences apart."""
    return records(
        rows(first, measure="accuracy", norm="a"),
        rows(second, measure="accuracy", norm="b"),
    )


def of(norm):
    return arm("x", "accuracy", norm=norm)


A_OVER_B = Effect(of("a"), of("b"), D, "a less b")
B_OVER_A = Effect(of("b"), of("a"), D, "a less b", shown_as=-1)  # the opposite claim
FLAT = [0.5] * 5
WIDE = around(0.5, 0.2)


@pytest.mark.parametrize(
    ("higher", "word"),
    [
        (around(0.55), Word.REPRODUCED),
        (around(0.45), Word.NOT_REPRODUCED),  # opposite
        (around(0.5001), Word.NOT_REPRODUCED),  # the same
        # p < 0.05 and below d, and the 90% interval reaches beyond d
        (around(0.5085, 0.006), Word.IN_DIRECTION),
        (around(0.4915, 0.006), Word.NOT_REPRODUCED),
        (WIDE, Word.UNDECIDED),
    ],
)
def test_effect(higher, word):
    assert A_OVER_B.on(two(higher, FLAT)).decide(0.05) is word


@pytest.mark.parametrize("values", [around(0.9)[:4], [*around(0.9)[:4], np.inf]])
def test_few_seeds_and_numbers_that_are_none_leave_it_undecided(values):
    made = two(values, FLAT[: len(values)])
    others = Same(of("a"), of("b"), D, "a less b"), Number(of("a"), 0.9, "accuracy")
    for rule in (A_OVER_B, *others):
        assert rule.on(made).decide(0.05) is Word.UNDECIDED


def test_effect_that_p_cannot_carry_is_undecided():
    found = A_OVER_B.on(two(around(0.55, 0.02), FLAT))
    assert found.decide(0.05) is Word.REPRODUCED
    assert found.decide(found.p / 2) is Word.UNDECIDED


@pytest.mark.parametrize(
    ("number", "word"), [(0.05, Word.REPRODUCED), (0.09, Word.IN_DIRECTION)]
)
def test_effect_with_a_number(number, word):
    rule = Effect(of("a"), of("b"), D, "a less b", number=number)
    assert rule.on(two(around(0.55, 0.005), FLAT)).decide(0.05) is word


def test_a_number_in_a_range_that_says_nothing_is_not_reproduced_as_such():
    rule = Effect(of("a"), of("b"), D, "a less b", number=0.05)
    wide = two(around(0.55, 0.03), FLAT)  # a further run: 0.05 give or take 0.07
    assert rule.on(wide).decide(0.05) is Word.IN_DIRECTION


def test_effect_as_a_ratio():
    rule = Effect(of("a"), of("b"), np.log(1.5), "a over b", unit="times")
    assert rule.on(two(around(1.0), FLAT)).decide(0.05) is Word.REPRODUCED
    assert "2.00 times" in rule.on(two(around(1.0), FLAT)).numbers[0][1]


def test_the_opposite_claim_gets_the_opposite_word():
    opposite = B_OVER_A.on(two(around(0.55), FLAT))
    assert opposite.decide(0.05) is Word.NOT_REPRODUCED
    assert "+5.0 points" in opposite.numbers[0][1]  # shown as it was


@pytest.mark.parametrize(
    ("first", "word"),
    [
        (around(0.5001), Word.REPRODUCED),
        (around(0.55), Word.NOT_REPRODUCED),
        (around(0.45), Word.NOT_REPRODUCED),
        (around(0.5085, 0.006), Word.UNDECIDED),  # small, and not proved the same
        (WIDE, Word.UNDECIDED),
    ],
)
def test_same(first, word):
    rule = Same(of("a"), of("b"), D, "a less b")
    assert rule.on(two(first, FLAT)).decide(0.05) is word


@pytest.mark.parametrize(
    ("number", "ours", "word"),
    [
        (0.5, around(0.501), Word.REPRODUCED),
        (0.6, around(0.5), Word.NOT_REPRODUCED),
        (0.5, around(0.5, 0.4), Word.UNDECIDED),
    ],
)
def test_number(number, ours, word):
    rule = Number(of("a"), number, "accuracy")
    assert rule.on(two(ours, FLAT)).decide(0.05) is word


def test_holds_says_what_its_function_says():
    rule = Holds("whatever", lambda _: (Word.IN_DIRECTION, (("n", "1"),)))
    assert rule.on(two(FLAT, FLAT)).decide(0.05) is Word.IN_DIRECTION


@pytest.mark.parametrize("one", [w for w in Word if w is not Word.NOT_TRIED])
def test_all_is_as_good_as_its_weakest_part(one):
    good = Holds("", lambda _: (Word.REPRODUCED, ()))
    part = Holds("", lambda _: (one, ()))
    assert All((good, part)).on(two(FLAT, FLAT)).decide(0.05) is one


def test_all_has_the_largest_p():
    data = two(around(0.55), FLAT)
    other = Effect(of("a"), of("a"), D, "a less a")
    assert All((A_OVER_B, other)).on(data).p == other.on(data).p == 1


@pytest.mark.parametrize(
    ("first", "word"),
    [
        (around(0.55), Word.REPRODUCED),  # better is no worse
        (around(0.4999), Word.REPRODUCED),
        (around(0.45), Word.NOT_REPRODUCED),
        (around(0.4915, 0.006), Word.UNDECIDED),  # worse, by less than what counts?
        (WIDE, Word.UNDECIDED),
    ],
)
def test_no_worse(first, word):
    rule = NoWorse(of("a"), of("b"), D, "a less b")
    assert rule.on(two(first, FLAT)).decide(0.05) is word


def test_no_worse_with_few_seeds_is_undecided():
    rule = NoWorse(of("a"), of("b"), D, "a less b")
    few = two(around(0.9)[:4], FLAT[:4])
    assert rule.on(few).decide(0.05) is Word.UNDECIDED


def test_no_worse_shows_a_loss_as_the_claim_says_it():
    rule = NoWorse(of("b"), of("a"), np.log(1.05), "a over b", "times", shown_as=-1)
    found = rule.on(two(around(0.6), FLAT))
    assert "1.20 times" in found.numbers[0][1]
    assert found.decide(0.05) is Word.NOT_REPRODUCED
    assert "upper end is below 1.05;" in rule.text


@pytest.mark.parametrize("rule", [Same, NoWorse])
def test_what_needs_no_difference_needs_no_small_p(rule):
    alike = rule(of("a"), of("b"), D, "a less b").on(two(around(0.5001), FLAT))
    assert alike.p is None
    assert alike.decide(0.0) is Word.REPRODUCED


def test_all_with_a_part_that_shows_no_difference_keeps_the_other_parts_p():
    data = two(around(0.55), FLAT)
    both = All((A_OVER_B, Same(of("b"), of("b"), D, "b less b"))).on(data)
    assert both.p == A_OVER_B.on(data).p
    assert both.decide(0.05) is Word.REPRODUCED


def test_all_fails_by_one_part_however_open_the_other_is():
    data = records(
        rows(around(0.45), measure="accuracy", norm="a"),
        rows(FLAT, measure="accuracy", norm="b"),
        rows(WIDE, measure="accuracy", norm="c"),
    )
    opposite, open_ = A_OVER_B, Effect(of("c"), of("b"), D, "c less b")
    assert open_.on(data).decide(0.05) is Word.UNDECIDED
    found = All((opposite, open_)).on(data)
    assert found.p == 2 * opposite.on(data).p  # it had two chances to fail
    assert found.decide(0.05) is Word.NOT_REPRODUCED


def test_a_mean_that_rounds_to_the_limit_has_one_digit_more():
    below = A_OVER_B.on(two(around(0.5096, 0.001), FLAT))
    assert below.decide(0.05) is Word.IN_DIRECTION
    assert below.numbers[0][1].startswith("+0.96 points (")
    assert "+5.0 points" in A_OVER_B.on(two(around(0.55), FLAT)).numbers[0][1]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (A_OVER_B, "the mean is at least +1.0 points; else no effect"),
        (B_OVER_A, "the mean is at most −1.0 points; else no effect"),
        (
            Effect(of("a"), of("b"), np.log(1.5), "a over b", "times", shown_as=-1),
            "the mean ratio is at most 1/1.50; else no effect if the 90% interval lies "
            "between 1/1.50 and 1.50;",
        ),
        (Same(of("a"), of("b"), D, "a − b"), "between −1.0 and +1.0 points; not the"),
        (NoWorse(of("a"), of("b"), D, "a − b"), "lower end is above −1.0 points; wor"),
    ],
)
def test_the_words_of_a_rule_name_its_limits(rule, said):
    assert said in rule.text


def test_all_says_once_what_it_asks_of_several():
    def effect(what, **more):
        return Effect(of("a"), of("b"), D, what, **more)

    rules = effect("accuracy: one"), effect("accuracy: two"), effect("loss: a")
    asked = All((*rules, effect("three", shown_as=-1), Holds("So it is.", None)))
    assert asked.text.startswith("All of these. Accuracy: one; accuracy: two; loss: a:")
    assert All(rules[:2]).text.startswith("All of these. Accuracy: one; two: each as")
    assert asked.text.endswith("with the other sign; else undecided. So it is.")
    for once in ("at least +1.0", "at most −1.0", "else no effect", "else undecided"):
        assert asked.text.count(once) == 1


def test_all_says_which_p_it_has():
    data = two(around(0.55), FLAT)
    other = Effect(of("a"), of("a"), D, "a − a")
    assert A_OVER_B.on(data).p_of == ""
    assert "largest" in All((A_OVER_B, A_OVER_B)).on(data).p_of
    assert "times 2" in All((A_OVER_B, other)).on(data).p_of  # the same: a failure
