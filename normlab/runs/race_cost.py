"""What a step of the race costs: its time beside one without a normalizer, its memory.

Both are trained in turns in one process, so that a busy moment of the machine hits
both. A seed is a repetition.
"""

from dataclasses import replace
from statistics import median

from normlab.evaluation import to_float
from normlab.kept import bytes_for_backward
from normlab.runs.chosen_rates import FIRST
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.early import first_losses, last
from normlab.runs.execute import build, data, train_on
from normlab.runs.race import BEST, CONTENDERS, entered
from normlab.runs.rows import STEPS_KEPT, row
from normlab.training import History

TURNS = 12  # of each of the two, of so many steps
STEPS = STEPS_KEPT
(PLAIN,) = entered("none", rates=BEST, steps=STEPS)


def cost(run: Run, device: str) -> Outcome:
    """Return what a step takes and keeps, as rows, with the first losses.

    Seconds are medians over the turns, after one of each that does not count.
    """
    plain = replace(PLAIN, seed=run.seed, steps=run.steps)
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


RACE_COST = Experiment(
    name="race-cost",
    question="What does a step with each normalizer cost in time and memory?",
    variants=entered(*CONTENDERS, rates=BEST, steps=STEPS),
    first_seed=FIRST,
    carry_out=cost,
)
