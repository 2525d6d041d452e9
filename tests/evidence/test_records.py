"""Selecting: what comes back, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest

from normlab.evidence.records import Reading, arm, paired
from tests.evidence.synthetic import records, rows

DATA = records(
    rows([0.1, 0.2], measure="loss", split="test", epoch=1, epochs=2, norm="a"),
    rows([0.3, 0.4], measure="loss", split="test", epoch=2, epochs=2, norm="a"),
    rows([0.5, 0.6], measure="loss", split="test", epoch=2, epochs=2, norm="b"),
)


def test_values_come_by_seed():
    found = DATA.values("x", "loss", norm="a", epoch="last")
    assert found.to_dict() == {0: 0.3, 1: 0.4}


def test_a_list_is_averaged_in_each_seed():
    found = DATA.values("x", "loss", norm="a", epoch=[1, 2])
    assert found.to_dict() == {0: pytest.approx(0.2), 1: pytest.approx(0.3)}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epoch": 2}, "norm is a, b"),
        ({"norm": "a"}, "epoch is 1, 2"),
        ({"norm": "c", "epoch": 1}, "nothing with norm='c'; there is a, b"),
        ({"colour": "red"}, "no column 'colour'"),
    ],
)
def test_a_choice_that_is_none_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        DATA.values("x", "loss", **settings)


def test_two_steps_of_one_epoch_are_refused():
    twice = records(rows([1.0], measure="m", step=1), rows([2.0], measure="m", step=2))
    with pytest.raises(ValueError, match="step is 1, 2"):
        twice.values("x", "m")


def test_pairs_need_the_same_seeds():
    one = DATA.values("x", "loss", norm="a", epoch=1)
    with pytest.raises(ValueError, match="make no pairs"):
        paired(one, one.iloc[:1])


def test_an_arm_with_another_setting():
    last = arm("x", "loss", norm="a", epoch="last")
    assert last.but(norm="b")(DATA).to_dict() == {0: 0.5, 1: 0.6}
    assert last.but(epoch=[1, 2])(DATA)[0] == pytest.approx(0.2)


def recording(seed, norm, number, name="A/x"):
    return SimpleNamespace(seed=seed, norm=norm), {name: np.full(3, number)}


KEPT = records(
    recordings=[
        recording(1, "a", 2.0),
        recording(0, "a", 1.0),
        recording(0, "b", 5.0),
        recording(0, "a", 9.0, name="A/y"),  # of a run that kept something else
    ]
)


def test_arrays_come_by_seed_from_the_runs_that_kept_them():
    found = KEPT.arrays("x", "A/x", norm="a")
    assert list(found) == [0, 1]
    assert [arrays["A/x"][0] for arrays in found.values()] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "seed 0 has several runs; name norm='a' or 'b'"),
        ({"norm": "c"}, "no recording with A/x, norm='c'"),
    ],
)
def test_recordings_that_are_not_one_a_seed_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        KEPT.arrays("x", "A/x", **settings)


def test_a_reading_is_a_number_a_seed():
    two = records(recordings=[recording(1, "a", 2.0), recording(0, "a", 1.0)])
    found = Reading("x", lambda a: a["A/x"].sum(), (("norm", "a"),))(two)
    assert found.to_dict() == {0: 3.0, 1: 6.0}
