"""What is said of normalizers where few images share statistics.

One network, the same 1,400 updates of 128 images for all, the last 30% cooled; only how
many images share statistics differs. Rates were chosen on validation images with seeds
0 and 1; what decides has seeds from 10 on. The rules were written before these runs.
"""

from dataclasses import dataclass
from functools import partial

from normlab.evidence.claim import Claim
from normlab.evidence.claims.schedules import Of
from normlab.evidence.records import Arm, Records, arm
from normlab.evidence.rules import (
    All,
    Effect,
    Measured,
    NoWorse,
    Rule,
    Trial,
    capital,
)
from normlab.evidence.wording import in_words
from normlab.evidence.words import Word
from normlab.runs.contenders import BEST, SAME_ACTIVATION, SECOND, entered
from normlab.runs.race import LONGER

BETTER = 0.005  # of accuracy: the smallest difference that counts on this network
COMPARABLE = 0.01  # what "comparable" may hide
MEASURE = "test accuracy, recomputed statistics"
CALLED = {
    "batch_2": "batch norm of 2",
    "batch_4": "batch norm of 4",
    "batch_128": "batch norm of 128",
    "kalman_2": "Kalman of 2",
    "renorm_4": "renorm of 4",
    "filter_response": "FRN",
    SAME_ACTIVATION: "batch norm of 128 with the activation of FRN",
}
OURS = (
    "eight convolutions on Fashion-MNIST at 14 by 14 pixels, 1,400 updates of 128 "
    "images, of which so many share statistics; momentum 0.9, each at its best rate, "
    "cooled at the end; 10 seeds, a CPU"
)


@dataclass(frozen=True)
class Provided:
    """A rule that is asked only where there is room for what it asks.

    Args:
        rule: what the claim says.
        room: a comparison that must come out as said, else nothing is decided.
    """

    rule: Rule
    room: Measured

    @property
    @in_words
    def text(self) -> str:
        """Both in words."""
        room = capital(f"{self.room.what}: {self.room.condition}")
        return f"{self.rule.text} Undecided where there is no room for it. {room}."

    def on(self, records: Records) -> Trial:
        """Try both."""
        trial, room = self.rule.on(records), self.room.on(records)

        def decide(level: float) -> Word:
            there = room.decide(level) is Word.REPRODUCED
            return trial.decide(level) if there else Word.UNDECIDED

        numbers = tuple(dict.fromkeys((*trial.numbers, *room.numbers)))
        return Trial(numbers, decide, trial.p, trial.p_of, trial.intervals)


def score(name: str, where: str = "race") -> Arm:
    """Return an arm: a contender's test accuracy at the end."""
    rates = SECOND if where == "race-second" and name != SAME_ACTIVATION else BEST
    (run,) = entered(name, rates=rates, **_steps(where))
    told = {field: getattr(run, field) for field in ("model", "norm", "lr")}
    at = {"split": "test", "statistics": "recomputed"}
    return arm(where, "accuracy", **at, **told)


def _steps(where: str) -> dict[str, int]:
    return {"steps": LONGER} if where == "race-long" else {}


def better(higher: str, lower: str, where: str = "race", shown_as: int = 1) -> Effect:
    """Return a rule: one contender ends above another."""
    return _effect(higher, lower, score(higher, where), score(lower, where), shown_as)


def _effect(higher, lower, of_higher, of_lower, shown_as: int = 1) -> Effect:
    said = (higher, lower)[::shown_as]
    what = f"{MEASURE}: {CALLED[said[0]]} − {CALLED[said[1]]}"
    return Effect(of_higher, of_lower, BETTER, what, shown_as=shown_as)


def loses(where: str = "race") -> Rule:
    """Statistics of 4 and of 2 images cost batch normalization accuracy."""
    return All(
        tuple(
            better("batch_128", few, where, shown_as=-1)
            for few in ("batch_4", "batch_2")
        )
    )


def comparable(where: str = "race") -> Rule:
    """With a prior 2 images do as 128 do without, where 2 without one do not."""
    arms = score("kalman_2", where), score("batch_128", where)
    what = f"{MEASURE}: {CALLED['kalman_2']} − {CALLED['batch_128']}"
    no_worse = NoWorse(*arms, COMPARABLE, what)
    rule = All((no_worse, better("kalman_2", "batch_2", where)))
    return Provided(rule, better("batch_128", "batch_2", where))


def same_activation() -> Rule:
    """Against batch normalization with the activation of the other."""
    other = score(SAME_ACTIVATION, "race-second")
    frn = Of(score("filter_response"), other)
    return _effect("filter_response", SAME_ACTIVATION, frn, other)


E4 = "filter_response", "batch_128"
RATES = "each at its second-best rate"
_tried = partial(Claim, ours=OURS, chapter="small-batches", experiment="race")
_kalman = partial(_tried, source="wang2018kalman", place="abstract")

CLAIMS = (
    _kalman(
        id="E1",
        says="The layer loses its effect with micro-batches, of fewer than 10 samples "
        "for example, since their statistics are not reliable.",
        setting="ImageNet, CIFAR-10, CIFAR-100",
        rule=loses(),
        variants={RATES: loses("race-second")},
    ),
    _kalman(
        id="E3",
        says="Batch Kalman normalization is comparably accurate with batches 64 times "
        "smaller on CIFAR-10 and CIFAR-100, and 8 times smaller on ImageNet.",
        setting="CIFAR-10, CIFAR-100, ImageNet",
        chapter="batch-kalman",
        rule=comparable(),
        variants={RATES: comparable("race-second")},
    ),
    _tried(
        id="E4",
        source="singh2020filter",
        place="abstract",
        says="With large batches filter response normalization is more accurate than "
        "batch normalization by about 0.7 to 1.0%.",
        setting="ImageNet, InceptionV3 and ResnetV2-50",
        rule=better(*E4),
        variants={
            RATES: better("filter_response", "batch_128", "race-second"),
            "twice as many updates": better(
                "filter_response", "batch_128", "race-long"
            ),
            "the same activation for both": same_activation(),
        },
    ),
    _tried(
        id="ioffe2017-small",
        source="ioffe2017batch",
        place="section 4.2; the place from memory",
        says="Where 4 images share statistics, batch renormalization is more accurate "
        "than batch normalization.",
        setting="ImageNet, Inception-v3",
        rule=better("renorm_4", "batch_4"),
        variants={RATES: better("renorm_4", "batch_4", "race-second")},
    ),
)
