"""One training, tested as eight revisions of implementations would test it."""

import numpy as np
import torch
from torch import Tensor, nn

from normlab.evaluation import loss_and_accuracy, observe_batches
from normlab.evaluation.conventions import CONVENTIONS
from normlab.evaluation.memories import Memories, as_tested, remembered
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.execute import build, data, train_on
from normlab.runs.rows import history_rows
from normlab.runs.score import scored
from normlab.training import Pair

EVERY = 100  # updates between two tests
TEST_BATCH = 1000  # images, of which some conventions take the statistics
PROBE = 1000  # training images that tell today's statistics
NAMES = tuple(CONVENTIONS)


def compare(run: Run, device: str) -> Outcome:
    """Train the run; test it by each convention every ``EVERY`` updates.

    Arrays: "updates" (T,); of each convention "loss/NAME" and "accuracy/NAME" (T,) on
    the test images; of those that remember, "mean_off/NAME" and "log_var/NAME"
    (T, layers), see ``misses``.
    """
    (x, y), _ = data(run.evaluate_on)
    training = x.to(device), y
    test = tuple(tensor.to(device) for tensor in data("test")[1])
    updates: list[int] = []
    found: dict[str, list] = {}
    model = build(run).to(device)
    with remembered(model) as memories:

        def tested(done: int, model: nn.Module) -> None:
            if done % EVERY == 0:
                updates.append(done)
                pairs = {n: _score(as_tested(model, n, memories), test) for n in NAMES}
                for name, (loss, accuracy) in pairs.items():
                    found.setdefault(f"loss/{name}", []).append(loss)
                    found.setdefault(f"accuracy/{name}", []).append(accuracy)
                for name, values in misses(
                    model, memories, training[0][:PROBE]
                ).items():
                    found.setdefault(name, []).append(values)

        options = {"after": [tested], "statistics": ("running",)}
        history = train_on(model, run, device, **options)
    steps = len(history.step_losses)
    at = {"split": "test", "epoch": len(history.epochs), "step": steps}
    rows = history_rows(history) + scored(model, run, training, test, **at)
    arrays = {name: np.array(values, np.float32) for name, values in found.items()}
    return Outcome(rows, history.diverged, {"updates": np.array(updates)} | arrays)


def _score(network: nn.Module, test: Pair) -> tuple[float, float]:
    network.to(memory_format=torch.channels_last)  # the same, sooner
    return loss_and_accuracy(network, *test, batch_size=TEST_BATCH)


@torch.no_grad()
def misses(model: nn.Module, memories: Memories, x: Tensor) -> dict[str, list[float]]:
    """Return how far each layer's memory is from the statistics of today's weights.

    These are those of the images ``x`` as one batch. "mean_off/NAME" is the root mean
    square over channels of how far the mean is off, in deviations; "log_var/NAME" the
    mean over channels of the logarithm of remembered over actual variance.
    """
    today = observe_batches(model, x, len(x))
    found: dict[str, list[float]] = {}
    for name, layers in memories.items():
        off, ratio = [], []
        for at, (means, variances) in today.items():
            mean, var = layers[at].at_test()
            off.append(
                (mean - means[0]).div(variances[0].sqrt()).square().mean().sqrt()
            )
            ratio.append((var / variances[0]).log().mean())
        found[f"mean_off/{name}"] = [value.item() for value in off]
        found[f"log_var/{name}"] = [value.item() for value in ratio]
    return found


def _run(lr: float) -> Run:
    return Run(
        model="deep_cnn",
        norm="torch_batch",
        lr=lr,
        batch_size=100,
        epochs=6,  # 3,000 updates
        seed=0,
        evaluate_on="validation",
        momentum=0.9,
        init="he",
    )


IMPLEMENTATIONS = Experiment(
    name="implementations",
    question="How accurate is one network, tested as eight implementations would?",
    variants=(_run(0.1),),
    seeds=10,
    first_seed=10,
    carry_out=compare,
)

IMPLEMENTATIONS_SLOW = Experiment(
    name="implementations-slow",
    question="The same at a tenth of the learning rate: is it the same picture?",
    variants=(_run(0.01),),
    seeds=5,
    first_seed=10,
    carry_out=compare,
)
