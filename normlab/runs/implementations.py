"""One training, tested as eight revisions of implementations would test it."""

import numpy as np
import torch
from torch import nn

from normlab.evaluation import loss_and_accuracy
from normlab.evaluation.conventions import CONVENTIONS
from normlab.evaluation.memories import as_tested, remembered
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.execute import build, data, train_on
from normlab.runs.rows import history_rows
from normlab.runs.score import scored
from normlab.training import Pair

EVERY = 100  # updates between two tests
TEST_BATCH = 1000  # images, of which some conventions take the statistics


def compare(run: Run, device: str) -> Outcome:
    """Train the run; test it by each convention every ``EVERY`` updates.

    Arrays: "updates" (T,), and "loss/NAME" and "accuracy/NAME" (T,) of each
    convention, on the test images.
    """
    training, _ = data(run.evaluate_on)
    test = tuple(tensor.to(device) for tensor in data("test")[1])
    updates: list[int] = []
    scores: dict[str, list] = {name: [] for name in CONVENTIONS}
    model = build(run).to(device)
    with remembered(model) as memories:

        def tested(done: int, model: nn.Module) -> None:
            if done % EVERY == 0:
                updates.append(done)
                for name, found in scores.items():
                    found.append(_score(as_tested(model, name, memories), test))

        options = {"after": [tested], "statistics": ("running",)}
        history = train_on(model, run, device, **options)
    rows = history_rows(history)
    steps = len(history.step_losses)
    at = {"split": "test", "epoch": len(history.epochs), "step": steps}
    rows += scored(model, run, training, test, **at)
    return Outcome(rows, history.diverged, _arrays(updates, scores))


def _score(network: nn.Module, test: Pair) -> tuple[float, float]:
    network.to(memory_format=torch.channels_last)  # the same, sooner
    return loss_and_accuracy(network, *test, batch_size=TEST_BATCH)


def _arrays(updates: list[int], scores: dict[str, list]) -> dict[str, np.ndarray]:
    arrays = {"updates": np.array(updates)}
    for name, found in scores.items():
        pairs = np.array(found, dtype=np.float32).reshape(-1, 2)
        arrays |= {f"loss/{name}": pairs[:, 0], f"accuracy/{name}": pairs[:, 1]}
    return arrays


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
