"""``python -m normlab.runs list | show NAME | run NAME [--seeds N] ...``."""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields

import pandas as pd
import torch

from normlab.runs import EXPERIMENTS, Run, load, record_all, source
from normlab.runs.config import Experiment
from normlab.runs.execute import keep_history, quick
from normlab.runs.fingerprint import is_older
from normlab.runs.store import finished, quick_folder, records, table_name
from normlab.runs.table import COLUMNS


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and carry it out."""
    options = _parser().parse_args(arguments)
    try:
        with _terminated_as_interrupted():
            options.action(options)
    except (RuntimeError, ValueError, OSError, ImportError) as error:
        sys.exit(f"normlab.runs: {error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Finished runs are kept; the same command does the rest.")


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does: stop the workers, keep what is finished."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may ask for signals
        return

    def interrupt(*_) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def list_all(options: argparse.Namespace) -> None:
    """Print a line an experiment: how much is recorded, and by which code."""
    for experiment in EXPERIMENTS.values():
        for device in ("cpu", "cuda"):
            known = records(table_name(experiment.name, device))
            wanted = experiment.runs()
            done = [run for run in wanted if run.key in known]
            if device == "cuda" and not done:
                continue
            old = sum(_is_older(known[run.key], run, experiment) for run in done)
            mark = f", {old} by older code" if old else ""
            print(
                f"{experiment.name:14} {device:5} "
                f"{len(done)}/{len(wanted)} runs{mark}   {experiment.question}"
            )


def _is_older(record: dict, run: Run, experiment: Experiment) -> bool:
    recorded = record["provenance"].get("fingerprint")
    return is_older(recorded, run, experiment.carry_out or keep_history)


def show(options: argparse.Namespace) -> None:
    """Print what each variant ended with: mean and standard deviation over seeds."""
    table = load(options.name, options.device)
    table = table[~table["measure"].isin(["seconds", "step_loss"])]
    names = _telling_apart(table)
    groups = table.groupby(names, dropna=False)
    last = table[table["step"] == groups["step"].transform("max")]
    shown = last.groupby(names, dropna=False)["value"]
    print(shown.agg(["mean", "std", "min", "max", "count"]).round(4).to_string())
    for record in records(table_name(options.name, options.device)).values():
        if ended := record["provenance"].get("diverged"):
            config = record["config"]
            print(f"diverged: {config['norm']}, seed {config['seed']}: {ended}")
    print(source(options.name, options.device))


def _telling_apart(table: pd.DataFrame) -> list[str]:
    """Return the columns in which variants and their measures differ."""
    config = [f.name for f in fields(Run) if f.name not in ("norm", "lr", "seed")]
    differing = [name for name in config if table[name].nunique() > 1]
    left_out = ("key", "epoch", "step", "value")
    own = [name for name in COLUMNS if name in table and name not in left_out]
    return ["norm", "lr", *differing, *own]


def run(options: argparse.Namespace) -> None:
    """Record what is not recorded yet."""
    names = EXPERIMENTS if options.name == "all" else [options.name]
    if options.quick:
        os.environ.setdefault("NORMLAB_RESULTS", str(quick_folder()))
    if options.device == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("--device cuda: this machine's PyTorch sees no GPU")
    ends = time.monotonic() + 60 * (options.minutes or 0)
    for name in names:
        experiment = EXPERIMENTS[name]
        if options.quick:
            experiment = quick(experiment)
        new = record_all(
            experiment,
            seeds=options.seeds,
            device=options.device,
            backend=options.backend,
            jobs=options.jobs,
            minutes=options.minutes and max(0.0, (ends - time.monotonic()) / 60),
        )
        done = finished(table_name(name, options.device))
        left = sum(run.key not in done for run in experiment.runs(options.seeds))
        rest = f"{left} are left, or in the hands of another process. " if left else ""
        print(f"{name}: {new} new runs. {rest}{source(name, options.device)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m normlab.runs")
    commands = parser.add_subparsers(required=True)
    commands.add_parser("list", help="what is recorded").set_defaults(action=list_all)
    for action, text in ((show, "recorded numbers"), (run, "record runs")):
        command = commands.add_parser(action.__name__, help=text)
        choices = [*EXPERIMENTS, "all"] if action is run else [*EXPERIMENTS]
        command.add_argument("name", choices=choices)
        command.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
        command.set_defaults(action=action)
    command.add_argument("--seeds", type=int, help="how many (default: the record's)")
    command.add_argument(
        "--backend",
        default="loky",
        choices=("loky", "threading", "dask", "ray"),
        help="who carries the runs: this machine's cores, or a running cluster",
    )
    command.add_argument(
        "--quick",
        action="store_true",
        help="one seed and a tenth of the updates, into _build/quick: a rehearsal",
    )
    command.add_argument(
        "--minutes", type=float, help="begin no further run after so many"
    )
    command.add_argument("--jobs", type=int, help="runs at a time (default: cores)")
    return parser


if __name__ == "__main__":
    main()
