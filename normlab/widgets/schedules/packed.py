"""The recorded runs on schedules, packed for the widget."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from normlab.evidence.claims.schedules import early_accuracy, reached, settings
from normlab.evidence.records import Records
from normlab.runs import EXPERIMENTS, Run, recordings
from normlab.runs.faces import SEVEN
from normlab.runs.registry import MODELS, SCHEDULES
from normlab.runs.schedules import ARMS, ENDS, PLAIN, UPDATES, trained, tuned

NAMES = ("schedules", "schedules-others", "schedules-switches")
LOOKS = ("few", "whole")  # the first 2,000 validation images often, all of them seldom
PRINTED, TUNED = "printed", "tuned"  # the rates
Arrays = list[dict[str, np.ndarray]]  # of each seed


def key_of(run: Run, rates: str) -> str:
    """Return what a reader switches, and the schedule: "7/torch_batch/false/tuned/..."

    Convolutions, normalizer, dropout, rates, schedule.
    """
    options = MODELS[run.model].keywords
    convolutions = 7 if options.get("widths") == SEVEN else 8
    dropout = str("dropout" in options).lower()  # as the module has it
    return f"{convolutions}/{run.norm}/{dropout}/{rates}/{run.schedule}"


def planned() -> dict[str, Run]:
    """Return what is recorded, by its key: a run of seed 0."""
    switched = EXPERIMENTS["schedules-switches"].variants
    printed = [*(trained(*arm) for arm in ARMS), *switched]
    best = [tuned(*arm) for arm in ARMS]
    return {
        key_of(run, rates): run
        for rates, runs in ((PRINTED, printed), (TUNED, best))
        for run in map(_of_seed_0, runs)
    }


def packed() -> dict[str, Any]:
    """Return what the module reads: curves, levels, rates, and where each run ended.

    Raises:
        ResultsError: nothing is recorded; the message says how to record it.
    """
    found, names = _recorded()
    records = Records()  # as they are now
    plain = {PRINTED: trained(*PLAIN), TUNED: tuned(*PLAIN)}
    levels = {rates: _level(found[_of_seed_0(run)]) for rates, run in plain.items()}
    first = found[_of_seed_0(plain[PRINTED])][0]
    return {
        "steps": {look: first[f"{look}/steps"].tolist() for look in LOOKS},
        "plain": {rates: key_of(run, rates) for rates, run in plain.items()},
        "levels": {rates: _percent(level) for rates, level in levels.items()},
        "falls": {schedule: list(_falls(schedule)) for schedule in ENDS},
        "runs": {
            key: _run(run, levels[key.split("/")[3]], found[run], records, names[run])
            for key, run in planned().items()
        },
    }


def _of_seed_0(run: Run) -> Run:
    return replace(run, seed=0)


def _recorded() -> tuple[dict[Run, Arrays], dict[Run, str]]:
    """Return the arrays of each run's seeds, and the experiment that has them."""
    found: dict[Run, Arrays] = defaultdict(list)
    names = {}
    for name in NAMES:
        for run, arrays in recordings(name):
            found[_of_seed_0(run)].append(arrays)
            names[_of_seed_0(run)] = name
    return found, names


def _level(curves: Arrays) -> float:
    pairs = ((c["few/steps"], c["few/accuracy"]) for c in curves)
    return early_accuracy(dict(enumerate(pairs)))


def _run(
    run: Run, level: float, curves: Arrays, records: Records, name: str
) -> dict[str, Any]:
    """Return curves over the seeds, and the numbers of the table."""
    updates = [reached(c["few/steps"], c["few/accuracy"], level) for c in curves]
    about = {"split": "test", "statistics": "recomputed", "step": ENDS[run.schedule]}
    tests = records.values(name, "accuracy", **about, **settings(run))
    shown = {look: _over_seeds(c[f"{look}/accuracy"] for c in curves) for look in LOOKS}
    return shown | {
        "rate": run.lr,
        "seeds": len(curves),
        "reached": round(float(np.exp(np.mean(np.log(updates)))), 1),  # as in the card
        "test": _percent(tests.mean()),
        "range": [_percent(tests.min()), _percent(tests.max())],
    }


def _over_seeds(curves: Iterable[np.ndarray]) -> dict[str, list[float]]:
    stacked = np.stack(list(curves)).astype(float)  # (seeds, T)
    kinds = {"mean": np.mean, "low": np.min, "high": np.max}
    return {
        kind: [_percent(value) for value in of(stacked, axis=0)]
        for kind, of in kinds.items()
    }


def _percent(share: float) -> float:
    return round(100 * float(share), 3)


def _falls(schedule: str) -> Iterator[tuple[int, float]]:
    """Yield after which updates the rate changes, and to which share of the first."""
    rate, before = SCHEDULES[schedule](1.0, UPDATES), None
    for step in range(UPDATES):
        if (now := rate(step)) != before:
            yield step, float(f"{now:.6g}")
            before = now
