"""Learning against frozen weights, on made-up losses."""

import numpy as np
import pandas as pd
import pytest

from normlab.evidence.claims.batch_of_two import (
    learning_costs,
    learning_pays,
    small_batches,
)
from normlab.evidence.words import Word
from tests.evidence.synthetic import around

FROZEN = lambda _: pd.Series([1.0] * 5)  # noqa: E731


def learning(values):
    return lambda _: pd.Series(values)


@pytest.mark.parametrize(
    ("losses", "costs", "pays"),
    [
        (around(1.2), Word.REPRODUCED, Word.NOT_REPRODUCED),
        (around(0.8), Word.NOT_REPRODUCED, Word.REPRODUCED),
        (around(1.001), Word.NOT_REPRODUCED, Word.NOT_REPRODUCED),
        (around(1.047, 0.02), Word.IN_DIRECTION, Word.NOT_REPRODUCED),
        (around(1.0, 0.5), Word.UNDECIDED, Word.UNDECIDED),
    ],
)
def test_the_words(losses, costs, pays):
    for rule, word in ((learning_costs, costs), (learning_pays, pays)):
        asked = rule(learning(losses), FROZEN, 2, 0.03)
        assert asked.on(None).decide(0.05) is word


def test_the_number_shown_is_learning_over_frozen_either_way():
    for rule in (learning_costs, learning_pays):
        ((_, number),) = rule(learning(around(0.5)), FROZEN, 8, 0.03).on(None).numbers
        assert number.startswith("0.50 times")


def test_frozen_weights_are_the_only_difference(monkeypatch):
    """Without a step that changes them, both networks are one."""
    monkeypatch.setattr("normlab.evidence.claims.batch_of_two.STEPS", 4)
    losses = [small_batches.__wrapped__(4, 1e-12, frozen) for frozen in (False, True)]
    assert list(losses[0].index) == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(*losses, rtol=1e-5)
    moving = small_batches.__wrapped__(4, 0.1, False)
    assert (moving - losses[0]).abs().min() > 1e-3
