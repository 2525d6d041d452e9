"""The loss along a step: which looks go together, and what the page shows of them."""

import numpy as np
import pytest

from normlab import evidence
from normlab.runs.shift import LINE, RATE, STEPS, convolutions
from normlab.widgets import AlongAStep
from normlab.widgets.step.packed import NAME, packed

from .node import call

MODULE = "step/looks"
DATA = {
    "rate": 0.1,
    "factors": [0, 1, 2],
    "updates": [10, 20, 30],
    "networks": {
        "none": {
            "losses": [[2.0, 1.5, 1.4], [1.0, 0.8, 0.9], [0.5, 0.4, 0.6]],
            "slopes": [0.6, 0.3, 0.2],
            "changes": [[0, 0.1, 0.2], [0, 0.3, 0.4], [0, 0.5, 0.6]],
        },
        "batch": {
            "losses": [[0.9, 0.8, 0.7], [0.55, 0.5, 0.45], [0.2, 0.15, 0.1]],
            "slopes": [0.1, 0.05, 0.04],
            "changes": [[0, 0.01, 0.02], [0, 0.03, 0.04], [0, 0.05, 0.06]],
        },
    },
}


def test_the_nearest_loss_or_as_many_updates():
    asked = [(look, match) for match in ("loss", "updates") for look in range(3)]
    found = call(MODULE, [("beside", DATA, look, match) for look, match in asked])
    assert found == [0, 0, 1, 0, 1, 2]


def test_what_a_step_is_worth():
    assert call(MODULE, [("worth", DATA, "none", 1, 2)]) == [
        {
            "updates": 20,
            "before": 1.0,
            "after": 0.9,
            "promised": pytest.approx(0.4),
            "change": 0.4,
        }
    ]


@pytest.mark.parametrize(
    ("points", "kept"),
    [
        ([[0, 1], [1, 2]], [[0, 1], [1, 2]]),
        ([[0, 1], [1, 5], [2, 1]], [[0, 1], [0.5, 3]]),
        ([[0, 4], [1, 1]], []),
    ],
)
def test_a_line_ends_where_it_leaves_the_plot(points, kept):
    assert call(MODULE, [("below", points, 3)]) == [kept]


def test_python_and_the_page_choose_the_same_look():
    shown = AlongAStep()
    looks = range(len(STEPS))
    found = call(MODULE, [("beside", shown.data, look, "loss") for look in looks])
    assert found == [AlongAStep(look=look).beside() for look in looks]
    assert AlongAStep(look=7, match="updates").beside() == 7


def test_what_is_packed_is_what_was_recorded():
    data = packed()
    assert data["factors"][1:] == list(LINE)
    for name, norm in {"none": "none", "batch": "torch_batch"}.items():
        (loss,), (length,), (decrease,) = (
            evidence.recorded(NAME, f"look/{what}", norm=norm)
            for what in ("loss", "length", "decrease")
        )
        found = data["networks"][name]
        assert np.array(found["losses"])[:, 0] == pytest.approx(loss, rel=1e-3)
        look, step = 3, LINE.index(2.0)
        promised = 2.0 * RATE * length[look] ** 2
        after = loss[look] - decrease[look, step] * promised
        assert found["losses"][look][step + 1] == pytest.approx(after, rel=1e-3)
        assert 2.0 * found["slopes"][look] == pytest.approx(promised, rel=1e-3)
    assert convolutions("none").lr == data["rate"]


def test_the_still_is_of_the_controls():
    shown = AlongAStep(look=2, match="updates")
    (ax,) = shown.picture().axes
    for name, line in zip(("none", "batch"), ax.lines[::2], strict=True):
        losses = shown.data["networks"][name]["losses"][2]
        assert line.get_ydata() == pytest.approx(losses)
