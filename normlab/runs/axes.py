"""LeNet with normalizers that differ in which values share a mean."""

from normlab.evaluation import kinds_of_statistics, loss_and_accuracy
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.execute import build, data, history_rows, train_on
from normlab.runs.modes import ANOTHER_ORDER
from normlab.runs.store import rows_of

# The last two leave the dense layers without a normalizer: instance normalization has
# one value per channel there, and the other is its control.
NORMS = (
    "none",
    "torch_batch",
    "torch_layer",
    "torch_group",
    "torch_instance",
    "torch_batch_maps",
)
RATES = (0.1, 0.5, 1.0)
BATCH_SIZE, EPOCHS = 64, 3
SLOW = 0.1  # of the rate, in the last epoch: without it accuracies jump by many points


def measure(run: Run, device: str) -> Outcome:
    """Train the run, the last epoch slowly; score it on validation and test images.

    On validation after each epoch, on test at the end: so the rate is chosen on the
    one, and the same trainings are judged on the other.
    """
    model = build(run)
    options = {"statistics": kinds_of_statistics(model)}
    history = train_on(model, run, device, epochs=run.epochs - 1, **options)
    if history.diverged:
        return Outcome(history_rows(history), history.diverged)
    ending = options | {"lr": SLOW * run.lr, "seed": run.seed + ANOTHER_ORDER}
    last = train_on(model, run, device, epochs=1, **ending)
    history.epochs += last.epochs
    history.step_losses += last.step_losses
    history.diverged = last.diverged
    rows = history_rows(history)
    x, y = (tensor.to(device) for tensor in data("test")[1])
    for kind in kinds_of_statistics(model):
        suffix = "" if kind == "running" else "_batch_statistics"
        scores = loss_and_accuracy(model, x, y, statistics=kind)
        named = zip((f"loss{suffix}", f"accuracy{suffix}"), scores, strict=True)
        at = run.epochs, len(history.step_losses)
        rows += rows_of([(name, *at, score) for name, score in named], "test")
    return Outcome(rows, history.diverged)


WHICH_AXES = Experiment(
    name="which-axes",
    question="Does it matter to LeNet which values share a mean?",
    variants=tuple(
        Run("lenet", norm, lr, BATCH_SIZE, EPOCHS, seed=0, evaluate_on="validation")
        for norm in NORMS
        for lr in RATES
    ),
    carry_out=measure,
)
