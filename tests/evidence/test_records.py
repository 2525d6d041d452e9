"""Selecting: what comes back, and what is refused."""

import numpy as np
import pytest

from normlab import runs
from normlab.evidence.records import arm, paired
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


def kept(seed, lr=1.0, **arrays):
    run = runs.Run("lenet", "batch", lr, batch_size=256, epochs=1, seed=seed)
    return run, {name: np.array(values) for name, values in arrays.items()}


def test_recordings_come_by_seed():
    made = records(
        rows([0.1]), recordings=[kept(1, a=[1.0]), kept(0, a=[0.0]), kept(2, b=[2.0])]
    )
    found = made.arrays("x", "a", lr=1.0)
    assert {seed: values.tolist() for seed, values in found.items()} == {
        0: [0.0],
        1: [1.0],
    }
    assert list(found) == [0, 1]


def test_a_choice_of_recordings_that_is_none_is_refused():
    made = records(rows([0.1]), recordings=[kept(0, a=[0.0]), kept(0, lr=2.0, a=[1.0])])
    with pytest.raises(ValueError, match="seed 0 has several runs"):
        made.arrays("x", "a")
    with pytest.raises(ValueError, match="no run with"):
        made.arrays("x", "a", lr=3.0)
