"""What is exact for any numbers: rounding passes, anything else does not."""

import pytest

from normlab.evidence.exact import BOUND, exact, rounding
from normlab.evidence.words import Word


def test_rounding_is_exact():
    word, numbers = exact({"a": 1e-15, "b": 0.0})
    assert word is Word.REPRODUCED
    # The same text on every processor.
    assert {shown for _, shown in numbers} == {"0 to rounding (below 1e-12)"}


def test_what_is_more_than_rounding_is_shown():
    assert rounding(3e-11) == "0 to rounding (below 1e-09)"
    assert rounding(0.25) == "0.2"


@pytest.mark.parametrize("error", [BOUND, 0.1, float("nan"), float("inf")])
def test_one_error_decides(error):
    assert exact({"a": 0.0, "b": error})[0] is Word.NOT_REPRODUCED
