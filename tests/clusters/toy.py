"""An experiment that workers of a cluster can import, and that trains nothing."""

import os
import time

from normlab.runs import Experiment, Run, store
from normlab.runs.config import Outcome
from normlab.runs.rows import row

RUN = Run("lenet", "none", lr=0.5, batch_size=128, epochs=1, seed=0)
SEEDS = 4
PATIENCE = 240  # seconds


def number(run: Run, device: str) -> Outcome:
    """Leave the seed as a number; the last one waits until another run is saved."""
    ends = time.monotonic() + PATIENCE
    while run.seed == SEEDS - 1 and not store.finished("toy"):
        if time.monotonic() > ends:
            raise RuntimeError("no other run is saved while this one goes on")
        time.sleep(0.05)
    about = {"split": "train", "epoch": 1, "step": 1}
    return Outcome([row("loss", float(run.seed), **about)])


def beat(run: Run, device: str) -> Outcome:
    """Show by a file's age that the worker is at work, for as long as it is."""
    sign = store.folder() / f"{run.seed}.{os.getpid()}.alive"
    for _ in range(20 * PATIENCE):
        sign.write_text("")
        time.sleep(0.05)
    return number(run, device)


TOY = Experiment("toy", "Does it end?", (RUN,), seeds=SEEDS, carry_out=number)
ENDLESS = Experiment("toy", "Does it end?", (RUN,), seeds=SEEDS, carry_out=beat)
