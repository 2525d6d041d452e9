"""The identities hold for the layers we have, and would not for others."""

from functools import partial

import torch
from torch import nn

from normlab.evidence.claims import batch_norm_by_hand as claims
from normlab.evidence.words import Word


def word(check):
    return check(None)[0]


def test_a_layer_that_bends_would_deny_the_straight_line(monkeypatch):
    assert word(claims.identity_and_lines) is Word.REPRODUCED
    straight = claims.batch_norm

    def bent(*arguments, **options):
        y = straight(*arguments, **options)
        return y + 1e-3 * y**3

    monkeypatch.setattr(claims, "batch_norm", bent)
    assert word(claims.identity_and_lines) is Word.NOT_REPRODUCED


def test_without_the_layer_the_bias_would_count(monkeypatch):
    assert word(claims.bias_is_lost) is Word.REPRODUCED
    monkeypatch.setattr(claims, "BatchNorm", nn.Identity)
    assert word(claims.bias_is_lost) is Word.NOT_REPRODUCED


class OfTheFirstImage(nn.BatchNorm2d):
    def forward(self, x):
        return super().forward(x[:1])


def test_statistics_of_fewer_values_would_deny_the_count(monkeypatch):
    assert word(claims.one_mean_for_all_places) is Word.REPRODUCED
    monkeypatch.setattr(claims.nn, "BatchNorm2d", OfTheFirstImage)
    assert word(claims.one_mean_for_all_places) is Word.NOT_REPRODUCED


def test_a_layer_without_gamma_and_beta_would_deny_two_a_channel(monkeypatch):
    assert word(claims.two_numbers_a_channel) is Word.REPRODUCED
    monkeypatch.setattr(claims.nn, "BatchNorm1d", partial(nn.BatchNorm1d, affine=False))
    assert word(claims.two_numbers_a_channel) is Word.NOT_REPRODUCED


def test_distance_from_a_line_is_none_for_a_stretch_and_a_shift():
    x = torch.arange(6.0, dtype=torch.float64)
    assert claims.off_a_line(x, 3 - 2 * x) < 1e-12
    assert claims.off_a_line(x, x**2) > 1
