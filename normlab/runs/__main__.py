"""``python -m normlab.runs list | show NAME | run NAME [--seeds N] ...``."""

import argparse
import sys

import torch

from normlab.runs import EXPERIMENTS, load, record_all, source
from normlab.runs.provenance import fingerprint
from normlab.runs.store import records, table_name


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and carry it out."""
    options = _parser().parse_args(arguments)
    try:
        options.action(options)
    except (RuntimeError, ValueError, OSError, ImportError) as error:
        sys.exit(f"normlab.runs: {error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Finished runs are kept; the same command does the rest.")


def list_all(options: argparse.Namespace) -> None:
    """Print a line an experiment: how much is recorded, and by which code."""
    now = fingerprint()
    for experiment in EXPERIMENTS.values():
        for device in ("cpu", "cuda"):
            known = records(table_name(experiment.name, device))
            wanted = {run.key for run in experiment.runs()}
            done = known.keys() & wanted
            if device == "cuda" and not done:
                continue
            old = sum(_is_older(known[key], now) for key in done)
            mark = f", {old} by older code" if old else ""
            print(
                f"{experiment.name:14} {device:5} "
                f"{len(done)}/{len(wanted)} runs{mark}   {experiment.question}"
            )


def show(options: argparse.Namespace) -> None:
    """Print the last epoch of each variant: mean and standard deviation over seeds."""
    table = load(options.name, options.device)
    last = table[(table["epoch"] == table["epochs"]) & (table["measure"] != "seconds")]
    shown = last.groupby(["norm", "lr", "split", "measure"])["value"]
    print(shown.agg(["mean", "std", "min", "max", "count"]).round(4).to_string())
    for record in records(table_name(options.name, options.device)).values():
        if ended := record["provenance"]["diverged"]:
            config = record["config"]
            print(f"diverged: {config['norm']}, seed {config['seed']}: {ended}")
    print(source(options.name, options.device))


def run(options: argparse.Namespace) -> None:
    """Record what is not recorded yet."""
    names = EXPERIMENTS if options.name == "all" else [options.name]
    if options.device == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("--device cuda: this machine's PyTorch sees no GPU")
    for name in names:
        new = record_all(
            EXPERIMENTS[name],
            seeds=options.seeds,
            device=options.device,
            backend=options.backend,
            jobs=options.jobs,
        )
        print(f"{name}: {new} new runs. {source(name, options.device)}")


def _is_older(record: dict, now: dict[str, str]) -> bool:
    then = record["provenance"]["fingerprint"]
    return any(
        now.get(file) != code
        for file, code in then.items()
        if not file.endswith("__init__.py")  # early records name it; it has no numbers
    )


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
    command.add_argument("--jobs", type=int, help="runs at a time (default: cores)")
    return parser


if __name__ == "__main__":
    main()
