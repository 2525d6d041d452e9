"""Third derivatives: a wrong one, a right one, a refusal."""

import pytest
import torch

from normlab.evidence.claims.higher_derivatives import (
    by_differences,
    derivative,
    silently_wrong,
)
from normlab.evidence.words import Word
from normlab.layers import batch_norm


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (-190.0, Word.REPRODUCED),
        (-96.0, Word.REPRODUCED),
        (-94.9, Word.NOT_REPRODUCED),
        (None, Word.NOT_REPRODUCED),
    ],
)
def test_what_counts_as_silently_wrong(found, word):
    assert silently_wrong(-94.8, found)[0] is word


@pytest.mark.parametrize("order", [1, 2, 3])
def test_differences_are_good_to_a_thousandth(order):
    """A layer of small operations has every derivative exactly."""

    def composed(x):
        return batch_norm(x, None, None, training=True)

    exact = derivative(torch.func.grad, order, composed)
    assert derivative(by_differences, order) == pytest.approx(exact, rel=1e-3)


def test_a_refusal_is_no_number():
    def refuses(x):
        raise RuntimeError(x)

    assert derivative(torch.func.grad, 1, refuses) is None
