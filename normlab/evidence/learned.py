"""Gamma and beta as they were recorded, and rules about them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from normlab.evidence.intervals import UNITS, Interval, further_run, mean
from normlab.evidence.records import Records
from normlab.evidence.rules import FEW, FEWEST, LEVEL
from normlab.evidence.words import Word

Found = tuple[Word, tuple[tuple[str, str], ...]]

LAYERS = range(4)
# (field of the run, content) pairs: LeNet without weight decay, gamma 1 at the start
PLAIN = (("norm", "torch_batch"), ("weight_decay", 0.0), ("init", "xavier"))
# Of the first normalizer, as the source prints them after its training.
PRINTED = {
    "gamma": (0.7562, 1.2784, 2.3527, 1.3189, 2.0457, 2.8424),
    "beta": (0.7436, -0.8156, -0.2711, -0.5087, 0.5847, -3.0033),
}
MUCH = 2.0  # "much more": at least twice


def last_mean(values: np.ndarray) -> float:
    """Return the mean over channels at the end of (T, C)."""
    return float(values[-1].mean())


def last_spread(values: np.ndarray) -> float:
    """Return the standard deviation over channels at the end of (T, C)."""
    return float(values[-1].std())


def lowest(values: np.ndarray) -> float:
    """Return the lowest value of any channel at any step of (T, C)."""
    return float(values.min())


def share_below_zero(values: np.ndarray) -> float:
    """Return the share of channels that end below zero, of (T, C)."""
    return float((values[-1] < 0).mean())


@dataclass(frozen=True)
class Learned:
    """A summary of one layer's gamma or beta, by seed.

    Args:
        what: "gamma" or "beta".
        layer: its number, from 0.
        summary: of (T, C), recorded steps and channels.
        settings: of the runs.
    """

    what: str
    layer: int
    summary: Callable[[np.ndarray], float] = last_mean
    settings: tuple[tuple[str, object], ...] = PLAIN

    def __call__(self, records: Records) -> pd.Series:
        """Return it by seed."""
        found = arrays_of(records, self.what, self.layer, self.settings)
        return pd.Series({s: self.summary(a) for s, a in found.items()}, dtype=float)


@dataclass(frozen=True)
class Half:
    """One half for each seed of another column: what chance alone would give."""

    column: Learned

    def __call__(self, records: Records) -> pd.Series:
        """Return it by seed."""
        return 0 * self.column(records) + 0.5


def arrays_of(
    records: Records, what: str, layer: int, settings: tuple = PLAIN
) -> dict[int, np.ndarray]:
    """Return gamma or beta of a layer by seed, (T, C) each."""
    name = f"GammaAndBeta/{what}/{layer}"
    found = records.arrays("inside", name, **dict(settings))
    return {seed: arrays[name] for seed, arrays in found.items()}


def ranges_for_all(ours: np.ndarray) -> list[Interval]:
    """Return where the sorted values of one further run would *all* fall, by place.

    With a probability of 95% at least (Bonferroni's bound): each place has its share.

    Args:
        ours: each run's values, sorted (runs, C).
    """
    places = ours.shape[1]
    return [further_run(place, level=1 - LEVEL / places) for place in ours.T]


def printed_places(what: str, records: Records) -> Found:
    """Hold the printed values, sorted, against ours, sorted: channels have no order."""
    printed = np.sort(PRINTED[what])
    arrays = arrays_of(records, what, 0).values()
    ours = np.sort([values[-1] for values in arrays])
    if len(ours) < FEWEST:
        return Word.UNDECIDED, (("trainings", FEW),)
    ranges = ranges_for_all(ours)
    outside = [
        place
        for place, (run, number) in enumerate(zip(ranges, printed, strict=True), 1)
        if run.excludes(number)
    ]
    show = UNITS[""].show
    numbers = [(f"of {len(printed)} inside", str(len(printed) - len(outside)))]
    numbers += [
        (f"place {p}: {show(printed[p - 1])}, a further run", ranges[p - 1].text())
        for p in outside
    ]
    halves = [_half_over_middle(run) for run in ranges]
    vaguest = int(np.argmax(halves))
    numbers += [
        (f"least precise, place {vaguest + 1}, a further run", ranges[vaguest].text()),
        ("half of that range, over its middle", f"{halves[vaguest]:.2f}"),
    ]
    if outside:
        return Word.NOT_REPRODUCED, tuple(numbers)
    vague = halves[vaguest] > 1
    return (Word.UNDECIDED if vague else Word.REPRODUCED), tuple(numbers)


def _half_over_middle(run: Interval) -> float:
    return (run.high - run.estimate) / max(abs(run.estimate), 1e-12)


def layers_apart(what: str, records: Records) -> Found:
    """Compare how the layers' means differ with how much one varies between seeds."""
    means = _means(what, records)
    if means.shape[1] < FEWEST:
        return Word.UNDECIDED, (("trainings", FEW),)
    between = means.mean(1).std(ddof=1)
    within = means.std(1, ddof=1).max()
    return _word(between, within), (
        *_layer_numbers(what, means),
        ("standard deviation between layers", f"{between:.3f}"),
        ("largest between trainings", f"{within:.3f}"),
    )


def closest_apart(what: str, records: Records) -> Found:
    """Ask the same of the two layers that are least apart."""
    means = _means(what, records)
    if means.shape[1] < FEWEST:
        return Word.UNDECIDED, (("trainings", FEW),)
    middles, spreads = means.mean(1), means.std(1, ddof=1)
    pairs = [
        (abs(middles[i] - middles[j]), max(spreads[i], spreads[j]))
        for i in LAYERS
        for j in range(i)
    ]
    between, within = min(pairs, key=lambda pair: pair[0] / max(pair[1], 1e-12))
    return _word(between, within), (
        ("apart", f"{between:.3f}"),
        ("standard deviation between trainings", f"{within:.3f}"),
    )


def means_above_one(records: Records) -> Found:
    """Whether the mean gamma ends above 1 in every layer and seed."""
    means = _means("gamma", records)
    if means.shape[1] < FEWEST:
        return Word.UNDECIDED, (("trainings", FEW),)
    if (means > 1).all():
        word = Word.REPRODUCED
    else:
        never = (means <= 1).all(axis=1).any()
        word = Word.NOT_REPRODUCED if never else Word.UNDECIDED
    ends = np.concatenate(
        [
            values[-1]
            for k in LAYERS
            for values in arrays_of(records, "gamma", k).values()
        ]
    )
    return word, (
        ("lowest mean of a layer", f"{means.min():.3f}"),
        ("channels above 1", f"{(ends > 1).sum()} of {ends.size}"),
    )


def stays_positive(records: Records) -> Found:
    """Whether no gamma is ever 0 or below, at any recorded step of any seed."""
    by_layer = [Learned("gamma", layer, lowest)(records) for layer in LAYERS]
    if len(by_layer[0]) < FEWEST:
        return Word.UNDECIDED, (("trainings", FEW),)
    least = min(values.min() for values in by_layer)
    word = Word.REPRODUCED if least > 0 else Word.NOT_REPRODUCED
    return word, (("lowest gamma of any channel and step", f"{least:.3f}"),)


def below_zero_last(records: Records) -> Found:
    """Whether at least 95 of 100 betas of the last layer end below 0 in each seed."""
    shares = Learned("beta", LAYERS[-1], share_below_zero)(records)
    if len(shares) < FEWEST:
        return Word.UNDECIDED, (("trainings", FEW),)
    numbers = (
        ("below 0, over all trainings", f"{100 * shares.mean():.1f}%"),
        ("in the training with fewest", f"{100 * shares.min():.1f}%"),
    )
    if (shares >= 0.95).all():
        return Word.REPRODUCED, numbers
    most = (shares > 0.5).all()
    return (Word.IN_DIRECTION if most else Word.NOT_REPRODUCED), numbers


def never_starts(column: Callable[[Records], pd.Series], records: Records) -> Found:
    """Whether the accuracy is that of guessing, 9 to 12%, in every seed."""
    accuracy = column(records)
    if len(accuracy) < FEWEST:
        return Word.UNDECIDED, (("trainings", FEW),)
    stuck = accuracy.between(0.09, 0.12)
    numbers = (
        ("at 9 to 12%", f"{stuck.sum()} of {len(stuck)} trainings"),
        ("highest test accuracy, evaluation mode", f"{100 * accuracy.max():.1f}%"),
    )
    return (Word.REPRODUCED if stuck.all() else Word.NOT_REPRODUCED), numbers


def _means(what: str, records: Records) -> np.ndarray:
    """Return the layers' means at the end (layers, seeds)."""
    return np.array([Learned(what, layer)(records) for layer in LAYERS])


def _word(between: float, within: float) -> Word:
    if between >= MUCH * within:
        return Word.REPRODUCED
    return Word.NOT_REPRODUCED if between <= within else Word.UNDECIDED


def _layer_numbers(what: str, means: np.ndarray) -> list[tuple[str, str]]:
    return [
        (f"mean {what}, layer {number}", mean(values).text())
        for number, values in enumerate(means, start=1)
    ]
