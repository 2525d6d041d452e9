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
        id="D1",
        place="line 68",
        says="Three layers without normalizers err on 1.56% of the test images.",
    ),
    _diary(
        id="D2",
        place="lines 100 and 106",
        says="With them it is 1.31%, a little less.",
    ),
    _diary(
        id="D3",
        place="line 106",
        says="With three layers no large difference is to be seen in how learning "
        "goes on.",
    ),
    _diary(
        id="D4",
        place="lines 130 and 136",
        says="Fifteen layers without normalizers do not learn (88.65% errors), and a "
        "larger or smaller rate does not change that.",
    ),
    _diary(
        id="D5",
        place="lines 167 and 173",
        says="Fifteen layers with normalizers learn: 1.58% errors.",
    ),
    _diary(
        id="D8",
        place="lines 68, 100 and 106",
        says="There may be a regularizing effect: the validation loss of three layers "
        "ends at 0.0537 with normalizers and at 0.0929 without.",
    ),
)
