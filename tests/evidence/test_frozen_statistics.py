"""Rules on a last epoch with frozen statistics, on made-up endings."""

import pytest

from normlab.evidence.claims import frozen_statistics as claims
from normlab.evidence.words import Word
from tests.evidence.synthetic import around, records, rows

WIDE = 0.2


def endings(measure, before, spread=0.001, **after):
    """Records at rate 1.0: before the last epoch, and each (ending, rate) after it."""
    at = {"measure": measure, "split": "test", "lr": 1.0}
    first = at | {"ending": "before", "ending_rate": None, "epoch": 9, "epochs": 10}
    groups = [
        rows(around(before, 0.002), statistics=kind, **first)
        for kind in ("running", "recomputed")
    ]
    for name, value in after.items():
        ending, rate = name.split("_")
        last = {"ending": ending, "ending_rate": {"slow": 0.01, "full": 1.0}[rate]}
        for kind in ("running", "recomputed"):
            last |= {"statistics": kind, "epoch": 10, "epochs": 10, "step": 20}
            groups.append(rows(around(value, spread), **at | last))
    return records(*groups)


@pytest.mark.parametrize(
    ("loss", "spread", "word"),
    [
        (0.25, 0.001, Word.REPRODUCED),
        (0.29, 0.001, Word.NOT_REPRODUCED),
        (0.5, 0.001, Word.NOT_REPRODUCED),
        (0.28, 0.15, Word.UNDECIDED),
    ],
)
def test_the_loss_has_to_fall_by_five_per_cent(loss, spread, word):
    known = endings("loss", 0.29, spread, recomputed_slow=loss)
    assert claims.tuned().on(known).decide(0.05) is word


@pytest.mark.parametrize(
    ("accuracy", "spread", "word"),
    [
        (0.901, 0.001, Word.REPRODUCED),
        (0.93, 0.001, Word.NOT_REPRODUCED),
        (0.90, WIDE, Word.UNDECIDED),
    ],
)
def test_no_gain_means_alike_within_a_point(accuracy, spread, word):
    known = endings("accuracy", 0.9, spread, frozen_slow=accuracy)
    usual = endings("accuracy", 0.9, 0.002, usual_slow=0.9)
    both = _joined(known, usual)
    assert claims.no_gain("frozen").on(both).decide(0.05) is word


@pytest.mark.parametrize(
    ("frozen", "word"), [(0.1, Word.REPRODUCED), (0.9, Word.NOT_REPRODUCED)]
)
def test_harm_is_a_loss_of_a_point_at_the_full_rate(frozen, word):
    usual = endings("accuracy", 0.9, 0.002, usual_full=0.9)
    known = endings("accuracy", 0.9, 0.001, frozen_full=frozen, recomputed_full=frozen)
    assert claims.harm(1.0).on(_joined(known, usual)).decide(0.05) is word


def _joined(one, other):
    tables = [known.table("x", "cpu") for known in (one, other)]
    after = [t[t["ending"] != "before"] for t in tables]
    return records(*(t.to_dict("records") for t in after))
