"""What the diary on MNIST says; lines are those of its text."""

from functools import partial

from normlab.evidence.untried import untried

_SETTING = (
    "MNIST, ReLU, 1,000 units a layer, batch 128, rate 0.1, momentum 0.9, 50 epochs, "
    "one run, weights at the start not stated"
)
_diary = partial(untried, source="takataka2015batch", setting=_SETTING)

CLAIMS = (
    _diary(
        id="D6",
        place="lines 69, 102 and 106",
        says="Three layers take 1.39 times as long with normalizers; the author blames "
        "his own program, above all its estimate of the statistics for inference.",
        setting=f"{_SETTING}; Theano, a Tesla K20c",
    ),
    _diary(
        id="D7",
        place="lines 132 and 169",
        says="Fifteen layers take 2.09 times as long with normalizers.",
        setting=f"{_SETTING}; Theano, a Tesla K20c",
    ),
)
