"""What the post on face recognition says; what is tried stands elsewhere.

Lines are those of the English text.
"""

from functools import partial

from normlab.evidence.untried import FACES, untried

_SETTING = "3 million faces, 8 convolutions of 3 by 3, Caffe, one run each"
_habr = partial(untried, source="habr2016batch", setting=_SETTING)

CLAIMS = (
    _habr(
        id="A1",
        place="lines 18 and 21",
        says="The network learns from 3 million faces of 14 thousand people and sorts "
        "faces into 14,700 classes.",
        reason=FACES,
    ),
    _habr(
        id="A2",
        place="lines 21 and 85",
        says="Without the layer it reached 94.5% of the test faces.",
        reason=FACES,
    ),
    _habr(
        id="A3",
        place="line 21",
        says="That took 420 thousand iterations, almost 4 days (95 hours).",
        setting=f"{_SETTING}, a Titan X",
        reason=FACES,
    ),
    _habr(
        id="A6",
        place="line 52",
        says="The input is a black and white face of 50 by 50 pixels.",
        reason=FACES,
    ),
)
