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
from normlab.runs.execute import build, data, train_on
from normlab.runs.protocol import ANOTHER_ORDER, SOURCE_RATE
from normlab.runs.rows import history_rows, row, score_rows
from normlab.training import History, Pair

SIZES = (4, 16, 64, 256)
MOMENTA = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
DISSECTED = 3  # the last so many epochs, each at its end
SLOW = 0.01  # of the learning rate, in a last epoch that only tunes


def state_name(swapped: frozenset[str]) -> str:
    """Return what the table says of a state: "lag+factor", or "nothing"."""
    return "+".join(part for part in PARTS if part in swapped) or "nothing"


def dissect(run: Run, device: str) -> Outcome:
    """Train the run; after each late epoch swap each part of the gap by itself.

    Two controls follow the last epoch: with exact averages in the place of the
    running ones the lag is nothing, with the biased variance the factor is nothing.
    """
    model, history, rows = build(run), History(), []
    with RunningBank(model.to(device), MOMENTA) as bank:
        for epoch in range(1, run.epochs + 1):
            order = run.seed + ANOTHER_ORDER * (epoch - 1)
            history.extend(train_on(model, run, device, epochs=1, seed=order))
            if history.diverged:
                break
            if epoch > run.epochs - DISSECTED:
                at = {"epoch": epoch, "step": len(history.step_losses)}
                rows += _gap(model, bank, run, device, at)
    return Outcome(history_rows(history) + rows, history.diverged)


def _gap(model: nn.Module, bank: RunningBank, run: Run, device, at) -> list[dict]:
    x, held_out = _tensors(run, device)
    observed = observe_batches(model, x, run.batch_size)
    averages = average(observed)
    order = ANOTHER_ORDER * run.seed + at["epoch"]
    batches = {"batch_size": run.batch_size, "seed": order}
    at = at | {"split": run.evaluate_on}
    rows = _scores(score_states(model, averages, *held_out, **batches), at)
    if at["epoch"] == run.epochs:
        whole = average(observe_batches(model, x, 10000))
        rows += _errors(model, bank, observed, averages, whole, at)
        rows += _controls(model, averages, x, held_out, batches, at)
    return rows


def _scores(scores: dict, at: dict) -> list[dict]:
    rows = []
    for swapped, pair in scores.items():
        name = state_name(swapped)
        rows += score_rows(pair, statistics="mixed", swapped=name, **at)
    return rows


def _controls(model, averages: Statistics, x, held_out, batches, at) -> list[dict]:
    exact = copy.deepcopy(model)
    recompute_running(exact, x, batches["batch_size"])
    without_lag = score_states(exact, averages, *held_out, **batches)
    biased = score_states(model, averages, *held_out, **batches, unbiased=False)
    return [
        *_scores(without_lag, at | {"control": "exact"}),
        *_scores(biased, at | {"control": "biased"}),
    ]


def _errors(model, bank, observed, averages, whole, at) -> list[dict]:
    """Errors of running averages, by momentum, and how far batches scatter.

    Root mean squares over a layer's channels: of means in standard deviations, of
    variances as the logarithm of a ratio.
    """
    rows = []
    for number, name in enumerate(tracking_layers(model)):
        here = at | {"split": "train", "layer": number}
        mean, var = averages[name]
        means, variances = observed[name]
        scatter = (means - mean) / var.sqrt(), variances / var - 1
        rows.append(row("scatter_mean", _rms(scatter[0]), **here))
        rows.append(row("scatter_var", _rms(scatter[1]), **here))
        ratio = (averages[name][1] / whole[name][1]).mean().item()
        rows.append(row("batch_over_whole_var", ratio, **here))
        for place, momentum in enumerate(bank.momenta):
            kept = here | {"running_momentum": momentum}
            off = (bank.means[name][place] - mean) / var.sqrt()
            log = (bank.variances[name][place] / var).log()
            rows.append(row("error_mean", _rms(off), **kept))
            rows.append(row("error_var", _rms(log), **kept))
    return rows


def finish(run: Run, device: str) -> Outcome:
    """Train all but the last epoch, then end in several ways on the same batches.

    "usual" trains on; "frozen" keeps the running statistics as they are and
    normalizes with them; "recomputed" does so with statistics recomputed first. Each
    once at the rate of the run, and once at a hundredth of it.
    """
    model = build(run)
    history = train_on(model, run, device, epochs=run.epochs - 1)
    if history.diverged:
        return Outcome(history_rows(history), history.diverged)
    done = len(history.step_losses)
    at = {"epoch": run.epochs - 1, "step": done, "ending": "before"}
    rows = _scored(model, run, device, at)
    for share in (1.0, SLOW):
        for kind in ("usual", "frozen", "recomputed"):
            ended, last = _ended(model, kind, share, run, device)
            if kind == "usual" and share == 1.0:
                history.extend(last)
            history.diverged = history.diverged or last.diverged
            at = {"epoch": run.epochs, "step": done + len(last.step_losses)}
            at |= {"ending": kind, "ending_rate": share}
            trained = last.epochs[-1].loss, last.epochs[-1].accuracy
            rows += score_rows(trained, split="train", **at)
            rows += _scored(ended, run, device, at)
    return Outcome(history_rows(history) + rows, history.diverged)


def _ended(model, kind: str, share: float, run, device) -> tuple[nn.Module, History]:
    """Return a copy after its last epoch, at this share of the rate, and that epoch."""
    ending = copy.deepcopy(model)
    if kind == "recomputed":
        recompute_running(ending, _tensors(run, device)[0], run.batch_size)
    if kind != "usual":
        freeze_statistics(ending)
    options = {"epochs": 1, "lr": share * run.lr, "seed": run.seed + ANOTHER_ORDER}
    return ending, train_on(ending, run, device, **options)


def _scored(model: nn.Module, run: Run, device: str, at: dict) -> list[dict]:
    """Evaluate with the statistics as they are, and with recomputed ones."""
    x, held_out = _tensors(run, device)
    # A frozen layer would go on normalizing with its old statistics meanwhile.
    fresh = build(run).to(x.device)
    fresh.load_state_dict(model.state_dict())
    recompute_running(fresh, x, run.batch_size)
    at = at | {"split": run.evaluate_on}
    rows = []
    for kind, network in (("running", model), ("recomputed", fresh)):
        rows += score_rows(loss_and_accuracy(network, *held_out), statistics=kind, **at)
    return rows


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
