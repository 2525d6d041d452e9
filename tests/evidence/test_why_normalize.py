"""Inner products of pairs, and rates of two layers, on made-up numbers."""

import pytest
import torch

from normlab.evidence.claims.why_normalize import (
    large,
    no_rate_for_both,
    rates,
    two_layers,
)
from normlab.evidence.words import Word

CENTRED = torch.tensor([-1.0, 1.0] * 50)  # typical: 1


@pytest.mark.parametrize(
    ("few", "word"),
    [
        (0, Word.REPRODUCED),
        (1, Word.REPRODUCED),
        (2, Word.IN_DIRECTION),
        (49, Word.IN_DIRECTION),
        (50, Word.NOT_REPRODUCED),
        (100, Word.NOT_REPRODUCED),
    ],
)
def test_how_many_pairs_must_be_large(few, word):
    raw = torch.cat([torch.full((few,), 0.9), torch.full((100 - few,), 1.1)])
    assert large(raw, CENTRED)[0] is word


def test_the_size_of_centred_pairs_counts_not_their_mean():
    assert large(torch.full((100,), 0.5), CENTRED)[0] is Word.NOT_REPRODUCED


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        ([0.1] * 5, Word.REPRODUCED),
        ([2.0] * 5, Word.NOT_REPRODUCED),
        ([0.1] * 4 + [2.0], Word.UNDECIDED),
    ],
)
def test_every_seed_must_lack_a_common_rate(limits, word):
    best, sizes = torch.ones(5), torch.full((5,), 100.0)
    assert no_rate_for_both(best, torch.tensor(limits), sizes)[0] is word


def test_rates_are_those_of_the_curvatures():
    inputs = torch.tensor([[2.0, 0.0], [0.0, 1.0]]) * 2**0.5  # curvatures 4 and 1
    assert rates(inputs) == pytest.approx((2 / 5, 2 / 4))


def test_the_later_layer_s_values_are_about_100_times_as_large():
    small, big = two_layers(seed=7)
    assert small.shape == big.shape == (512, 256)
    assert 50 < big.std() / small.std() < 200  # random weights stray from He's scale
