"""``python -m benchmarks [--device cuda]``: print ratios, write them to results/."""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import torch

from benchmarks.batch_size import epoch_by_batch_size
from benchmarks.lenet import fit_over_d2l, hand_over_builtin
from benchmarks.mlp import layer_in_mlp
from benchmarks.quicker import epoch_of_a_record
from benchmarks.recording import recording_share
from benchmarks.timing import REPEATS
from normlab.evidence.claims import CLAIMS
from normlab.evidence.registry import benchmark_rules
from normlab.runs.provenance import commit, device_name
from normlab.runs.store import write_atomically

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Run every benchmark and write down what it says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    device = parser.parse_args().device
    if device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: this machine's PyTorch sees no GPU")
    results = {
        "device": device_name(device),
        "commit": commit(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "rounds": REPEATS,
        "date": datetime.now(UTC).date().isoformat(),
    } | benchmark_rules(CLAIMS.values(), device)
    measures = {
        "fit against d2l": lambda: fit_over_d2l(device),
        "eager": lambda: hand_over_builtin(device, compiled=False),
        "compiled": lambda: hand_over_builtin(device, compiled=True),
        "wide layers": lambda: layer_in_mlp(device),
        "batch size": lambda: epoch_by_batch_size(device),
        "recording": lambda: recording_share(device),
    }
    if device == "cpu":  # where runs are recorded, and where a browser shows widgets
        from benchmarks.page import engine_over_torch, ten_epochs
        from benchmarks.widgets import widget_answers

        measures["recorded runs"] = lambda: epoch_of_a_record(device)
        measures["widgets"] = widget_answers
        measures["LeNet in the page"] = engine_over_torch
        measures["ten epochs in the page"] = ten_epochs
    for name, measure in measures.items():
        print(f"measuring: {name} ...", flush=True)
        part = measure()
        results |= {key: float(f"{value:.4g}") for key, value in part.items()}
        print("\n".join(f"  {key:40} {results[key]:>12,.4g}" for key in part))
    name = "latest.json" if device == "cpu" else f"{device}.json"
    RESULTS.mkdir(exist_ok=True)
    write_atomically(RESULTS / name, json.dumps(results, indent=1) + "\n")
    print(f"wrote benchmarks/results/{name}")


if __name__ == "__main__":
    main()
