"""Shares of the gap add up, and the rules on them can go either way."""

import numpy as np
import pytest

from normlab.evaluation import PARTS
from normlab.evidence.claims import CLAIMS
from normlab.evidence.claims import evaluation_gap as claims
from normlab.evidence.words import Word
from normlab.runs.modes import SIZES
from tests.evidence.synthetic import around, records, rows

AT = {"measure": "accuracy", "split": "test", "statistics": "mixed", "control": ""}


def made_up(change):
    """Records in which a set of swapped parts has 0.8 and what ``change`` adds."""
    groups = []
    for size in SIZES:
        for number in range(8):
            on = [part for k, part in enumerate(PARTS) if number >> k & 1]
            values = around(0.8 + change(size, on), 0.0005 * (1 + number**0.5))
            name = "+".join(on) or "nothing"
            for epoch in (3, 4, 5):
                at = AT | {"epoch": epoch, "step": epoch, "batch_size": size}
                groups.append(rows(values, swapped=name, **at))
    return records(*groups)


def together(size, on):
    """At 256 lag harms only together with noise; at 4 noise alone gains."""
    harm = -0.06 if size == 256 and {"noise", "lag"} <= {*on} else 0.0
    return harm + 0.05 * (size == 4 and "noise" in on)


def word(name, change):
    claim = CLAIMS[name]
    return claim.rule.on(made_up(change)).decide(0.05)


def test_shares_add_up_to_the_gap_and_split_what_two_parts_do():
    known = made_up(together)
    shares = {part: claims.Share(part, 256)(known) for part in PARTS}
    np.testing.assert_allclose(sum(shares.values()), claims.gap(256)(known))
    assert shares["lag"].mean() == pytest.approx(-0.03)
    assert shares["noise"].mean() == pytest.approx(-0.03)


@pytest.mark.parametrize("name", ["gap-noise", "gap-order", "gap-factor"])
def test_it_holds_where_it_was_planted(name):
    assert word(name, together) is Word.REPRODUCED


def test_noise_that_gains_nothing_is_not_the_cause():
    assert word("gap-noise", lambda *_: 0.0) is Word.NOT_REPRODUCED


def test_lag_that_costs_the_same_first_and_last_has_no_order():
    assert word("gap-order", lambda s, on: -0.06 * ("lag" in on)) is Word.NOT_REPRODUCED


def test_a_factor_that_costs_two_points_at_one_size_counts():
    def costs(size, on):
        return -0.02 * (size == 16 and "factor" in on)

    assert word("gap-factor", costs) is Word.NOT_REPRODUCED


def errors(few, many):
    """Errors of the first dense layer: (last batch, slow average) at both sizes."""
    at = {"measure": "error_mean", "split": "train", "layer": 2}
    return records(
        *(
            rows(
                around(error, 0.01 * error * (1 + k)),
                batch_size=size,
                running_momentum=m,
                **at,
            )
            for size, pair in ((4, few), (256, many))
            for k, (m, error) in enumerate(zip((1.0, 0.01), pair, strict=True))
        )
    )


@pytest.mark.parametrize(
    ("few", "many", "expected"),
    [
        ((0.5, 0.1), (0.2, 0.3), Word.REPRODUCED),
        ((0.5, 0.1), (0.3, 0.2), Word.NOT_REPRODUCED),
        ((0.1, 0.1), (0.2, 0.3), Word.NOT_REPRODUCED),
    ],
)
def test_a_slow_average_is_better_in_small_batches_alone(few, many, expected):
    assert claims.slower(2).on(errors(few, many)).decide(0.05) is expected
