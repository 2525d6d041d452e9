"""What a training step costs: its time beside one without a normalizer, its memory.

Both are trained in turns in one process, so that a busy moment of the machine hits
both. A seed is a repetition.
"""

from dataclasses import replace
from statistics import median

from normlab.evaluation import to_float
from normlab.evaluation.kept import bytes_for_backward
from normlab.runs.config import Outcome, Run
from normlab.runs.early import first_losses, last
from normlab.runs.execute import build, data, train_on
from normlab.runs.rows import row
from normlab.training import History

TURNS = 12  # of each of the two
WITHOUT = {"model": "deep_cnn", "norm": "none", "transform": ""}


def cost(run: Run, device: str) -> Outcome:
    """Return what a step takes and keeps, as rows, with the first losses.

    Seconds are medians over the turns, after one of each that does not count.
    """
    plain = replace(run, **WITHOUT)
    turns = [(_trained(run, device), _trained(plain, device)) for _ in range(1 + TURNS)]
    own, without = (
        median(_seconds(turn[side]) for turn in turns[1:]) for side in (0, 1)
    )
    numbers = {
        "step_seconds": own,
        "step_seconds_ratio": own / without,
        "bytes_kept": _bytes(run),
    }
    rows = [
        row(name, value, split="train", **last(run)) for name, value in numbers.items()
    ]
    history, _ = turns[0]
    return Outcome([*first_losses(history), *rows], history.diverged)


def _trained(run: Run, device: str) -> History:
    return train_on(build(run), run, device, statistics=())


def _seconds(history: History) -> float:
    return sum(epoch.seconds for epoch in history.epochs) / len(history.step_losses)


def _bytes(run: Run) -> int:
    (x, _), _ = data(run.evaluate_on)
    model = build(run).train()
    return bytes_for_backward(model, to_float(x[: run.batch_size], model))
