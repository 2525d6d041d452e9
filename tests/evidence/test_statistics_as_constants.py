"""Statistics as constants: harm, a bias that runs away, a model that blows up."""

import pandas as pd
import pytest
import torch

from normlab.evidence.claims.statistics_as_constants import (
    CONSTANTS,
    FULL,
    BatchOnly,
    bias_and_loss,
    blown_up,
    drifts,
    harm,
    losses,
    trainings,
)
from normlab.evidence.words import Word
from normlab.layers import BatchNorm
from tests.evidence.synthetic import around


def trials(full, constants):
    """Made-up trainings: rate -> five losses, of either kind."""
    kinds = {FULL: full, CONSTANTS: constants}
    return pd.DataFrame(
        {"kind": kind, "lr": lr, "seed": seed, "loss": loss}
        for kind, by_rate in kinds.items()
        for lr, values in by_rate.items()
        for seed, loss in enumerate(values)
    )


GOOD = {0.1: around(1.0), 1.0: around(0.5)}
NAN = [float("nan")] * 5


@pytest.mark.parametrize(
    ("constants", "word"),
    [
        ({0.1: around(0.9), 1.0: around(1.2)}, Word.REPRODUCED),
        ({0.1: around(0.4), 1.0: around(1.2)}, Word.NOT_REPRODUCED),
        ({0.1: around(0.5), 1.0: around(1.2)}, Word.NOT_REPRODUCED),
        ({0.1: around(0.522, 0.01), 1.0: around(1.2)}, Word.IN_DIRECTION),
        ({0.1: around(0.5, 0.3), 1.0: around(1.2)}, Word.UNDECIDED),
    ],
)
def test_harm_compares_each_at_its_own_best_rate(constants, word):
    found = harm(lambda: trials(GOOD, constants)).on(None)
    assert found.decide(0.05) is word


def test_harm_at_a_rate_compares_there():
    made = trials(GOOD, {0.1: around(2.0), 1.0: around(0.4)})
    assert harm(lambda: made, 0.1).on(None).decide(0.05) is Word.REPRODUCED
    assert harm(lambda: made, 1.0).on(None).decide(0.05) is Word.NOT_REPRODUCED
    assert losses(made, CONSTANTS, 0.1).tolist() == around(2.0)


@pytest.mark.parametrize(
    ("full", "constants", "word"),
    [
        (GOOD, {0.1: around(1.0), 1.0: around(9.0)}, Word.REPRODUCED),
        (GOOD, {0.1: around(1.0), 1.0: NAN}, Word.REPRODUCED),
        (GOOD, {0.1: around(9.0), 1.0: around(1.0)}, Word.IN_DIRECTION),
        (GOOD, {0.1: around(1.0), 1.0: around(1.0)}, Word.NOT_REPRODUCED),
        (GOOD, {0.1: around(1.0), 1.0: [9, 9, 9, 9, 1]}, Word.NOT_REPRODUCED),
        (
            {0.1: around(1.0), 1.0: [1, 1, 1, 1, 9]},
            {0.1: around(1.0), 1.0: around(9.0)},
            Word.NOT_REPRODUCED,
        ),
    ],
)
def test_what_counts_as_a_model_that_blows_up(full, constants, word):
    assert blown_up(trials(full, constants))[0] is word


def test_a_bias_that_drifts():
    assert drifts(*bias_and_loss())[0] is Word.REPRODUCED


@pytest.mark.parametrize(
    ("biases", "loss"),
    [
        (torch.zeros(5), torch.ones(5)),  # it stays
        (torch.tensor([0.0, 1.0, 1.5, 1.75]), torch.ones(4)),  # it settles
        (torch.arange(4.0), torch.tensor([1.0, 0.9, 0.8, 0.7])),  # it is of use
    ],
)
def test_a_bias_that_does_not(biases, loss):
    assert drifts(biases.double(), loss.double())[0] is Word.NOT_REPRODUCED


def test_only_the_gradient_differs():
    x = torch.randn(8, 3, generator=torch.Generator().manual_seed(0)).double()
    g = torch.randn(8, 3, generator=torch.Generator().manual_seed(1)).double()
    outputs, gradients = [], []
    for layer in (BatchOnly(3, False), BatchOnly(3, True), BatchNorm(3)):
        leaf = x.clone().requires_grad_()
        out = layer.double()(leaf)
        outputs.append(out.detach())
        gradients.append(torch.autograd.grad(out, leaf, g)[0])
    assert outputs[1] == pytest.approx(outputs[0])
    assert outputs[2] == pytest.approx(outputs[0])
    assert gradients[0] == pytest.approx(gradients[2])
    direct = g / (x.var(0, correction=0) + 1e-5).sqrt()
    assert gradients[1] == pytest.approx(direct)


def test_both_kinds_start_alike(monkeypatch):
    place = "normlab.evidence.claims.statistics_as_constants"
    monkeypatch.setattr(f"{place}.IMAGES", 256)
    monkeypatch.setattr(f"{place}.RATES", (1e-12,))
    found = trainings.__wrapped__(affine=False)
    pairs = found.pivot(index="seed", columns="kind", values="loss")
    assert len(pairs) == 5
    assert pairs[FULL].to_numpy() == pytest.approx(pairs[CONSTANTS].to_numpy())
    assert found["bias"].to_numpy() == pytest.approx(1)
