"""What recording costs: all recorders of an experiment against the training itself."""

from benchmarks.timing import take_turns
from normlab.recorders import (
    Activations,
    GammaAndBeta,
    Statistics,
    Updates,
    snapshot_steps,
)
from normlab.runs.execute import build, data
from normlab.runs.inside import INSIDE, PROBE
from normlab.training import fit

STEPS = 40


def recording_share(device: str) -> dict[str, float]:
    """Time a training of LeNet with a snapshot at each step and with none.

    The extra time of one snapshot, times their number at the default cadence, over
    the time of a whole training of the experiment ``inside``.
    """
    run = next(v for v in INSIDE.variants if v.norm != "none")
    (x, y), _ = data(run.evaluate_on)
    total = run.epochs * -(-len(y) // run.batch_size)
    probe = x[:PROBE], y[:PROBE]

    def training(recorded: bool) -> None:
        steps = range(STEPS) if recorded else ()
        recorders = (
            GammaAndBeta(steps),
            Activations(probe, steps),
            Updates(steps),
            Statistics(probe, steps),
        )
        fit(
            build(run),
            (x, y),
            epochs=1,
            lr=run.lr,
            batch_size=run.batch_size,
            device=device,
            recorders=recorders,
            max_steps=STEPS,
        )

    sides = {"plain": lambda: training(False), "recorded": lambda: training(True)}
    seconds = take_turns(sides, device)
    snapshot = (seconds["recorded"] - seconds["plain"]) / STEPS
    step = seconds["plain"] / STEPS
    return {
        "snapshot_over_step": snapshot / step,
        "recording_over_training": len(snapshot_steps(total)) * snapshot / total / step,
    }
