"""Timings of wide layers, made up for each word that they can get."""

import pytest

from normlab.evidence.claims.layer_cost import CLAIMS, slower
from normlab.evidence.claims.torch_batch_norm import faster_built_in, word_of_ratio
from normlab.evidence.words import Word


@pytest.mark.parametrize(
    ("ratio", "word"),
    [
        (2.0, Word.REPRODUCED),
        (1.71, Word.REPRODUCED),
        (1.69, Word.IN_DIRECTION),
        (2.31, Word.IN_DIRECTION),
        (1.05, Word.UNDECIDED),
        (0.95, Word.UNDECIDED),
        (0.9, Word.NOT_REPRODUCED),
    ],
)
def test_a_ratio_is_judged_by_the_claimed_one(ratio, word):
    assert word_of_ratio(ratio, 2.0) is word


@pytest.mark.parametrize(("depth", "claimed"), [(3, 1.39), (15, 2.09)])
def test_each_depth_is_held_against_its_own_ratio(depth, claimed):
    measure = {f"mlp_{depth}_hand_over_none": claimed, "device": "a CPU"}
    word, numbers = slower(None, depth, "hand", measure)
    assert word is Word.REPRODUCED
    assert ("claimed", f"{claimed:.2f} times") in numbers
    assert slower(None, depth, "builtin", measure)[0] is Word.UNDECIDED


def test_the_rule_asks_for_the_layer_by_hand_and_a_variant_for_the_other():
    for claim in CLAIMS:
        assert claim.rule.check.keywords["layer"] == "hand"
        (variant,) = claim.variants.values()
        assert variant.check.keywords["layer"] == "builtin"


def test_speeds_are_turned_into_the_ratio_that_the_source_has():
    measure = {"hand_over_builtin_eager": 35560.7 / 60219.9, "device": "a GPU"}
    assert faster_built_in(measure)[0] is Word.REPRODUCED
