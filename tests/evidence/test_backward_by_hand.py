"""The gradient's three ways: what adds up, what does not."""

import pytest
import torch
import torch.nn.functional as F

from normlab.evidence.claims.backward_by_hand import add_up, three_ways
from normlab.evidence.words import Word

X = torch.tensor([1.0, 2.0, 4.0, 5.0, 9.0], dtype=torch.float64)
G = torch.tensor([1.0, -0.5, 2.0, 0.5, 1.5], dtype=torch.float64)


def test_the_whole_is_pytorch_s_gradient():
    leaf = X[:, None].clone().requires_grad_()
    F.batch_norm(leaf, None, None, training=True).backward(G[:, None])
    _, whole = three_ways(X, G)
    assert whole == pytest.approx(leaf.grad[:, 0])


def test_each_way_is_the_one_of_its_name():
    (direct, through_mean, through_var), _ = three_ways(X, G, eps=0.0)
    s = X.std(correction=0)
    x_hat = (X - X.mean()) / s
    assert direct == pytest.approx(G / s)
    assert through_mean == pytest.approx(-G.mean() / s * torch.ones(5))
    assert through_var == pytest.approx(-x_hat * (G * x_hat).mean() / s)


def test_ways_that_add_up():
    assert add_up(*three_ways(X, G))[0] is Word.REPRODUCED


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_a_way_that_is_off_or_empty_is_noticed(wrong):
    ways, whole = three_ways(X, G)
    off = [way * (1 + 1e-6 * (i == wrong)) for i, way in enumerate(ways)]
    assert add_up(off, whole)[0] is Word.NOT_REPRODUCED
    empty = [way * (i != wrong) for i, way in enumerate(ways)]
    assert add_up(empty, sum(empty))[0] is Word.NOT_REPRODUCED
