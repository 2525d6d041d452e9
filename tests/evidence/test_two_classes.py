"""The claim on batches of two classes, on made-up records."""

import pytest

from normlab.evidence.claims import two_classes as claims
from normlab.evidence.records import Records
from normlab.evidence.words import Word
from normlab.runs.two_classes import BEST, CONTROL, SECOND, chosen
from tests.evidence.synthetic import around, records, rows

(CLAIM,) = claims.CLAIMS
EQUAL = [0.80] * 5


def scores_of(name, values, rates=BEST, statistics="running"):
    """Rows of an arm's test accuracy, a seed each."""
    (run,) = chosen(name, rates=rates)
    told = {"norm": run.norm, "lr": run.lr}
    at = {"measure": "accuracy", "split": "test", "statistics": statistics}
    return rows(values, **told, **at)


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (around(0.83), Word.REPRODUCED),
        (around(0.808, 0.003), Word.IN_DIRECTION),  # less than a point
        (around(0.80), Word.NOT_REPRODUCED),
        (around(0.78), Word.NOT_REPRODUCED),
        (around(0.83, 0.05), Word.UNDECIDED),
    ],
)
def test_one_above_the_other(ours, expected):
    data = records(scores_of("renorm", ours), scores_of("batch", EQUAL))
    assert CLAIM.rule.on(data).decide(0.05) is expected


def test_recomputed_statistics_are_not_asked():
    alike = {"statistics": "recomputed"}
    data = records(
        scores_of("renorm", around(0.83)),
        scores_of("batch", EQUAL),
        scores_of("renorm", around(0.80), **alike),
        scores_of("batch", around(0.85), **alike),
    )
    assert CLAIM.rule.on(data).decide(0.05) is Word.REPRODUCED


def test_a_longer_memory_may_decide_the_other_way():
    """And the second-best rates are those of an experiment of their own."""
    first = records(
        scores_of("renorm", around(0.83)),
        scores_of("batch", EQUAL),
        scores_of(CONTROL, around(0.83)),
    )
    second = records(
        scores_of("renorm", around(0.78), rates=SECOND),
        scores_of("batch", EQUAL, rates=SECOND),
    )
    tables = {
        "two-classes": first.table("", ""),
        "two-classes-second": second.table("", ""),
    }
    found = Records(lambda name, _: tables[name])
    assert CLAIM.rule.on(found).decide(0.05) is Word.REPRODUCED
    words = [rule.on(found).decide(0.05) for rule in CLAIM.variants.values()]
    assert words == [Word.NOT_REPRODUCED] * 2


def test_the_rule_says_what_it_compares():
    assert CLAIM.rule.text.startswith(
        "Test accuracy, running statistics: renorm − batch norm: as claimed if "
        "p < 0.05 and the mean is at least +1.0 points"
    )
