"""The claim on preconditioned gradients, on made-up records."""

import pytest

from normlab.evidence.claims import preconditioning as claims
from normlab.evidence.records import Records
from normlab.evidence.words import Word
from normlab.runs.bnp import BEST, EIGHT, LARGE, ONE, SECOND, trained
from tests.evidence.synthetic import around, records, rows

(CLAIM,) = claims.CLAIMS
EQUAL = [0.80] * 5


def scores_of(name, batch, values, rates=BEST):
    """Rows of an arm's test accuracy, a seed each."""
    run = trained(name, batch, rates[name, batch])
    told = {f: getattr(run, f) for f in ("norm", "transform", "batch_size", "lr")}
    at = {"measure": "accuracy", "split": "test", "statistics": "recomputed"}
    return rows(values, **told, **at)


def table(at_eight, at_one, rates=BEST):
    """Rows of both arms; plain descent is always as accurate."""
    both = {EIGHT: at_eight, ONE: at_one}
    return [
        row
        for batch, values in both.items()
        for name, own in (("precondition", values), ("none", EQUAL))
        for row in scores_of(name, batch, own, rates)
    ]


def word(rule, *groups):
    return rule.on(records(*groups)).decide(0.05)


@pytest.mark.parametrize(
    ("at_eight", "at_one", "expected"),
    [
        (around(0.83), around(0.85), Word.REPRODUCED),
        (around(0.83), around(0.808, 0.003), Word.IN_DIRECTION),  # less than a point
        (around(0.83), around(0.80), Word.NOT_REPRODUCED),
        (around(0.78), around(0.85), Word.NOT_REPRODUCED),
        (around(0.83), around(0.82, 0.05), Word.UNDECIDED),
    ],
)
def test_both_batches_must_be_better(at_eight, at_one, expected):
    assert word(CLAIM.rule, table(at_eight, at_one)) is expected


def test_a_seed_whose_units_died_decides_nothing():
    """One of ten at chance widens the interval; it does not prove the opposite."""
    nine = [0.85 + 0.001 * k for k in range(9)]
    data = [
        *scores_of("precondition", EIGHT, [*nine, 0.85]),
        *scores_of("none", EIGHT, [0.80] * 10),
        *scores_of("precondition", ONE, [*nine, 0.10]),
        *scores_of("none", ONE, [0.80] * 10),
    ]
    assert word(CLAIM.rule, data) is Word.UNDECIDED


def test_batches_of_128_and_the_layer_are_not_asked():
    beside = [
        *scores_of("precondition", LARGE, around(0.5)),
        *scores_of("none", LARGE, around(0.9)),
        *scores_of("batch", EIGHT, around(0.99)),
    ]
    assert word(CLAIM.rule, table(around(0.83), around(0.85)), beside) is (
        Word.REPRODUCED
    )


def test_the_second_best_rates_are_those_of_an_experiment_of_their_own():
    good, bad = (around(0.83),) * 2, (around(0.75),) * 2
    tables = {
        "bnp": records(table(*good)).table("", ""),
        "bnp-second": records(table(*bad, SECOND)).table("", ""),
    }
    found = Records(lambda name, _: tables[name])
    (second,) = CLAIM.variants.values()
    assert CLAIM.rule.on(found).decide(0.05) is Word.REPRODUCED
    assert second.on(found).decide(0.05) is Word.NOT_REPRODUCED


def test_the_rule_says_what_it_compares():
    assert CLAIM.rule.text.startswith(
        "All of these. Test accuracy: preconditioned − plain descent, batches of 8 "
        "images; preconditioned − plain descent, batches of one image: each as claimed "
        "if p < 0.05 and the mean is at least +1.0 points"
    )
