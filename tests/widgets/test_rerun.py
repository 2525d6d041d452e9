"""Claims tried in the page: the rule is the book's, on the same numbers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from normlab.evidence.claims import CLAIMS
from normlab.evidence.exact import BOUND, exact
from normlab.evidence.intervals import mean, p_value
from normlab.evidence.rules import FEWEST, LEVEL, Effect, Holds, Same, size_of
from normlab.runs import load
from normlab.widgets.rerun.asked import ASKED, LIKE, words_of
from normlab.widgets.rerun.packed import packed

from .node import call

RNG = np.random.default_rng(0)
SAMPLES = [
    (RNG.normal(size=n) * spread + middle).tolist()
    for n in (5, 8)
    for spread in (0.1, 0.5, 2.0)
    for middle in np.linspace(-2, 2, 21)
]


def test_p_and_intervals_are_student_s():
    jobs = [("pValue", values) for values in SAMPLES]
    jobs += [("interval", values, level) for values in SAMPLES for level in (0.9, 0.95)]
    found = call("rerun/student", jobs)
    ps = [p_value(values) for values in SAMPLES]
    assert found[: len(SAMPLES)] == pytest.approx(ps, rel=1e-9)
    expected = [
        list(mean(values, level=level))[1:]
        for values in SAMPLES
        for level in (0.9, 0.95)
    ]
    for ours, (low, high) in zip(found[len(SAMPLES) :], expected, strict=True):
        assert ours == pytest.approx([low, high], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("freedom", [1, 4, 9, 40])
def test_tails_are_student_s(freedom):
    at = [0.0, 1e-3, 0.5, 2.0, 10.0, 100.0]
    found = call("rerun/student", [("beyond", t, freedom) for t in at])
    assert found == pytest.approx(2 * stats.t.sf(at, freedom), rel=1e-10)


def test_sizes_are_those_of_the_book_s_rules():
    found = call("rerun/decide", [("sizeOf", v, 1.0, LEVEL) for v in SAMPLES])
    assert found == [str(size_of(np.array(v), 1.0)) for v in SAMPLES]
    assert len(set(found)) == len(LIKE)  # each occurs


@pytest.mark.parametrize("size", LIKE)
def test_the_made_up_differences_have_their_size(size):
    assert size_of(np.array(LIKE[size]), 1.0) is size


SIDES = ("higher", "lower"), ("first", "second")  # of an Effect, of a Same
COMPARED = [a for a in ASKED if not any(isinstance(r, Holds) for r in a.rules())]
EXACT = [a for a in ASKED if a not in COMPARED]


def recorded_with(side):
    """Rates, batch sizes and normalizers of the records that a side of a rule reads."""
    table = load(side.experiment)
    for column in ("norm", "lr", "batch_size", "control"):
        if column in dict(side.settings):
            table = table[table[column] == dict(side.settings)[column]]
    return {name: set(table[name]) for name in ("lr", "batch_size", "norm")}


def test_the_page_trains_at_the_rates_of_the_records():
    """Rate, batch size and whether there is a layer; images and updates are fewer."""
    asked_of = 0
    for asked in COMPARED:
        for rule, part in zip(asked.rules(), asked.parts, strict=True):
            names = (
                ("higher", "lower") if isinstance(rule, Effect) else ("first", "second")
            )
            for name, side in zip(names, part, strict=True):
                arm = getattr(rule, name)
                if not hasattr(arm, "settings"):
                    continue
                found, ours = recorded_with(arm), side.settings
                assert found["lr"] == {ours["rate"]}, asked.claim
                assert found["batch_size"] == {ours["size"]}, asked.claim
                layer = ours["normalizer"] != "none"
                assert {n != "none" for n in found["norm"]} == {layer}, asked.claim
                asked_of += 1
    assert asked_of >= 6


def test_there_are_claims_of_both_kinds():
    assert len(COMPARED) >= 5
    assert len(EXACT) >= 1


@pytest.mark.parametrize("asked", EXACT, ids=lambda asked: asked.claim)
def test_an_identity_is_judged_as_the_rule_judges_errors(asked):
    """What must be rounding counts, and what stands beside to compare with does not."""
    data = packed()
    (shown,) = [one for one in data["claims"] if one["id"] == asked.claim]
    (part,) = shown["parts"]
    assert part["bound"] == BOUND
    tried = [(0.0, 0.0), (BOUND / 2, 0.0), (BOUND, 0.0), (0.0, 1.0)]
    rows = [[[[*pair, 5.0], [0.0, 0.0, 5.0]]] for pair in tried]
    found = call(
        "rerun/decide",
        [("wordOf", shown["parts"], row, data["about"]) for row in rows],
    )
    expected = [str(exact(dict(enumerate(pair)))[0]) for pair in tried]
    assert found == expected
    assert str(asked.rules()[0].check(None)[0]) == shown["recorded"] == expected[0]
    assert expected[2] != expected[0]


@pytest.mark.parametrize("asked", COMPARED, ids=lambda asked: asked.claim)
def test_the_page_s_word_is_the_rule_s_on_the_same_numbers(asked):
    """Rule and page on values that are drawn, in the unit of each part."""
    data = packed()
    (shown,) = [one for one in data["claims"] if one["id"] == asked.claim]
    rules = asked.rules()
    chance = np.random.default_rng(1)
    jobs, expected = [], []
    for _ in range(60):
        pairs, words = [], []
        for rule in rules:
            smallest = rule.smallest if isinstance(rule, Effect) else rule.margin
            middle, spread = chance.uniform(-3, 3), chance.choice([0.05, 0.5, 2])
            lower = chance.uniform(0.4, 0.6, size=5)
            apart = smallest * (middle + spread * chance.normal(size=5))
            higher = lower * np.exp(apart) if rule.unit == "times" else lower + apart
            pairs.append(np.stack([higher, lower], 1).tolist())
            words.append(word_of(rule, higher, lower))
        jobs.append(("wordOf", shown["parts"], pairs, data["about"]))
        expected.append(min(words, key=data["about"]["order"].index))
    found = call("rerun/decide", jobs)
    assert found == expected
    assert len(set(found)) > 2


def word_of(rule, higher, lower):
    first, second = (lambda _, v=v: pd.Series(v) for v in (higher, lower))
    names = SIDES[isinstance(rule, Same)]
    asked = replace(rule, **dict(zip(names, (first, second), strict=True)))
    return str(asked.on(None).decide(LEVEL))


def test_too_few_seeds_or_a_loss_that_is_none_are_undecided():
    data = packed()
    parts = data["claims"][0]["parts"]
    few = [[[2.0, 1.0]] * (FEWEST - 1)]
    broken = [[[2.0, 1.0], [2.1, 1.0], [2.0, 1.0], [2.0, 1.0], [2.0, 0.0]]]
    found = call(
        "rerun/decide",
        [("wordOf", parts, pairs, data["about"]) for pairs in (few, broken)],
    )
    assert found == ["undecided"] * 2


def test_every_size_has_a_word():
    for asked in COMPARED:
        for rule in asked.rules():
            words = words_of(rule)
            assert set(words) == set(LIKE)
            agrees = "same" if isinstance(rule, Same) else "better"
            assert words[agrees] == "reproduced"


def test_what_is_read_off_a_training():
    training = {
        "each": 2,
        "losses": [9, 8, 7, 6, 5, 4, 3, 2],
        "evaluations": [
            {"running": {"accuracy": a}, "batch": {"accuracy": b}}
            for a, b in [(0, 0), (0.2, 0.3), (0.4, 0.4), (0.5, 0.6), (0.3, 0.7)]
        ],
    }
    names = ("lateLoss", "lateRunning", "lateBatch", "jumpsRunning", "jumpsBatch")
    found = call("rerun/measures", [("measured", name, training) for name in names])
    assert found == pytest.approx([2.5, 0.4, 0.65, 0.15, 0.15])


def test_what_is_read_off_a_probe():
    probed = {"moved": 1, "gradient": 2, "last": 3}
    names = ("biasMoves", "biasGradient", "lastGradient")
    found = call("rerun/measures", [("measured", name, probed) for name in names])
    assert found == [1, 2, 3]


def test_claims_of_the_page_are_in_the_ledger_with_their_verdicts():
    for shown in packed()["claims"]:
        claim = CLAIMS[shown["id"]]
        assert shown["says"] == claim.says
        assert shown["anchor"] == claim.anchor
        assert shown["recorded"] in packed()["about"]["order"]
