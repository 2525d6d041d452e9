"""Verdicts made up for tests of the ledger: of two claims tried and one that is not.

The first is decided otherwise in another mode; the second is our own, without a number.
"""

from normlab.evidence.claim import OURS, Claim
from normlab.evidence.judge import judge
from normlab.evidence.records import arm
from normlab.evidence.rules import Effect, Holds, Number
from normlab.evidence.untried import FACES, untried
from normlab.evidence.words import Word
from tests.evidence.synthetic import around, records, rows

DATA = records(
    rows(around(0.55), measure="accuracy", norm="a"),
    rows([0.5] * 5, measure="accuracy", norm="b"),
)


def denies(_):
    return Word.NOT_REPRODUCED, (("in evaluation mode", "nothing"),)


def _of(norm, device="cpu"):
    return arm("lenet", "accuracy", device, norm=norm)


CLAIMS = (
    Claim(
        id="gamma-sign",
        source=OURS,
        says="A & b differ <a little>.",
        ours="LeNet",
        chapter="lenet",
        experiment="lenet",
        rule=Effect(_of("b"), _of("a"), 0.01, "b − a"),
    ),
    Claim(
        id="B10-loss",
        source="richtux2021deep",
        place="first output",
        says="The accuracy is 0.55.",
        setting="one run",
        ours="five runs",
        chapter="lenet",
        experiment="lenet",
        rule=Number(_of("a", "cuda"), 0.55, "accuracy"),
        variants={"in another mode": Holds("It is there.", denies)},
    ),
    untried("B2", "habr2016batch", "line 1", "It learns from faces.", reason=FACES),
)
VERDICTS = list(judge(CLAIMS, DATA).values())
