"""Rules on LeNet and on PyTorch's layer, with made-up records for every word."""

import numpy as np
import pytest

from normlab.evidence.claims import lenet, torch_batch_norm
from normlab.evidence.words import Word
from tests.evidence.synthetic import records, rows

EPOCHS = {"epochs": 10, "lr": 1.0, "measure": "accuracy"}


def late(accuracies, layers=("batch", "torch_batch")):
    """Test accuracies (seeds,) that are the same in all late epochs."""
    at = {"split": "test", "statistics": "running", **EPOCHS}
    return records(
        *[
            rows(accuracies, norm=norm, epoch=epoch, **at)
            for norm in layers
            for epoch in lenet.LATE
        ]
    )


@pytest.mark.parametrize(
    ("accuracies", "word"),
    [
        ([0.78, 0.82, 0.84, 0.85, 0.86], Word.REPRODUCED),
        ([0.81, 0.82, 0.84, 0.85, 0.86], Word.NOT_REPRODUCED),
        ([0.70, 0.71, 0.72, 0.73, 0.74], Word.NOT_REPRODUCED),
        ([0.78, 0.86], Word.UNDECIDED),  # twenty values
        ([0.50, 0.82, 0.84, 0.85, 0.86], Word.UNDECIDED),  # nearly any number fits
    ],
)
def test_a_published_accuracy_among_late_ones(accuracies, word):
    assert lenet.among_late_evaluations(0.801, late(accuracies))[0] is word


def losses(with_, without):
    """Training losses at every rate; ``with_`` (rates, seeds) of the layer."""
    at = {"split": "train", "measure": "loss", "epoch": 10, "epochs": 10}
    return records(
        *[
            rows(values, norm=norm, lr=rate, **at)
            for norm, table in (("torch_batch", with_), ("none", without))
            for rate, values in zip(lenet.RATES, table, strict=True)
        ]
    )


LOW, HIGH = np.full((8, 5), 0.3), np.full((8, 5), 0.5)
ONE_PAIR, ONE_RATE = LOW.copy(), LOW.copy()
ONE_PAIR[3, 2], ONE_RATE[3] = 0.6, 0.6


@pytest.mark.parametrize(
    ("with_", "word"),
    [
        (LOW, Word.REPRODUCED),
        (ONE_PAIR, Word.IN_DIRECTION),
        (ONE_RATE, Word.NOT_REPRODUCED),
    ],
)
def test_lower_at_every_rate(with_, word):
    assert lenet.lower_at_every_rate(losses(with_, HIGH))[0] is word


def validation(with_, without):
    """Validation accuracies, one a rate, the same for all seeds and late epochs."""
    at = {"split": "validation", "measure": "accuracy", "epochs": 10}
    return records(
        *[
            rows([accuracy] * 5, norm=n, lr=rate, epoch=epoch, statistics=kind, **at)
            for n, kind, table in (
                ("torch_batch", "batch", with_),
                ("none", "running", without),
            )
            for rate, accuracy in zip(lenet.RATES, table, strict=True)
            for epoch in lenet.LATE
        ]
    )


NARROW = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.8, 0.1]
TWO = [0.1, 0.1, 0.1, 0.1, 0.1, 0.8, 0.8, 0.1]


@pytest.mark.parametrize(
    ("with_", "word"),
    [
        ([0.8] * 8, Word.REPRODUCED),
        (TWO, Word.IN_DIRECTION),  # a factor of 2 is less than half a decade
        (NARROW, Word.NOT_REPRODUCED),
    ],
)
def test_a_wider_range_of_rates(with_, word):
    made = validation(with_, NARROW)
    assert lenet.rates_within_two_points("batch", made)[0] is word


def test_a_range_that_the_grid_cuts_off_is_at_least_that_wide():
    _, shown = lenet.rates_within_two_points("batch", validation([0.8] * 8, NARROW))
    assert dict(shown) == {
        "with the layer": "at least 2.4 decades",
        "without": "0.0 decades",
    }


def test_change_between_epochs_is_that_of_the_accuracies():
    up_and_down = [
        rows([0.8 + 0.1 * (epoch % 2)] * 5, norm="batch", epoch=epoch, split="test",
             statistics="running", **EPOCHS)
        for epoch in range(5, 11)
    ]  # fmt: skip
    found = lenet.change_between_epochs("running", records(*up_and_down))
    assert found.to_list() == pytest.approx([0.1] * 5)


@pytest.mark.parametrize(
    ("ratio", "word"),
    [
        (1.69, Word.REPRODUCED),
        (2.2, Word.IN_DIRECTION),
        (1.0, Word.UNDECIDED),
        (0.8, Word.NOT_REPRODUCED),
    ],
)
def test_the_built_in_layer_is_faster_on_a_gpu(ratio, word):
    measured = {"hand_over_builtin_eager": 1 / ratio, "device": "a GPU"}
    assert torch_batch_norm.faster_built_in(measured)[0] is word


@pytest.mark.parametrize(
    ("first", "word"),
    [(1200, Word.REPRODUCED), (1000, Word.UNDECIDED), (800, Word.NOT_REPRODUCED)],
)
def test_the_built_in_layer_is_fastest_as_it_is(first, word):
    names = [f"examples_per_second_{w}_{h}" for w in ("hand", "builtin")
             for h in ("eager", "compiled")]  # fmt: skip
    measured = dict.fromkeys(names, 1000.0) | {"device": "a CPU"}
    measured["examples_per_second_builtin_eager"] = float(first)
    assert torch_batch_norm.fastest_on_a_cpu(measured)[0] is word
