"""What the post on face recognition says that is not tried yet, or cannot be.

Lines are those of the English text.
"""

from functools import partial

from normlab.evidence.untried import FACES, SHAPES, untried

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
    _habr(
        id="A7",
        place="line 58",
        says="Eight convolutions of 3 by 3, each before a ReLU; after each two a "
        "max-pooling of 2 by 2, of which the last is an average over 7 by 7 instead; "
        "320 numbers are left for the last layer.",
        reason=SHAPES,
    ),
    _habr(
        id="A8",
        place="lines 65 and 69",
        says="With a normalizer between the two convolutions of a block, one "
        "convolution had to go because memory was short, and dropout was removed, as "
        "the method's authors advise.",
        reason=SHAPES,
    ),
    _habr(
        id="A9",
        place="lines 85 and 98",
        says="Without the layer, the rate 0.01, a tenth of it from 150,000 iterations "
        "on and a hundredth from 300,000 on: 80% after 64,000 iterations, converged "
        "after 420,000, at best 94.5%; the author's trials found this schedule best.",
    ),
    _habr(
        id="A10",
        place="lines 86 and 101",
        says="With the layer, the rate 0.055, times 0.7 every 11,000 iterations: 80% "
        "after 45,000 iterations, converged after 180,000, at best 86.7%; worse than "
        "with jumps.",
    ),
    _habr(
        id="A11",
        place="lines 87 and 91",
        says="With the layer and without dropout, the rate 0.055, times 0.7 at steps "
        "set by hand: 80% after 45,000 iterations, converged after 230,000, at best "
        "91.3%.",
    ),
    _habr(
        id="A12",
        place="line 101",
        says="With the layer, the schedule of the network without it gives poor "
        "results.",
    ),
    _habr(
        id="A13",
        place="lines 104 and 130",
        says="80% comes in 1.4 times less time with the layer, 45,000 iterations "
        "against 64,000.",
    ),
    _habr(
        id="A14",
        place="line 104",
        says="Learning can be accelerated, but in the end accuracy is a little worse "
        "with the layer than without.",
    ),
)
