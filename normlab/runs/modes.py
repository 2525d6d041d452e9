"""Training mode and evaluation mode: where the gap comes from, what closes it."""

import copy

from torch import Tensor, nn

from normlab.evaluation import (
    PARTS,
    Statistics,
    average,
    freeze_statistics,
    loss_and_accuracy,
    observe_batches,
    recompute_running,
    score_states,
    tracking_layers,
)
from normlab.recorders import RunningBank
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.execute import build, data, history_rows, train_on
from normlab.runs.lenet import SOURCE_RATE
from normlab.runs.store import rows_of
from normlab.training import History, Pair

SIZES = (4, 16, 64, 256)
MOMENTA = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
DISSECTED = 3  # the last so many epochs, each at its end
SLOW = 0.01  # of the learning rate, in a last epoch that only tunes
ANOTHER_ORDER = 1000  # added to the seed for each further call of fit


def state_name(swapped: frozenset[str]) -> str:
    """Return a state's name in the table: "accuracy/lag+factor"; "" for none."""
    return "+".join(part for part in PARTS if part in swapped)


def dissect(run: Run, device: str) -> Outcome:
    """Train the run; after each late epoch swap each part of the gap by itself.

    Two controls follow the last epoch: with exact averages in the place of the
    running ones the lag is nothing, with the biased variance the factor is nothing.
    """
    model, history, rows = build(run), History(), []
    with RunningBank(model.to(device), MOMENTA) as bank:
        for epoch in range(1, run.epochs + 1):
            order = run.seed + ANOTHER_ORDER * (epoch - 1)
            part = train_on(model, run, device, epochs=1, seed=order)
            history.epochs += part.epochs
            history.step_losses += part.step_losses
            history.diverged = part.diverged
            if part.diverged:
                break
            if epoch > run.epochs - DISSECTED:
                rows += _gap(model, bank, run, device, epoch)
    return Outcome(history_rows(history) + rows, history.diverged)


def _gap(model: nn.Module, bank: RunningBank, run: Run, device, epoch) -> list[dict]:
    x, held_out = _tensors(run, device)
    observed = observe_batches(model, x, run.batch_size)
    averages = average(observed)
    at = {"batch_size": run.batch_size, "seed": ANOTHER_ORDER * run.seed + epoch}
    rows = _scores(score_states(model, averages, *held_out, **at), "test", epoch)
    if epoch == run.epochs:
        whole = average(observe_batches(model, x, 10000))
        rows += _errors(model, bank, observed, averages, whole, epoch)
        rows += _controls(model, averages, x, held_out, at, epoch)
    return rows


def _scores(scores: dict, split: str, epoch: int) -> list[dict]:
    found = []
    for swapped, (loss, accuracy) in scores.items():
        name = state_name(swapped)
        found += [(f"loss/{name}", epoch, 0, loss)]
        found += [(f"accuracy/{name}", epoch, 0, accuracy)]
    return rows_of(found, split)


def _controls(model, averages: Statistics, x, held_out, at, epoch) -> list[dict]:
    exact = copy.deepcopy(model)
    recompute_running(exact, x, at["batch_size"])
    rows = _scores(score_states(exact, averages, *held_out, **at), "exact", epoch)
    biased = score_states(model, averages, *held_out, **at, unbiased=False)
    return rows + _scores(biased, "biased", epoch)


def _errors(model, bank, observed, averages, whole, epoch) -> list[dict]:
    """Errors of running averages, by momentum, and how far batches scatter.

    Root mean squares over a layer's channels: of means in standard deviations, of
    variances as the logarithm of a ratio. The step column counts the layers.
    """
    found = []
    for number, name in enumerate(tracking_layers(model)):
        mean, var = averages[name]
        means, variances = observed[name]
        scatter = (means - mean) / var.sqrt(), variances / var - 1
        found.append(("scatter_mean", epoch, number, _rms(scatter[0])))
        found.append(("scatter_var", epoch, number, _rms(scatter[1])))
        ratio = (averages[name][1] / whole[name][1]).mean().item()
        found.append(("batch_over_whole_var", epoch, number, ratio))
        for row, momentum in enumerate(bank.momenta):
            off = (bank.means[name][row] - mean) / var.sqrt()
            log = (bank.variances[name][row] / var).log()
            found.append((f"error_mean/{momentum:g}", epoch, number, _rms(off)))
            found.append((f"error_var/{momentum:g}", epoch, number, _rms(log)))
    return rows_of(found, "train")


def finish(run: Run, device: str) -> Outcome:
    """Train all but the last epoch, then end in several ways on the same batches.

    "usual" trains on; "frozen" keeps the running statistics as they are and
    normalizes with them; "recomputed" does so with statistics recomputed first. Each
    once at the rate of the run, and once, "-slow", at a hundredth of it.
    """
    model = build(run)
    history = train_on(model, run, device, epochs=run.epochs - 1)
    if history.diverged:
        return Outcome(history_rows(history), history.diverged)
    x, held_out = _tensors(run, device)
    rows = _endings("before", model, x, held_out, run)
    for suffix, lr in (("", run.lr), ("-slow", SLOW * run.lr)):
        for kind in ("usual", "frozen", "recomputed"):
            ending = copy.deepcopy(model)
            if kind == "recomputed":
                recompute_running(ending, x, run.batch_size)
            if kind != "usual":
                freeze_statistics(ending)
            order = run.seed + ANOTHER_ORDER
            last = train_on(ending, run, device, epochs=1, lr=lr, seed=order)
            if kind + suffix == "usual":
                history.epochs += last.epochs
                history.step_losses += last.step_losses
            history.diverged = history.diverged or last.diverged
            rows += _last_epoch(kind + suffix, last, run)
            rows += _endings(kind + suffix, ending, x, held_out, run)
    return Outcome(history_rows(history) + rows, history.diverged)


def _last_epoch(name: str, last: History, run: Run) -> list[dict]:
    epoch = last.epochs[-1]
    found = [(f"loss/{name}", epoch.loss), (f"accuracy/{name}", epoch.accuracy)]
    return rows_of([(what, run.epochs, 0, v) for what, v in found], "train")


def _endings(name: str, model: nn.Module, x: Tensor, held_out, run) -> list[dict]:
    """Evaluate with the statistics as they are, and with recomputed ones."""
    # A frozen layer would go on normalizing with its old statistics meanwhile.
    fresh = build(run).to(x.device)
    fresh.load_state_dict(model.state_dict())
    recompute_running(fresh, x, run.batch_size)
    found = []
    for which, network in ((name, model), (f"{name}+fresh", fresh)):
        loss, accuracy = loss_and_accuracy(network, *held_out)
        found.append((f"loss/{which}", run.epochs, 0, loss))
        found.append((f"accuracy/{which}", run.epochs, 0, accuracy))
    return rows_of(found, "test")


def _tensors(run: Run, device: str) -> tuple[Tensor, Pair]:
    (x, _), (held_x, held_y) = data(run.evaluate_on)
    return x.to(device), (held_x.to(device), held_y.to(device))


def _rms(x: Tensor) -> float:
    return x.double().square().mean().sqrt().item()


TRAIN_EVAL_GAP = Experiment(
    name="train-eval-gap",
    question="Why is evaluation mode worse than training mode, batch size by size?",
    variants=tuple(
        # The source's rate at its batch size, in proportion at the others.
        Run("lenet", "torch_batch", SOURCE_RATE * size / 256, size, epochs=5, seed=0)
        for size in SIZES
    ),
    carry_out=dissect,
)

FROZEN_FINISH = Experiment(
    name="frozen-finish",
    question="What does a last epoch with frozen statistics gain?",
    variants=tuple(
        Run("lenet", "torch_batch", lr, batch_size=256, epochs=10, seed=0)
        for lr in (0.1, SOURCE_RATE)
    ),
    carry_out=finish,
)
