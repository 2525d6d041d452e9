"""What is said of three layers and of fifteen, with normalizers and without."""

from functools import partial

import numpy as np
import pandas as pd

from normlab.evidence.claim import OURS as US
from normlab.evidence.claim import Claim
from normlab.evidence.intervals import mean
from normlab.evidence.records import Records, arm, paired
from normlab.evidence.rules import TWENTIETH, Effect, Holds, Same
from normlab.evidence.words import Word

PAGE = "depth"
DIARY = "takataka2015batch"
THEIRS = (
    "MNIST, ReLU, 1,000 units a layer, batch 128, rate 0.1, momentum 0.9, 50 epochs, "
    "one run, weights at the start not stated"
)
SAME_AS_THEIRS = (
    "weights drawn with deviation 0.01, else the diary's setting; 50,000 images of "
    "Fashion-MNIST"
)
THREE = f"{SAME_AS_THEIRS}, 6 seeds, a CPU"
FIFTEEN = f"{SAME_AS_THEIRS}, 3 seeds, a CPU"
SWEEP = (
    "ReLU, 256 units a layer, {weights}, batch 128, rate {rate} and then cooled, "
    "momentum 0.9, 5 epochs of 50,000 images, 3 seeds, a CPU"
)
WEAK = "weights as weak as those of deviation 0.01 in layers of 1,000"
# As in runs.depth, and written out: a rule's hash knows only what lies in evidence.
RATES = (0.001, 0.01, 0.1, 1.0, 10.0)
DEPTHS, HE_WITH = (3, 5, 6, 7, 8, 11, 15), (3, 8, 15)
SMALL = "gaussian_0.01"
EPOCHS = range(1, 51)
EARLY, LATE = range(3, 11), range(46, 51)
# Records know this line by its hash; for LOSS see TWENTIETH.
HALF_A_POINT, POINT, LOSS = 0.005, 0.01, float(np.log(1.05))
CHANCE = (0.09, 0.12)  # of ten classes
LEARNED = 0.85  # of fifteen wide layers with normalizers, in ten epochs
USABLE, SOME = 0.80, 0.50  # of narrow layers, in five
RUNS = 3  # seeds: each run is a test of "never" and of "always"
SCORE = "recomputed statistics"
Found = tuple[Word, tuple[tuple[str, str], ...]]

late_test = arm(
    "depth-three", "accuracy", split="test", statistics="recomputed", epoch=LATE
)
early_validation = late_test.but(split="validation", epoch=EARLY)
late_loss = late_test.but(measure="loss", split="validation")
WITH, WITHOUT = {"norm": "torch_batch"}, {"norm": "none"}


def curve(measure: str, norm: str, records: Records, **settings) -> pd.DataFrame:
    """Return what three layers have after each epoch, (seeds, epochs)."""
    by_epoch = [
        records.values("depth-three", measure, norm=norm, epoch=epoch, **settings)
        for epoch in EPOCHS
    ]
    return pd.DataFrame({e: v for e, v in zip(EPOCHS, by_epoch, strict=True)})


def validation_losses(norm: str, records: Records) -> pd.DataFrame:
    """Return the validation losses after each epoch, (seeds, epochs)."""
    at = {"split": "validation", "statistics": "recomputed"}
    return curve("loss", norm, records, **at)


def lowest(norm: str, records: Records) -> pd.Series:
    """Return the lowest validation loss of each seed's curve."""
    return validation_losses(norm, records).min(axis=1)


def at_training_loss(norm: str, level: float, records: Records) -> pd.Series:
    """Return the validation loss when the training loss first is as low as ``level``.

    Between two epochs on the line between their numbers; not a number where the
    training loss never is as low.
    """
    training = curve("loss", norm, records, split="train")
    validation = validation_losses(norm, records)
    seeds = training.index
    found = [_met(training.loc[s], validation.loc[s], level) for s in seeds]
    return pd.Series(found, index=seeds)


def _met(training: pd.Series, validation: pd.Series, level: float) -> float:
    low = np.flatnonzero(training.to_numpy() <= level)
    if not len(low):
        return float("nan")
    ends = slice(max(low[0] - 1, 0), low[0] + 1)
    pair = training.iloc[ends].to_numpy()[::-1], validation.iloc[ends].to_numpy()[::-1]
    return float(np.interp(level, *pair))


def _validation_loss(where: str, of) -> Effect:
    """With normalizers the validation loss is lower: ``of`` a norm's, by seed."""
    what = f"validation loss, {SCORE}, {where}: without over with"
    return Effect(of("none"), of("torch_batch"), TWENTIETH, what, unit="times")


def fifteen(records: Records, norm: str, init: str, lr: float, **settings) -> pd.Series:
    """Return test accuracies of fifteen wide layers after the last epoch, by seed."""
    asked = {"split": "test", "statistics": "recomputed", "epoch": "last"}
    asked |= {"model": "mlp_15x1000", "norm": norm, "init": init, "lr": lr} | settings
    return records.values("depth-fifteen", "accuracy", **asked)


def never_learns(records: Records) -> Found:
    """Whether fifteen plain layers stay at the chance level at every rate."""
    found = [fifteen(records, "none", SMALL, rate) for rate in RATES]
    runs = np.concatenate(found)
    he = fifteen(records, "none", "he", 0.01)
    shown = (
        (f"test accuracy of the {len(runs)} runs", _range(runs)),
        ("with He's weights, rate 0.01, one epoch", _range(he)),
    )
    if min(map(len, found)) < RUNS:
        return Word.UNDECIDED, shown
    if runs.max() > CHANCE[1]:
        return Word.NOT_REPRODUCED, shown
    return (Word.REPRODUCED if runs.min() >= CHANCE[0] else Word.UNDECIDED), shown


def learns_as_well(records: Records) -> Found:
    """Whether fifteen layers with normalizers learn, and as well as three without."""
    last = fifteen(records, "torch_batch", SMALL, 0.1)
    late = {"epoch": range(6, 11)}
    deep = fifteen(records, "torch_batch", SMALL, 0.1, **late)
    three = fifteen(records, "none", SMALL, 0.1, model="mlp_3x1000", **late)
    gap = paired(deep, three)
    shown = (("test accuracy after ten epochs", _range(last)),)
    if len(gap) < RUNS:
        return Word.UNDECIDED, shown
    interval = mean(gap, "points", level=0.90)
    shown += (("epochs 6 to 10, 15 layers with − 3 without", str(interval)),)
    if last.min() >= LEARNED:
        same = interval.within(POINT)
        return (Word.REPRODUCED if same else Word.IN_DIRECTION), shown
    stuck = last.min() <= CHANCE[1]
    return (Word.NOT_REPRODUCED if stuck else Word.UNDECIDED), shown


def narrow(records: Records, depth: int, norm: str, init: str, lr: float) -> pd.Series:
    """Return test accuracies of layers of 256 units after the last epoch, by seed."""
    asked = {"split": "test", "statistics": "recomputed", "epoch": "last"}
    asked |= {"model": f"mlp_{depth}x256", "norm": norm, "init": init, "lr": lr}
    return records.values("depth-sweep", "accuracy", **asked)


def breaks(records: Records) -> Found:
    """Whether plain networks learn up to five layers, and no more from eight on."""
    by_depth = {d: narrow(records, d, "none", SMALL, 0.1) for d in DEPTHS}
    shown = tuple((f"{d} layers", _range(found)) for d, found in by_depth.items())
    if min(map(len, by_depth.values())) < RUNS:
        return Word.UNDECIDED, shown

    def learns(*depths: int) -> bool:
        return all(by_depth[d].min() >= SOME for d in depths)

    def stuck(*depths: int) -> bool:
        return all(by_depth[d].max() <= CHANCE[1] for d in depths)

    if learns(3, 5) and stuck(8, 11, 15):
        return Word.REPRODUCED, shown
    falls = learns(3) and stuck(15)
    return (Word.IN_DIRECTION if falls else Word.NOT_REPRODUCED), shown


def with_normalizers(records: Records) -> Found:
    """Whether all depths learn with normalizers, with either kind of weights."""
    small = [narrow(records, d, "torch_batch", SMALL, 0.1) for d in DEPTHS]
    he = [narrow(records, d, "torch_batch", "he", 0.1) for d in HE_WITH]
    word = all_usable(small + he)
    return word, (
        ("small weights, all depths", _range(np.concatenate(small))),
        ("He's weights, 3, 8 and 15 layers", _range(np.concatenate(he))),
    )


def he_alone(records: Records) -> Found:
    """Whether all depths learn with He's weights alone, at a tenth of the rate."""
    found = {d: narrow(records, d, "none", "he", 0.01) for d in DEPTHS}
    word = all_usable(list(found.values()))
    return word, (
        ("all depths", _range(np.concatenate(list(found.values())))),
        ("15 layers", _range(found[15])),
    )


def all_usable(by_depth: list[pd.Series]) -> Word:
    """Judge whether every run learns well, or at least something."""
    if min(map(len, by_depth)) < RUNS:
        return Word.UNDECIDED
    worst = min(found.min() for found in by_depth)
    if worst >= USABLE:
        return Word.REPRODUCED
    return Word.IN_DIRECTION if worst > CHANCE[1] else Word.NOT_REPRODUCED


def _range(values: np.ndarray | pd.Series) -> str:
    return f"{100 * values.min():.1f}% to {100 * values.max():.1f}%"


USABLE_RULE = (
    "{which}: as claimed if the test accuracy is 80% at least in every run, in "
    f"direction if it is above 12% in every run. ({SCORE.capitalize()}; three seeds, "
    "since each run is a test of “always”.)"
)

CLAIMS = (
    Claim(
        id="D1",
        source=DIARY,
        place="line 68",
        says="Three layers without normalizers err on 1.56% of the test images.",
        setting=THEIRS,
        ours="",
        chapter=PAGE,
        reason="A number of MNIST, and we train on Fashion-MNIST; D2 compares it with "
        "that of three layers with normalizers.",
        see="D2",
    ),
    Claim(
        id="D2",
        source=DIARY,
        place="lines 100 and 106",
        says="With normalizers three layers err a little less: on 1.31% of the test "
        "images, without on 1.56%.",
        setting=THEIRS,
        ours=THREE,
        chapter=PAGE,
        experiment="depth-three",
        rule=Effect(
            late_test.but(**WITH),
            late_test.but(**WITHOUT),
            HALF_A_POINT,
            f"test accuracy, {SCORE}, epochs 46 to 50: with − without",
        ),
    ),
    Claim(
        id="D3",
        source=DIARY,
        place="line 106",
        says="With three layers no large difference is to be seen in how learning "
        "goes on.",
        setting=THEIRS,
        ours=THREE,
        chapter=PAGE,
        experiment="depth-three",
        rule=Same(
            early_validation.but(**WITH),
            early_validation.but(**WITHOUT),
            HALF_A_POINT,
            f"validation accuracy, {SCORE}, epochs 3 to 10: with − without",
        ),
    ),
    Claim(
        id="D4",
        source=DIARY,
        place="lines 130 and 136",
        says="Fifteen layers without normalizers do not learn (88.65% errors), and a "
        "larger or smaller rate does not change that.",
        setting=THEIRS,
        ours=f"{FIFTEEN}; rates 0.001 to 10, one epoch",
        chapter=PAGE,
        experiment="depth-fifteen",
        rule=Holds(
            "With weights of deviation 0.01: as claimed if the test accuracy is within "
            "9% and 12% in all 15 runs, of five rates and three seeds, and not if it "
            "is above in any; else undecided. He's weights stand beside.",
            never_learns,
            claimed="88.65% errors",
        ),
    ),
    Claim(
        id="D5",
        source=DIARY,
        place="lines 167 and 173",
        says="Fifteen layers with normalizers learn: 1.58% errors, about as many as "
        "three layers without make.",
        setting=THEIRS,
        ours=f"{FIFTEEN}; ten epochs",
        chapter=PAGE,
        experiment="depth-fifteen",
        rule=Holds(
            "As claimed if the test accuracy after ten epochs is 85% at least in every "
            "seed, and that of epochs 6 to 10 the same as of three plain layers: the "
            "90% interval lies between −1.0 and +1.0 points. In direction if only the "
            "first holds; not if a run stays at the chance level; else undecided. "
            f"({SCORE.capitalize()}; three seeds, since each run is a test of "
            "“always”.)",
            learns_as_well,
            claimed="1.58% errors",
        ),
    ),
    Claim(
        id="D8",
        source=DIARY,
        place="lines 68, 100 and 106",
        says="There may be a regularizing effect: the validation loss of three layers "
        "ends at 0.0537 with normalizers and at 0.0929 without.",
        setting=THEIRS,
        ours=THREE,
        chapter=PAGE,
        experiment="depth-three",
        rule=_validation_loss("epochs 46 to 50", lambda norm: late_loss.but(norm=norm)),
        variants={
            "lowest of the curve": _validation_loss(
                "lowest of the curve", lambda norm: partial(lowest, norm)
            ),
            "at a training loss of 0.12": _validation_loss(
                "at a training loss of 0.12",
                lambda norm: partial(at_training_loss, norm, 0.12),
            ),
        },
    ),
    Claim(
        id="depth-breaks",
        source=US,
        says="Without normalizers, from small weights, networks learn "
        "up to five layers, and from eight layers on they stay at the chance level.",
        ours=SWEEP.format(weights=WEAK, rate=0.1),
        chapter=PAGE,
        experiment="depth-sweep",
        rule=Holds(
            "As claimed if the test accuracy is 50% at least in every run of 3 and 5 "
            "layers, and 12% at most in every run of 8, 11 and 15; in direction if so "
            "in those of 3 and of 15; else not. (Three seeds, since each run is a test "
            "of “always” and “never”.)",
            breaks,
        ),
    ),
    Claim(
        id="depth-layer",
        source=US,
        says="With normalizers networks of 3 to 15 layers learn at the rate 0.1, from "
        "small weights and from He's.",
        ours=SWEEP.format(weights=f"{WEAK}, or He's", rate=0.1),
        chapter=PAGE,
        experiment="depth-sweep",
        rule=Holds(USABLE_RULE.format(which="With normalizers"), with_normalizers),
    ),
    Claim(
        id="depth-he",
        source=US,
        says="Without normalizers He's weights are enough for 3 to 15 layers, at the "
        "rate 0.01.",
        ours=SWEEP.format(weights="He's weights", rate=0.01),
        chapter=PAGE,
        experiment="depth-sweep",
        rule=Holds(USABLE_RULE.format(which="He's weights, rate 0.01"), he_alone),
    ),
)
