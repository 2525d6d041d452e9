"""The claims on binary networks, on made-up records."""

import pytest

from normlab.evidence.claims import binary as claims
from normlab.evidence.claims.binary import CALLED
from normlab.evidence.records import Records
from normlab.evidence.words import Word
from normlab.runs.binary import BEST, SECOND, STAGE, trained
from tests.evidence.synthetic import around, records, rows

TRAINED, COST = claims.CLAIMS
LOW = around(0.60)


def scores_of(name, values, rates=BEST, step=2 * STAGE):
    """Rows of an arm's test accuracy, a seed each."""
    run = trained(name, rates[name])
    told = {field: getattr(run, field) for field in ("model", "norm", "lr")}
    at = {"measure": "accuracy", "split": "test", "statistics": "recomputed"}
    return rows(values, **told, **at, step=step)


def table(scaled, neither=LOW, **how):
    """Rows of the three arms; with the layer all are right about 80%."""
    of = {"batch": [0.80] * 5, "scaled": scaled, "neither": neither}
    return [row for name in CALLED for row in scores_of(name, of[name], **how)]


def word(claim, *groups):
    return claim.rule.on(records(*groups)).decide(0.05)


@pytest.mark.parametrize(
    ("scaled", "trained_without", "marginal"),
    [
        (around(0.82), Word.REPRODUCED, Word.REPRODUCED),
        (around(0.80, 0.001), Word.REPRODUCED, Word.REPRODUCED),
        (around(0.793, 0.001), Word.REPRODUCED, Word.NOT_REPRODUCED),
        (around(0.78), Word.NOT_REPRODUCED, Word.NOT_REPRODUCED),
        (around(0.79, 0.02), Word.UNDECIDED, Word.UNDECIDED),
    ],
)
def test_how_much_may_be_lost(scaled, trained_without, marginal):
    assert word(TRAINED, table(scaled)) is trained_without
    assert word(COST, table(scaled)) is marginal


@pytest.mark.parametrize("neither", [around(0.80), around(0.796, 0.001), around(0.82)])
def test_where_neither_is_missed_nothing_is_decided(neither):
    for scaled in (around(0.82), around(0.70)):
        assert word(TRAINED, table(scaled, neither)) is Word.UNDECIDED
        assert word(COST, table(scaled, neither)) is Word.UNDECIDED


def test_the_first_stage_is_not_asked():
    after_one = table(around(0.5), around(0.9), step=STAGE)
    assert word(TRAINED, table(around(0.82)), after_one) is Word.REPRODUCED


def test_the_second_best_rates_are_those_of_an_experiment_of_their_own():
    tables = {
        "binary": records(table(around(0.82))).table("", ""),
        "binary-second": records(table(around(0.70), rates=SECOND)).table("", ""),
    }
    found = Records(lambda name, _: tables[name])
    for claim in claims.CLAIMS:
        (second,) = claim.variants.values()
        assert claim.rule.on(found).decide(0.05) is Word.REPRODUCED
        assert second.on(found).decide(0.05) is Word.NOT_REPRODUCED


def test_the_rules_say_what_they_compare():
    for claim, points in ((TRAINED, "1.0"), (COST, "0.5")):
        assert claim.rule.text.startswith(
            "Test accuracy, recomputed statistics: scaled weights and clipping − batch "
            "norm: no worse if the 90% interval's lower end is above "
            f"−{points} points"
        )
        assert "batch norm − neither: as claimed if p < 0.05" in claim.rule.text
