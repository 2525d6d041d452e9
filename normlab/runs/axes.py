"""LeNet with normalizers that differ in which values share a mean."""

from normlab.evaluation import kinds_of_statistics
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.execute import build, data, train_on
from normlab.runs.protocol import ANOTHER_ORDER
from normlab.runs.rows import evaluated, history_rows

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
    history = train_on(model, run, device, epochs=run.epochs - 1)
    if history.diverged:
        return Outcome(history_rows(history), history.diverged)
    ending = {"lr": SLOW * run.lr, "seed": run.seed + ANOTHER_ORDER}
    history.extend(train_on(model, run, device, epochs=1, **ending))
    kinds, (_, test) = kinds_of_statistics(model), data("test")
    at = {"epoch": run.epochs, "step": len(history.step_losses)}
    scores = evaluated(model, test, kinds, split="test", **at)
    return Outcome(history_rows(history) + scores, history.diverged)


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
