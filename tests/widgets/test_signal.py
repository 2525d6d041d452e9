"""Signal and gradient by layer: the page's numbers against PyTorch's, and theory's."""

import itertools

import numpy as np
import pytest

from normlab.widgets import SignalByLayer
from normlab.widgets.signal import FACTORS, SIDES, a_batch

from .node import call
from .signal_in_pytorch import in_pytorch

MODULE = "signal/layers"
CASES = list(itertools.product((2, 6, 20), (FACTORS[0], 1.0, FACTORS[-1]), SIDES))


@pytest.fixture(scope="module")
def found():
    """What the page computes in each case, on the widget's images."""
    shown = SignalByLayer()
    batch = call(MODULE, [("batchOf", list(shown.images), 10)])[0]
    asked = [
        ("sizes", packed(batch), {"depth": d, "factor": f, "seed": 3, "width": 20}, n)
        for d, f, n in CASES
    ]
    return call(MODULE, asked)


def packed(batch):
    """Typed arrays come as objects through JSON; lists do as well."""
    return {name: list(values.values()) for name, values in batch.items()}


def test_signal_and_gradient_are_pytorch_s(found):
    for (depth, factor, name), ours in zip(CASES, found, strict=True):
        signal, gradient = in_pytorch(depth, factor, name, 20, 3)
        assert len(ours["signal"]) == depth - 1
        assert ours["signal"] == pytest.approx(signal, rel=1e-3)
        # Of a gradient back through normalizers roundings leave fewer digits.
        assert ours["gradient"] == pytest.approx(gradient, rel=1e-2)


def test_the_input_is_that_of_the_images(found):
    expected = (a_batch()[0] / 255).square().mean().sqrt().item()
    assert [one["input"] for one in found] == pytest.approx([expected] * len(found))


def test_he_s_factor_is_what_a_layer_keeps():
    """On average over many draws, of a wide network."""
    batch = packed(call(MODULE, [("batchOf", list(SignalByLayer().images), 10)])[0])
    settings = [
        {"depth": 4, "factor": 0.5, "seed": seed, "width": 300} for seed in range(5)
    ]
    found = call(MODULE, [("sizes", batch, one, "none") for one in settings])
    factors = call(MODULE, [("perLayer", one) for one in found])
    assert np.mean(factors) == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (6.06e-10, "6.1\u00a0·\u00a010⁻¹⁰"),
        (0.0712, "0.071"),
        (0.0999, "0.10"),
        (1, "1.0"),
        (9.99, "10"),
        (412, "410"),
        (123456, "1.2\u00a0·\u00a010⁵"),
        (0, "0"),
    ],
)
def test_numbers_have_two_digits(value, said):
    assert call(MODULE, [("twoDigits", value)]) == [said]


def test_the_still_shows_what_the_alternative_text_says():
    left, right = SignalByLayer().picture().axes
    plain, layered, _ = [line.get_ydata() for line in left.lines]
    assert 8 < np.log10(plain[0] / plain[-1]) < 10  # nine decades
    assert np.ptp(np.log10(layered)) < 0.5
    tiny, level = [line.get_ydata() for line in right.lines]
    assert tiny[0] < 1e-6 * level[0]


def test_the_still_is_of_the_controls():
    shown = SignalByLayer(depth=4, factor=1.0, seed=2)
    left, right = shown.picture().axes
    assert [len(line.get_ydata()) for line in left.lines] == [3, 3, 3]
    assert [len(line.get_ydata()) for line in right.lines] == [4, 4]
    (dashed,) = [line for line in left.lines if line.get_label() == "expected"]
    assert np.ptp(dashed.get_ydata()) == pytest.approx(0)
