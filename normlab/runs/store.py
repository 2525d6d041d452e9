"""``results/``: one tidy table an experiment, and beside it where it comes from.

``NAME.csv`` has a row a number; ``table`` has its columns, and what each means.
``NAME.json`` maps each key to its configuration and provenance and says how many rows
and arrays the run has. It is the authority: rows of unknown keys do not count, a run
with too few or too many is damage. ``NAME.npz``, where there is one, has the
recordings too large for a table, as ``key/array``. While an experiment runs, each
finished run is a file or two in ``NAME.parts/``; they are merged when it ends, or when
it is next run. Runs on a GPU are kept apart, as ``NAME.cuda``.
"""

import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from normlab.runs import locks, table
from normlab.runs.config import Outcome, Run
from normlab.runs.damage import (
    check_arrays,
    check_part,
    check_records,
    check_table,
)

RULES = "rules.json"
QUICK = "quick"  # the name of the folder of rehearsals, which no page may read


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


def quick_folder() -> Path:
    """Return where rehearsals go: beside ``results/``, into what git ignores."""
    return folder().parent / "_build" / QUICK


def table_name(experiment: str, device: str) -> str:
    """Return the file stem: a GPU's records never mix with a CPU's."""
    kind = device.split(":")[0]
    return experiment if kind == "cpu" else f"{experiment}.{kind}"


def save(name: str, run: Run, outcome: Outcome, provenance: dict) -> None:
    """Write one finished run, whole or not at all.

    Raises:
        ValueError: it is no whole run, or has a row that is none of a table; then no
            merge could read it.
    """
    content = {
        "config": asdict(run),
        "provenance": provenance,
        "rows": outcome.rows,
        "arrays": len(outcome.arrays),
    }
    check_part(run.key, content)
    parts = _parts(name)
    with _locked(name):
        parts.mkdir(parents=True, exist_ok=True)
        arrays = parts / f"{run.key}.npz"
        if outcome.arrays:  # before the file that says the run is finished
            _write_arrays(arrays, outcome.arrays)
        else:
            arrays.unlink(missing_ok=True)  # of the same run, stopped earlier
        write_atomically(parts / f"{run.key}.json", json.dumps(content))


def merge(name: str) -> None:
    """Move finished runs from ``NAME.parts/`` into the table.

    Runs that other processes finish meanwhile wait for the next merge.
    """
    parts = _parts(name)
    if not parts.is_dir():
        return
    with _locked(name):
        # Another process may have merged them while this one waited.
        there = sorted(parts.iterdir()) if parts.is_dir() else []
        new = {f.stem: _read_part(name, f) for f in there if f.suffix == ".json"}
        if new:
            _join(name, new)
        for file in there:  # merged, or left by a run that was stopped
            file.unlink(missing_ok=True)
        with suppress(OSError):  # not empty
            parts.rmdir()


def check(name: str) -> None:
    """Read all that is recorded, parts included.

    Raises:
        ResultsError: something is damaged; the message says how to mend it.
    """
    merge(name)
    known = records(name)
    if known:
        _table(name, known)
        _arrays(name, known)


def check_writable(name: str) -> None:
    """Write an empty file wherever a run of this name will leave one.

    Raises:
        ResultsError: that is not possible; the message names the folder.
    """
    parts = _parts(name)
    try:
        with _locked(name):
            parts.mkdir(exist_ok=True)
            for place in (folder(), parts):
                trial = place / f".{name}.try"
                write_atomically(trial, "")
                trial.unlink()
            with suppress(OSError):  # not empty
                parts.rmdir()
    except OSError as error:
        raise ResultsError(
            f"cannot write into {folder()} ({error}). Make it writable, or set "
            "NORMLAB_RESULTS to another folder"
        ) from error


def claims(name: str) -> AbstractContextManager[Callable[[str], bool]]:
    """Return a context that yields ``take(key)``: False if another process has it."""
    return locks.claims(folder() / f".{name}.claims", _lock(name))


def records(name: str) -> dict[str, dict]:
    """Map the key of every merged run to its configuration, provenance and counts.

    Raises:
        ResultsError: the file is damaged; the message says how to mend it.
    """
    path = folder() / f"{name}.json"
    numbers = path.with_name(f"{name}.csv")
    # With parts beside it, its first merge was stopped, or goes on at this moment.
    alone = numbers.exists() and not _parts(name).is_dir()
    if path.exists():
        return _read_json(path, check_records, _remedy(name))
    if alone:
        raise ResultsError(f"{path} is missing beside {numbers.name}. {_remedy(name)}")
    return {}


def finished(name: str) -> set[str]:
    """Return the keys of all finished runs, merged or not."""
    # Parts first: a merge may move them into the records at this moment.
    waiting = {f.stem for f in _parts(name).glob("*.json")}
    return waiting | set(records(name))


def rules(experiment: str) -> dict[str, str]:
    """Return hashes of the rules by which its records will be judged, by claim.

    They stand in ``rules.json``, which ``python -m normlab.evidence`` writes. A record
    keeps those that stood there when it was made.

    Raises:
        ResultsError: the file is damaged; the message says how to mend it.
    """
    path = folder() / RULES
    if not path.exists():
        return {}
    remedy = "Run `python -m normlab.evidence`, which writes it anew"
    return _read_json(path, _object, remedy).get(experiment, {})


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
    found = _table(name, known)
    configs = pd.DataFrame(
        [{"key": k, **asdict(Run(**r["config"]))} for k, r in known.items()]
    )
    return found.merge(configs, on="key", how="inner", validate="many_to_one")


def recordings(
    experiment: str, device: str = "cpu"
) -> list[tuple[Run, dict[str, np.ndarray]]]:
    """Return (configuration, arrays by name) of every run that kept recordings.

    Raises:
        ResultsError: nothing is recorded; the message says how to record it.
    """
    name = table_name(experiment, device)
    known = records(name)
    arrays = _arrays(name, known)
    if not arrays:
        raise ResultsError(
            f"no recordings of {name!r} in {folder()}. Record them with "
            f"`python -m normlab.runs run {experiment} --device {device}`"
        )
    of_run: dict[str, dict] = {}
    for path, values in arrays.items():
        key, _, array = path.partition("/")
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

    day = max(r["provenance"]["finished"] for r in known)[:10]
    return (
        f"python -m normlab.runs run {experiment}{_option(device)} · "
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
    command = f"`python -m benchmarks --device {device}`"
    remedy = f"Restore it from git, or delete it and run {command} again"
    return _read_json(path, _object, remedy)


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


def _parts(name: str) -> Path:
    return folder() / f"{name}.parts"


def _lock(name: str) -> Path:
    return folder() / f".{name}.lock"


@contextmanager
def _locked(name: str) -> Iterator[None]:
    folder().mkdir(parents=True, exist_ok=True)
    with locks.locked(_lock(name)):
        yield


def _read_part(name: str, path: Path) -> dict:
    """Read one finished run, its arrays included, as "found"."""
    arrays = path.with_suffix(".npz")
    remedy = f"Delete {path.name} and {arrays.name}, and run {_command(name)} again"
    key = path.stem
    part = _read_json(path, lambda content: check_part(key, content), remedy)
    found = _read_arrays(arrays, remedy) if arrays.exists() else {}
    if len(found) != part.get("arrays", len(found)):
        raise ResultsError(
            f"{arrays} is damaged ({len(found)} arrays, not {part['arrays']}). {remedy}"
        )
    return part | {"found": found}


def _join(name: str, new: dict[str, dict]) -> None:
    """Write the table, the recordings and the records anew, with these runs in them."""
    kept = {key: record for key, record in records(name).items() if key not in new}
    rows = [{"key": key, **row} for key, part in new.items() for row in part["rows"]]
    tables = [table.table_of(rows)]
    arrays = {}
    if kept:
        old = _table(name, kept)
        tables.insert(0, old[old["key"].isin(kept)])
        arrays = _arrays(name, kept)
        arrays = {p: a for p, a in arrays.items() if p.partition("/")[0] in kept}
    for key, part in sorted(new.items()):
        arrays |= {f"{key}/{array}": a for array, a in part["found"].items()}
    known = kept | {key: _record_of(part) for key, part in new.items()}
    if arrays:
        _write_arrays(folder() / f"{name}.npz", arrays)
    content = table.text_of(table.joined(tables))
    write_atomically(folder() / f"{name}.csv", content)
    write_atomically(folder() / f"{name}.json", json.dumps(known, indent=1) + "\n")
    if not arrays:  # its runs were recorded again, without arrays
        (folder() / f"{name}.npz").unlink(missing_ok=True)


def _record_of(part: dict) -> dict:
    counts = {"rows": len(part["rows"]), "arrays": len(part["found"])}
    return {"config": part["config"], "provenance": part["provenance"]} | counts


def _table(name: str, known: dict[str, dict]) -> pd.DataFrame:
    path = folder() / f"{name}.csv"
    try:
        found = table.read(path)
        check_table(found, known)
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path} is damaged ({error}). {_remedy(name)}") from error
    return found


def _arrays(name: str, known: dict[str, dict]) -> dict[str, np.ndarray]:
    path = folder() / f"{name}.npz"
    arrays = _read_arrays(path, _remedy(name)) if path.exists() else {}
    try:
        check_arrays(arrays, known)
    except ValueError as error:
        raise ResultsError(f"{path} is damaged ({error}). {_remedy(name)}") from error
    return arrays


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


def _read_json(path: Path, check: Callable[[object], dict], remedy: str) -> dict:
    try:
        return check(json.loads(path.read_text()))
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"{path} is damaged ({error}). {remedy}") from error


def _object(content: object) -> dict:
    if not isinstance(content, dict):
        raise ValueError(f"a {type(content).__name__}, not an object")
    return content


def _remedy(name: str) -> str:
    files = f"{name}.csv, {name}.json, {name}.npz"  # {name}.* has {name}.cuda.csv too
    return (
        f"Restore {files} from git, or delete these files and run "
        f"{_command(name)} again"
    )


def _command(name: str) -> str:
    experiment, _, device = name.partition(".")
    return f"`python -m normlab.runs run {experiment}{_option(device or 'cpu')}`"


def _option(device: str) -> str:
    return "" if device == "cpu" else f" --device {device}"
