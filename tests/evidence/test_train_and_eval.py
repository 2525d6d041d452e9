"""Rules on the two modes, on layers and records made up for every word."""

import pytest
from torch import nn

from normlab.evidence.claims import train_and_eval as claims
from normlab.evidence.words import Word
from tests.evidence.synthetic import around, records, rows

AT = {"split": "test", "statistics": "mixed", "control": ""}
FLAT = around(0.8)


class Mixing(nn.Module):
    """A layer that looks at the batch in both modes."""

    def __init__(self, num_features):
        super().__init__()

    def forward(self, x):
        return x - x.mean(0) / 2


def test_a_layer_that_looks_at_the_batch_would_deny_determinism(monkeypatch):
    assert claims.alone_or_beside(None)[0] is Word.REPRODUCED
    monkeypatch.setattr(claims, "BatchNorm", Mixing)
    assert claims.alone_or_beside(None)[0] is Word.NOT_REPRODUCED


def made_up(gains):
    """Records of (size, swapped) -> mean accuracy, in three epochs."""
    return records(
        *(
            rows(
                around(mean, spread),
                measure="accuracy",
                swapped=swapped,
                batch_size=size,
                **AT | {"epoch": epoch, "step": epoch},
            )
            for (size, swapped), (mean, spread) in gains.items()
            for epoch in (3, 4, 5)
        )
    )


def states(few, many, fresh=0.8, spread=0.001):
    """Evaluation mode at batch 4 and 256, recomputed at 256; training mode 0.8."""
    return made_up(
        {
            (4, "nothing"): (0.8, 0.002),
            (4, "noise+lag+factor"): (few, spread),
            (256, "nothing"): (0.8, 0.002),
            (256, "noise+lag+factor"): (many, spread),
            (256, "noise+factor"): (fresh, spread),
        }
    )


@pytest.mark.parametrize(
    ("few", "many", "spread", "word"),
    [
        (0.85, 0.75, 0.001, Word.REPRODUCED),
        (0.809, 0.75, 0.005, Word.IN_DIRECTION),
        (0.75, 0.75, 0.001, Word.NOT_REPRODUCED),
        (0.85, 0.85, 0.001, Word.NOT_REPRODUCED),
        (0.82, 0.78, 0.2, Word.UNDECIDED),
    ],
)
def test_the_sign_of_the_gap_at_both_sizes(few, many, spread, word):
    trial = claims.signs().on(states(few, many, spread=spread))
    assert trial.decide(0.05) is word


def test_recomputing_has_to_gain_a_point():
    gained = claims.recomputing()
    assert gained.on(states(0.8, 0.75)).decide(0.05) is Word.REPRODUCED
    assert gained.on(states(0.8, 0.8)).decide(0.05) is Word.NOT_REPRODUCED


@pytest.mark.parametrize(
    ("fresh", "spread", "word"),
    [
        (0.801, 0.001, Word.REPRODUCED),
        (0.77, 0.001, Word.NOT_REPRODUCED),
        (0.80, 0.2, Word.UNDECIDED),
    ],
)
def test_recomputed_statistics_are_alike_within_a_point(fresh, spread, word):
    trial = claims.rest(256).on(states(0.8, 0.75, fresh, spread))
    assert trial.decide(0.05) is word
