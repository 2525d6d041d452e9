"""LeNet on as many images as a page can fetch: what its own trainings are held against.

The chapter's network, rate and batches, on the first 10,000 training images, tested on
the first 2,000 test images after each epoch.
"""

from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.early import curve
from normlab.runs.execute import build, data, train_on, updates
from normlab.runs.protocol import SOURCE_RATE
from normlab.runs.rows import evaluated, history_rows

IMAGES, TEST = 10_000, 2_000
BATCH, EPOCHS = 256, 10


def trained(norm: str) -> Run:
    """Return the run of seed 0."""
    return Run(
        "lenet",
        norm,
        SOURCE_RATE,
        batch_size=BATCH,
        epochs=EPOCHS,
        seed=0,
        evaluate_on="test",
        drop_last=True,
        images=IMAGES,
    )


def tested_each_epoch(run: Run, device: str) -> Outcome:
    """Train the run; test it after each epoch, in both modes."""
    model, (_, (x, y)) = build(run), data(run.evaluate_on)
    few, each, rows = (x[:TEST], y[:TEST]), updates(run) // run.epochs, []

    def look(step: int, model) -> None:
        if step % each:
            return
        kinds = ("running", "batch") if run.norm != "none" else ("running",)
        at = {"split": run.evaluate_on, "epoch": step // each, "step": step}
        rows.extend(evaluated(model, few, kinds, batch_size=run.batch_size, **at))

    history = train_on(model, run, device, statistics=(), after=[look])
    arrays = curve(history.step_losses, updates(run))
    return Outcome(history_rows(history) + rows, history.diverged, arrays)


LENET_PAGE = Experiment(
    name="lenet-page",
    question="What does LeNet learn of the images that a page can fetch?",
    variants=(trained("none"), trained("torch_batch")),
    seeds=10,
    carry_out=tested_each_epoch,
)
