"""The rules on the playground's stories: arms are told, and guessing is recognized."""

import pandas as pd
import pytest

from normlab.evidence.claims import playground
from normlab.evidence.claims.playground import tells
from normlab.evidence.claims.playground_stories import all_guess
from normlab.evidence.judge import judge
from normlab.evidence.words import Word
from normlab.playground import told
from tests.evidence.synthetic import around


def test_an_arm_is_what_is_told():
    arm = tells("two", "class", 3, normalizer="layer")
    found = told("two", 3, normalizer="layer").accuracy["class"]
    assert arm(None).tolist() == found.tolist()


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ([0.1] * 5, Word.REPRODUCED),
        ([0.099] * 4, Word.UNDECIDED),  # too few seeds
        ([0.1] * 4 + [0.2], Word.NOT_REPRODUCED),
        ([0.05] * 5, Word.NOT_REPRODUCED),
    ],
)
def test_guessing_is_recognized(second, expected):
    arms = {"a": lambda _: pd.Series([0.1] * 5), "b": lambda _: pd.Series(second)}
    assert all_guess(arms, None)[0] is expected


@pytest.mark.parametrize(
    ("name", "hindered", "expected"),
    [
        ("story-tiny", 0.1, Word.REPRODUCED),
        ("story-tiny", 0.6, Word.NOT_REPRODUCED),
        ("story-tiny", 0.7, Word.NOT_REPRODUCED),
    ],
)
def test_a_story_is_judged_by_its_arms(monkeypatch, name, hindered, expected):
    def made_up(self, _):
        normalizer = dict(self.turned)["normalizer"]
        return pd.Series(around(0.6 if normalizer == "batch" else hindered))

    monkeypatch.setattr(playground.Told, "__call__", made_up)
    (claim,) = [c for c in playground.CLAIMS if c.id == name]
    assert judge([claim])[name].word is expected
