"""Checksums of what is recorded, run by run: ``values.json`` holds them.

They know neither the columns beside the values nor the format of the files, so tables
may be tidied and packed anew, and no number may change. After a run was recorded
again on purpose, or for the first time, write its experiment's entry anew:

    python tests/runs/checksums.py lenet lenet.cuda
"""

import csv
import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from normlab.runs.store import folder, write_atomically

KEPT = Path(__file__).with_name("values.json")


def tables() -> list[str]:
    """Return the name of every recorded table."""
    return sorted(path.stem for path in folder().glob("*.csv"))


def checksums(name: str) -> dict[str, dict[str, str]]:
    """Map each key of a table to checksums of its "values" and of its "arrays".

    Of values: their text in the file, one a line, in the order of the rows. Of
    arrays: names in order, each with its type, shape and bytes.
    """
    found = {key: {"values": sha} for key, sha in _values(name).items()}
    for key, sha in _arrays(name).items():
        found[key]["arrays"] = sha
    return dict(sorted(found.items()))


def kept() -> dict[str, dict[str, dict[str, str]]]:
    """Return the checksums that are kept: table -> key -> what -> SHA-256."""
    return json.loads(KEPT.read_text())


def _values(name: str) -> dict[str, str]:
    shas: dict[str, object] = {}
    with open(folder() / f"{name}.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            sha = shas.setdefault(row["key"], hashlib.sha256())
            sha.update(f"{row['value']}\n".encode())
    return {key: sha.hexdigest() for key, sha in shas.items()}


def _arrays(name: str) -> dict[str, str]:
    path = folder() / f"{name}.npz"
    if not path.exists():
        return {}
    shas: dict[str, object] = {}
    with np.load(path, allow_pickle=False) as arrays:
        for place in sorted(arrays.files):
            key, _, array = place.partition("/")
            values = np.ascontiguousarray(arrays[place])
            sha = shas.setdefault(key, hashlib.sha256())
            sha.update(f"{array} {values.dtype.str} {values.shape}\n".encode())
            sha.update(values.tobytes())
    return {key: sha.hexdigest() for key, sha in shas.items()}


def main(names: list[str]) -> None:
    """Write the entries of these tables anew."""
    known = tables()
    for name in names:
        if name not in known:
            sys.exit(f"no table {name!r} in {folder()}; there are {', '.join(known)}")
    new = (kept() if KEPT.exists() else {}) | {name: checksums(name) for name in names}
    write_atomically(KEPT, json.dumps(dict(sorted(new.items())), indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
