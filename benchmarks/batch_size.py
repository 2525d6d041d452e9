"""What a small batch costs in time: an epoch at every batch size, and at 256."""

from benchmarks.timing import take_turns
from normlab.runs.batch_size import ANCHOR, NORMS, SIZES
from normlab.runs.config import Run
from normlab.runs.execute import build, data
from normlab.training import fit

IMAGES = 2048  # stand for an epoch: two updates at the largest size


def epoch_by_batch_size(device: str) -> dict[str, float]:
    """Time the same images at every batch size and normalizer of the experiment.

    Relative to batches of 256 images with the same normalizer.
    """
    runs = [
        Run("lenet", norm, lr=0.01, batch_size=size, epochs=1, seed=0)
        for norm in NORMS
        for size in SIZES
    ]
    sides = {run: lambda run=run: _epoch(run, device) for run in runs}
    seconds = {
        (run.norm, run.batch_size): time
        for run, time in take_turns(sides, device).items()
    }
    return {
        f"epoch_{norm}_{size}_over_{ANCHOR}": time / seconds[norm, ANCHOR]
        for (norm, size), time in seconds.items()
    }


def _epoch(run: Run, device: str) -> None:
    (x, y), _ = data(run.evaluate_on)
    fit(
        build(run),
        (x[:IMAGES], y[:IMAGES]),
        epochs=run.epochs,
        lr=run.lr,
        batch_size=run.batch_size,
        device=device,
    )
