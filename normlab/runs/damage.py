"""What a record must hold: each check raises ValueError in words for the reader."""

import pandas as pd

from normlab.runs.config import run_of
from normlab.runs.table import check_row

SAID = ("device", "torch", "commit", "finished")  # what a page shows of a record
COUNTS = ("rows", "arrays")


def check_records(known: object) -> dict[str, dict]:
    """Return ``known``, key -> record, if every record is whole."""
    if not isinstance(known, dict):
        raise ValueError(f"a {type(known).__name__}, not an object")
    for key, record in known.items():
        try:
            _check_record(key, record)
            for name in COUNTS:  # the first records do not say how much they hold
                _check_count(record.get(name, 0), name)
        except ValueError as error:
            raise ValueError(f"run {key}: {error}") from error
    return known


def check_part(key: str, part: object) -> dict:
    """Return the file of one finished run if it is whole."""
    _check_record(key, part)
    rows = part.get("rows")
    if not isinstance(rows, list):
        raise ValueError("it has no rows")
    for row in rows:
        check_row(row)
    _check_count(part.get("arrays", 0), "arrays")
    return part


def _check_record(key: str, record: object) -> None:
    if not isinstance(record, dict):
        raise ValueError(f"a {type(record).__name__}, not an object")
    own = run_of(record.get("config")).key
    if own != key:
        raise ValueError(f"its configuration is that of run {own}")
    about = record.get("provenance")
    if not isinstance(about, dict):
        raise ValueError("it has no provenance")
    for name in SAID:
        if not isinstance(about.get(name), str):
            raise ValueError(f"its provenance does not say {name!r}")


def _check_count(value: object, name: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"it says {name}={value!r}, not how many")


def check_table(table: pd.DataFrame, known: dict[str, dict]) -> None:
    """Compare how many rows each run has with what its record says."""
    found = table["key"].value_counts()
    for key, record in known.items():
        count = int(found.get(key, 0))
        said = record.get("rows", max(count, 1))
        if count != said:
            raise ValueError(f"it has {count} rows of run {key}, not {said}")


def check_arrays(arrays: dict, known: dict[str, dict]) -> None:
    """Compare how many arrays each run has with what its record says."""
    found = pd.Series([path.split("/")[0] for path in arrays], dtype=str).value_counts()
    for key, record in known.items():
        count = int(found.get(key, 0))
        said = record.get("arrays", count)
        if count != said:
            raise ValueError(f"it has {count} arrays of run {key}, not {said}")
