"""``results/``: one tidy table an experiment, and beside it where it comes from.

``NAME.csv`` has a row a number (key, split, measure, epoch, step, value);
``NAME.json`` maps each key to its configuration and provenance, and is the
authority: rows of unknown keys do not count. ``NAME.npz``, where there is one, has
the recordings too large for a table, as ``key/array``. While an experiment runs,
each finished run is a file or two in ``NAME.parts/``; they are merged when it ends,
or when it is next run. Runs on a GPU are kept apart, as ``NAME.cuda``.
"""

import io
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from normlab.runs.config import Outcome, Run

COLUMNS = ["key", "split", "measure", "epoch", "step", "value"]


class ResultsError(RuntimeError):
    """Recorded results are missing or damaged; the message says which command helps."""


def folder() -> Path:
    """Return ``$NORMLAB_RESULTS``, or the checkout's ``results/``, or the wheel's."""
    named = os.environ.get("NORMLAB_RESULTS")
    if named:
        return Path(named)
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / "results"
    return checkout if checkout.is_dir() else package / "_results"


def table_name(experiment: str, device: str) -> str:
    """Return the file stem: a GPU's records never mix with a CPU's."""
    kind = device.split(":")[0]
    return experiment if kind == "cpu" else f"{experiment}.{kind}"


def save(name: str, run: Run, outcome: Outcome, provenance: dict) -> None:
    """Write one finished run, whole or not at all."""
    parts = folder() / f"{name}.parts"
    parts.mkdir(parents=True, exist_ok=True)
    arrays = parts / f"{run.key}.npz"
    if outcome.arrays:  # before the file that says the run is finished
        _write_arrays(arrays, outcome.arrays)
    else:
        arrays.unlink(missing_ok=True)  # of the same run, stopped earlier
    content = {"config": asdict(run), "provenance": provenance, "rows": outcome.rows}
    write_atomically(parts / f"{run.key}.json", json.dumps(content))


def merge(name: str) -> None:
    """Move finished runs from ``NAME.parts/`` into the table."""
    parts = folder() / f"{name}.parts"
    command = f"run `python -m normlab.runs run {name.split('.')[0]}` again"
    new = {
        f.stem: _read_json(f, f"Delete it and {command}")
        for f in sorted(parts.glob("*.json"))
    }
    if new:
        known = records(name)
        old = _table(name) if known else pd.DataFrame(columns=COLUMNS)
        old = old[old["key"].isin(known.keys() - new.keys())]
        rows = [{"key": key, **row} for key, n in new.items() for row in n["rows"]]
        frames = [f for f in (old, pd.DataFrame(rows, columns=COLUMNS)) if len(f)]
        known |= {
            k: {p: n[p] for p in ("config", "provenance")} for k, n in new.items()
        }
        table = pd.concat(frames).to_csv(index=False, float_format="%.9g")
        _merge_arrays(name, set(known) - set(new), set(new), command)
        write_atomically(folder() / f"{name}.csv", table)
        write_atomically(folder() / f"{name}.json", json.dumps(known, indent=1) + "\n")
    shutil.rmtree(parts, ignore_errors=True)


def records(name: str) -> dict[str, dict]:
    """Map the key of every merged run to its configuration and provenance."""
    path = folder() / f"{name}.json"
    if not path.exists():
        return {}
    return _read_json(path, _remedy(name))


def finished(name: str) -> set[str]:
    """Return the keys of all finished runs, merged or not."""
    parts = folder() / f"{name}.parts"
    return set(records(name)) | {f.stem for f in parts.glob("*.json")}


def load(experiment: str, device: str = "cpu") -> pd.DataFrame:
    """Return the recorded numbers, a row each, with the configuration's columns.

    Raises:
        ResultsError: nothing is recorded; the message says how to record it.
    """
    name = table_name(experiment, device)
    known = records(name)
    if not known:
        raise ResultsError(
            f"no recorded runs of {name!r} in {folder()}. Record them with "
            f"`python -m normlab.runs run {experiment} --device {device}`"
        )
    table = _table(name)
    configs = pd.DataFrame(
        [{"key": k, **asdict(Run(**r["config"]))} for k, r in known.items()]
    )
    return table.merge(configs, on="key", how="inner", validate="many_to_one")


def recordings(
    experiment: str, device: str = "cpu"
) -> list[tuple[Run, dict[str, np.ndarray]]]:
    """Return (configuration, arrays by name) of every run that kept recordings.

    Raises:
        ResultsError: nothing is recorded; the message says how to record it.
    """
    name = table_name(experiment, device)
    known, arrays = records(name), _arrays(name)
    if not arrays:
        raise ResultsError(
            f"no recordings of {name!r} in {folder()}. Record them with "
            f"`python -m normlab.runs run {experiment} --device {device}`"
        )
    of_run: dict[str, dict] = {}
    for path, values in arrays.items():
        key, array = path.split("/", 1)
        of_run.setdefault(key, {})[array] = values
    return [
        (Run(**known[key]["config"]), of_run[key]) for key in known if key in of_run
    ]


def source(experiment: str, device: str = "cpu") -> str:
    """Return one line for a page: command, seeds, device, commit, date."""
    known = records(table_name(experiment, device)).values()
    if not known:
        return f"pending: python -m normlab.runs run {experiment} --device {device}"
    seeds = len({r["config"]["seed"] for r in known})

    def all_of(what: str) -> str:
        return ", ".join(sorted({str(r["provenance"][what])[:40] for r in known}))

    option = "" if device == "cpu" else f" --device {device}"
    day = max(r["provenance"]["finished"] for r in known)[:10]
    return (
        f"python -m normlab.runs run {experiment}{option} · "
        f"{_count(len(known), 'run')}, {_count(seeds, 'seed')} · "
        f"{all_of('device')} · torch {all_of('torch')} · "
        f"commit {all_of('commit')} · {day}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def benchmark(device: str = "cpu") -> dict:
    """Return the ratios that ``make benchmark`` recorded on a device.

    Raises:
        ResultsError: none are recorded; the message says how to record them.
    """
    file = "latest.json" if device == "cpu" else f"{device}.json"
    places = (folder().parent / "benchmarks" / "results", folder() / "benchmarks")
    path = next((p / file for p in places if (p / file).exists()), None)
    if path is None:
        raise ResultsError(
            f"no benchmark is recorded on {device}. Record it with "
            f"`python -m benchmarks --device {device}`"
        )
    return json.loads(path.read_text())


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write to a neighbour, then rename: readers see the old file or the new one."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(scratch, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def rows_of(measures: Iterable[tuple], split: str) -> list[dict]:
    """Turn (measure, epoch, step, value) tuples into rows of the table."""
    return [
        {"split": split, "measure": m, "epoch": e, "step": s, "value": v}
        for m, e, s, v in measures
    ]


def _arrays(name: str) -> dict[str, np.ndarray]:
    path = folder() / f"{name}.npz"
    return _read_arrays(path, _remedy(name)) if path.exists() else {}


def _read_arrays(path: Path, remedy: str) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except Exception as error:  # what it is depends on the damaged byte
        raise ResultsError(f"{path} is damaged ({error}). {remedy}") from error


def _write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write_atomically(path, content.getvalue())


def _merge_arrays(name: str, kept: set[str], new: set[str], command: str) -> None:
    path, parts = folder() / f"{name}.npz", folder() / f"{name}.parts"
    merged = {p: a for p, a in _arrays(name).items() if p.split("/")[0] in kept}
    for file in sorted(parts.glob("*.npz")):
        if file.stem in new:  # else its run was stopped between its two files
            pair = f"Delete it and {file.stem}.json, and {command}"
            arrays = _read_arrays(file, pair)
            merged |= {f"{file.stem}/{n}": a for n, a in arrays.items()}
    if merged:
        _write_arrays(path, merged)
    else:
        path.unlink(missing_ok=True)  # its runs were recorded again, without arrays


def _table(name: str) -> pd.DataFrame:
    path = folder() / f"{name}.csv"
    try:
        table = pd.read_csv(path, dtype={"key": str})
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path} is damaged ({error}). {_remedy(name)}") from error
    lost = len(records(name).keys() - set(table.get("key", ())))
    if list(table.columns) != COLUMNS or lost:
        raise ResultsError(f"{path} lacks {lost} recorded runs. {_remedy(name)}")
    return table


def _read_json(path: Path, remedy: str) -> dict[str, dict]:
    try:
        content = json.loads(path.read_text())
        if not isinstance(content, dict):
            raise ValueError(f"a {type(content).__name__}, not an object")
    except ValueError as error:
        raise ResultsError(f"{path} is damaged ({error}). {remedy}") from error
    return content


def _remedy(name: str) -> str:
    return (
        f"Restore {name}.* from git, or delete these files and run "
        f"`python -m normlab.runs run {name.split('.')[0]}` again"
    )
