"""The claim on real batches of few images, on made-up records."""

import pytest

from normlab.evidence.claims import tiny_batches as claims
from normlab.evidence.records import Records
from normlab.evidence.words import Word
from normlab.runs.tiny_batches import BEST, EIGHT, SECOND, TWO, trained
from tests.evidence.synthetic import around, records, rows

(CLAIM,) = claims.CLAIMS
EQUAL = [0.80] * 5


def scores_of(name, values, batch=TWO, rates=BEST):
    """Rows of an arm's test accuracy, a seed each."""
    run = trained(name, batch, rates[name, batch])
    told = {"norm": run.norm, "batch_size": run.batch_size, "lr": run.lr}
    at = {"measure": "accuracy", "split": "test", "statistics": "recomputed"}
    return rows(values, **told, **at)


def pair(ours, **where):
    """Records of both arms, the other's all alike."""
    own = scores_of("filter_response", ours, **where)
    return records(own, scores_of("group", EQUAL, **where))


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (around(0.81), Word.REPRODUCED),
        (around(0.804, 0.0015), Word.IN_DIRECTION),
        (around(0.80), Word.NOT_REPRODUCED),
        (around(0.79), Word.NOT_REPRODUCED),
        (around(0.81, 0.02), Word.UNDECIDED),
    ],
)
def test_one_above_the_other(ours, expected):
    assert CLAIM.rule.on(pair(ours)).decide(0.05) is expected


def test_each_way_to_ask_reads_its_own_experiment():
    """Half a point above at one place alone, in each of the three."""
    ways = {
        "tiny-batches": (CLAIM.rule, {}),
        "tiny-batches-eight": (CLAIM.variants["batches of 8"], {"batch": EIGHT}),
        "tiny-batches-second": (
            CLAIM.variants["each at its second-best rate"],
            {"rates": SECOND},
        ),
    }
    assert len(ways) == 1 + len(CLAIM.variants)
    for there in ways:
        tables = {
            name: pair(around(0.82 if name == there else 0.78), **where).table("", "")
            for name, (_, where) in ways.items()
        }
        found = Records(lambda name, _, tables=tables: tables[name])
        for name, (rule, _) in ways.items():
            above = rule.on(found).decide(0.05) is Word.REPRODUCED
            assert above == (name == there)


def test_the_rule_says_what_it_compares():
    assert CLAIM.rule.text.startswith(
        "Test accuracy, batches of 2 images: FRN − group norm: as claimed if p < 0.05 "
        "and the mean is at least +0.5 points"
    )
