"""Where a record comes from: code, versions, device, time."""

import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

PACKAGE = Path(__file__).resolve().parent.parent
# Where code that makes numbers lives.
ROOMS = (":(glob)*.py", "layers", "evaluation", "playground", "runs")


def code_state() -> dict:
    """Return commit and versions: taken when an experiment starts.

    What a worker has loaded is this code, whatever is edited while it runs.
    """
    return {
        "commit": commit(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }


def circumstances(device: torch.device | str, seconds: float) -> dict:
    """Return device, threads, time and wall seconds: taken when a run ends."""
    return {
        "device": device_name(device),
        "threads": torch.get_num_threads(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 2),
    }


def commit() -> str:
    """Return the short commit, marked when code that makes numbers was changed."""
    head = _git("rev-parse", "--short=12", "HEAD")
    changed = _git("status", "--porcelain", "--", *ROOMS)
    return (head + ("+changes" if changed else "")) if head else "unknown"


def device_name(device: torch.device | str) -> str:
    """Return what a reader would call the device: "NVIDIA H200", "AMD EPYC ..."."""
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.split(":")[1].strip() for line in lines if "model name" in line)
    return next(names, platform.machine())


def _git(*arguments: str) -> str:
    try:
        result = subprocess.run(
            ["git", *arguments], cwd=PACKAGE, capture_output=True, text=True
        )
    except OSError:
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""
