"""What is exact for any numbers: rounding passes, anything else does not."""

import pytest

from normlab.evidence.exact import BOUND, exact
from normlab.evidence.words import Word


def test_rounding_is_exact():
    word, numbers = exact({"a": 1e-15, "b": 0.0})
    assert word is Word.REPRODUCED
    assert numbers == (("a", "1e-15"), ("b", "0"))


@pytest.mark.parametrize("error", [BOUND, 0.1, float("nan"), float("inf")])
def test_one_error_decides(error):
    assert exact({"a": 0.0, "b": error})[0] is Word.NOT_REPRODUCED
