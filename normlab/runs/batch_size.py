"""Two batch sizes, the gradient's and the statistics', and what each of them does."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import parameters_to_vector

from normlab.evaluation import preserved, to_float
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.execute import build, data, train_on
from normlab.runs.protocol import SOURCE_RATE
from normlab.runs.rows import evaluated, history_rows, row, thin
from normlab.training import Pair

SIZES = (2, 4, 8, 16, 64, 256, 1024)
NORMS = ("none", "torch_batch", "torch_group")
ANCHOR = 256  # the batch size at which both rules for the rate agree
EPOCHS, UPDATES = 5, 1200  # the two budgets
IMAGES = 60000
PROBE = 10000  # training images on which the training loss is measured
NOISE_BATCHES = 32


def scaled(batch_size: int) -> float:
    """Return the rate in proportion to the batch (Goyal et al. 2017)."""
    return SOURCE_RATE * batch_size / ANCHOR


def measure(run: Run, device: str) -> Outcome:
    """Train the run; measure it after five epochs and after 1,200 updates."""
    steps = {"epochs": EPOCHS * -(-IMAGES // run.batch_size), "updates": UPDATES}
    rows: list[dict] = []

    def at_step(step: int, model: nn.Module, batch: Pair, loss: Tensor) -> None:
        budgets = [name for name, updates in steps.items() if updates == step + 1]
        if budgets:
            after = _updated(model, run.lr)
            for budget in budgets:
                rows.extend(state_of(after, run, budget, step + 1))

    model = build(run)
    history = train_on(model, run, device, recorders=[at_step], statistics=("running",))
    rows = history_rows(history) + rows
    return Outcome(rows, history.diverged, thin(history.step_losses))


@torch.no_grad()
def _updated(model: nn.Module, lr: float) -> nn.Module:
    """Return a copy after the update that the model is about to make: plain SGD.

    At the next step its running statistics would already hold one more batch.
    """
    after = copy.deepcopy(model)
    for new, old in zip(after.parameters(), model.parameters(), strict=True):
        new.sub_(lr * old.grad)
    return after


def state_of(model: nn.Module, run: Run, budget: str, step: int) -> list[dict]:
    """Return a model's scores in both modes, and the noise of its gradient, as rows.

    With batch statistics a batch has as many images as in training.
    """
    (x, y), held_out = data(run.evaluate_on)
    epoch = -(-step // -(-len(y) // run.batch_size))
    at = {"epoch": epoch, "step": step, "budget": budget}
    own = {"kinds": ("running", "batch"), "batch_size": run.batch_size}
    probe = x[:PROBE], y[:PROBE]
    rows = evaluated(model, probe, split="train", **own, **at)
    rows += evaluated(model, held_out, split=run.evaluate_on, **own, **at)
    variance, square = gradient_noise(model, x, y, run.batch_size, run.seed)
    noise = {"gradient_variance": variance, "gradient_square": square}
    return rows + [row(name, v, split="train", **at) for name, v in noise.items()]


def gradient_noise(
    model: nn.Module, x: Tensor, y: Tensor, batch_size: int, seed: int
) -> tuple[float, float]:
    """Return (variance, square of the mean) of a batch's gradient, in training mode.

    Sums over all parameters, from ``NOISE_BATCHES`` batches drawn without
    replacement; the square is free of the bias that the mean's own variance adds.
    """
    parameters = list(model.parameters())
    device = parameters[0].device
    draw = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(y), generator=draw)[: NOISE_BATCHES * batch_size]
    gradients = []
    with preserved(model):
        model.train()
        for index in order.split(batch_size):
            logits = model(to_float(x[index].to(device), model))
            loss = cross_entropy(logits, y[index].to(device))
            gradient = torch.autograd.grad(loss, parameters)
            gradients.append(parameters_to_vector(gradient).double())
    stacked = torch.stack(gradients)  # (batches, parameters)
    variance = stacked.var(0).sum().item()
    return variance, stacked.mean(0).square().sum().item() - variance / len(stacked)


def _run(norm: str, lr: float, batch_size: int) -> Run:
    updates = -(-IMAGES // batch_size)
    epochs = max(EPOCHS, -(-UPDATES // updates))
    return Run("lenet", norm, lr, batch_size, epochs=epochs, seed=0)


def _variants() -> tuple[Run, ...]:
    rules: tuple[Callable[[int], float], ...] = (scaled, lambda _: SOURCE_RATE)
    grid = [
        _run(norm, rule(size), size)
        for rule in rules
        for size in SIZES
        for norm in NORMS
    ]
    # Gradient and statistics of unlike sizes; of like size they are in the grid.
    ghosts = [_run(f"ghost_{part}", SOURCE_RATE, ANCHOR) for part in (2, 4, 16, 64)]
    ghosts += [_run("ghost_16", scaled(size), size) for size in (64, 1024)]
    # Only the convolutions' maps are normalized: which layers suffer from two images?
    maps = [_run("torch_batch_maps", scaled(size), size) for size in (2, 16)]
    return tuple(dict.fromkeys(grid + ghosts + maps))


BATCH_SIZE = Experiment(
    name="batch-size",
    question="How large must the batch be, for the gradient and for the statistics?",
    variants=_variants(),
    carry_out=measure,
)
