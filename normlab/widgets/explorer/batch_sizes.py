"""The recorded runs on batch size, packed for the explorer."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from normlab.figures.batch_size import TWO_SIZES
from normlab.runs import recordings
from normlab.runs.batch_size import ANCHOR, EPOCHS, IMAGES, SIZES, UPDATES, scaled
from normlab.runs.protocol import SOURCE_RATE

NAME = "batch-size"
BUDGETS = {"epochs": f"{EPOCHS} epochs", "updates": f"{UPDATES:,} updates"}
# What the widget shows -> (split, statistics, measure) of the recorded table.
MEASURES = {
    "accuracy": ("test", "running", "accuracy"),
    "own": ("test", "batch", "accuracy"),
    "loss": ("train", "batch", "loss"),
    "variance": ("train", "", "gradient_variance"),
    "square": ("train", "", "gradient_square"),
}
# View -> line -> (what the reader calls it, the name of its colour). In "ghost" a line
# says which of the two batch sizes varies.
LINES = {
    "normalizers": {
        "none": ("none", "none"),
        "torch_batch": ("batch norm", "batch"),
        "torch_group": ("group norm", "group"),
    },
    "ghost": {line: (line, color) for line, color in TWO_SIZES.items()},
}
GHOST_PART = 16  # images that share statistics where only the gradient's batch varies
CHANCE = 0.15  # a test accuracy below it is no better than guessing one of ten
LEARNED, AT_CHANCE, DIVERGED = range(3)
POINTS = 50  # the most numbers of a shown loss curve
CONFIG = ["norm", "batch_size", "lr"]
Key = tuple[str, int, float]  # what these are


def updates_of(budget: str, batch_size: int) -> int:
    """Return how many updates a budget is."""
    return EPOCHS * -(-IMAGES // batch_size) if budget == "epochs" else UPDATES


def runs_behind(view: str, rule: str, line: str, size: int) -> Key | None:
    """Return the runs behind one point of a line; None where none were planned."""
    if view == "normalizers":
        return line, size, scaled(size) if rule == "scaled" else SOURCE_RATE
    if line == "both":
        return "torch_batch", size, scaled(size)
    if line == "statistics":
        norm = "torch_batch" if size == ANCHOR else f"ghost_{size}"
        return (norm, ANCHOR, scaled(ANCHOR)) if size in (2, 4, 16, 64, 256) else None
    norm = "torch_batch" if size == GHOST_PART else f"ghost_{GHOST_PART}"
    return (norm, size, scaled(size)) if size in (16, 64, 256, 1024) else None


def scores(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row a run and budget, with a column a measure; missing: NaN.

    Args:
        table: of ``normlab.runs.load``.
    """
    ends = table[table["budget"].isin(BUDGETS)]
    rows, kinds = [*CONFIG, "seed", "budget"], ["split", "statistics", "measure"]
    wide = ends.pivot_table(index=rows, columns=kinds, values="value")
    # A run that diverged early has no scores.
    runs = table[[*CONFIG, "seed"]].drop_duplicates()
    every = runs.merge(pd.DataFrame({"budget": list(BUDGETS)}), how="cross")
    wide = wide.reindex(pd.MultiIndex.from_frame(every)).sort_index()
    return pd.DataFrame({name: wide.get(which) for name, which in MEASURES.items()})


def states(rows: pd.DataFrame) -> np.ndarray:
    """Say of each row of ``scores``: learned, no better than chance, or diverged."""
    guesses = rows[["accuracy", "own"]].max(axis=1) < CHANCE
    return np.select([~np.isfinite(rows["loss"]), guesses], [DIVERGED, AT_CHANCE])


def packed(table: pd.DataFrame) -> dict[str, Any]:
    """Return the recorded runs as the module reads them.

    Args:
        table: of ``normlab.runs.load``.
    """
    seeds = sorted(int(seed) for seed in table["seed"].unique())
    curves, runs = _curves(), {}
    for key, rows in scores(table).groupby(level=CONFIG):
        batch_size = int(key[1])
        runs[key_name(key)] = {
            "batch": batch_size,
            "rate": float(key[2]),
            "updates": {b: updates_of(b, batch_size) for b in BUDGETS},
            "values": {b: _values(rows.xs(b, level="budget")) for b in BUDGETS},
            "curves": curves[key_name(key)],
        }
    lines = _lines(runs)
    shown = {name for names in lines.values() for name in names}
    counts = range(2, len(seeds) + 1)
    return {
        "sizes": list(SIZES),
        "seeds": seeds,
        # of the 95% interval of a mean of n, in standard deviations: n -> reach
        "reach": {n: round(stats.t.ppf(0.975, n - 1) / n**0.5, 6) for n in counts},
        "runs": {name: run for name, run in runs.items() if name in shown},
        "lines": lines,
    }


def key_name(key: Key) -> str:
    """Return a key as text."""
    norm, batch_size, rate = key
    return f"{norm}/{batch_size}/{rate:g}"


def _lines(known: dict) -> dict[str, list[str | None]]:
    """Return the name of the runs at each size: "view/rule/line" -> names."""
    rules = {"normalizers": ("scaled", "fixed"), "ghost": ("scaled",)}
    kinds = [
        (view, rule, line)
        for view, names in LINES.items()
        for rule in rules[view]
        for line in names
    ]
    lines = {}
    for kind in kinds:
        keys = [runs_behind(*kind, size) for size in SIZES]
        names = [key_name(key) if key else None for key in keys]
        lines["/".join(kind)] = [name if name in known else None for name in names]
    return lines


def _values(rows: pd.DataFrame) -> dict[str, list]:
    """Return a list over seeds of every measure, short, and of how the run ended."""
    found = {name: [_short(v) for v in rows[name]] for name in MEASURES}
    return found | {"state": states(rows).tolist()}


def _short(value: float) -> float | None:
    return float(f"{value:.5g}") if np.isfinite(value) else None


def _curves() -> dict[str, dict[str, dict]]:
    """Return for each kind of run and budget the loss curve and its band."""
    losses: dict[Key, list] = {}
    for run, arrays in recordings(NAME):
        pair = arrays["loss/steps"], arrays["loss/mean"].astype(float)
        losses.setdefault((run.norm, run.batch_size, run.lr), []).append(pair)
    return {
        key_name(key): {b: band(found, updates_of(b, key[1])) for b in BUDGETS}
        for key, found in losses.items()
    }


def band(curves: list[tuple[np.ndarray, np.ndarray]], steps: int) -> dict[str, Any]:
    """Average curves over blocks of equal length, then over seeds.

    Args:
        curves: (steps from 0, losses in nats) of each seed; one that diverged is as
            long as it lived, or not finite from there.
        steps: where the curve ends.

    Returns:
        ``by``, the updates in a block, the first of which begins at 0; lists
        ``mean``, ``low`` and ``high`` over the seeds, in thousandths of a nat.
    """
    at = max((s for s, _ in curves), key=len)
    by = float(at[1] - at[0])  # updates that a recorded number is the mean of
    count = max(int(steps // by), 1)
    group = -(-count // POINTS)
    edges = by * group * np.arange(count // group + 1)
    binned = np.array([_binned(s + 0.5, y, edges) for s, y in curves])
    alive = binned[:, np.isfinite(binned).any(0)]  # (seeds, T)
    kinds = {"mean": np.nanmean, "low": np.nanmin, "high": np.nanmax}
    shown = {kind: _thousandths(of(alive, axis=0)) for kind, of in kinds.items()}
    return {"by": by * group} | shown


def _thousandths(values: np.ndarray) -> list[int]:
    return np.round(1000 * values).astype(int).tolist()


def _binned(at: np.ndarray, values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the mean of the values in each bin; NaN where there are none."""
    bins = np.digitize(at, edges) - 1
    inside = (bins >= 0) & (bins < len(edges) - 1)
    count = np.bincount(bins[inside], minlength=len(edges) - 1)
    total = np.bincount(bins[inside], values[inside], minlength=len(edges) - 1)
    with np.errstate(invalid="ignore"):
        return total / count
