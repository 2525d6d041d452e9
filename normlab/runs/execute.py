"""Carry out runs: one in this process, or many through joblib."""

import time
from collections.abc import Callable, Iterable
from functools import cache, partial

import torch
from joblib import Parallel, delayed, parallel_config
from torch import nn
from tqdm.auto import tqdm

from normlab.data import fashion_mnist, training_validation_split
from normlab.layers import BatchNorm, GhostBatchNorm
from normlab.models import Norm, gaussian, lenet, mlp, xavier
from normlab.runs import store
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.provenance import circumstances, code_state
from normlab.training import History, Pair, Recorder, fit, gamma_and_beta

GHOSTS = (2, 4, 16, 64)  # examples that share statistics
STEPS_KEPT = 20  # losses of the first steps, to compare layers and machines by


def torch_batch_norm(num_features: int) -> nn.Module:
    """PyTorch's own layer: in ``lenet`` 6 and 16 channels are the convolutions'."""
    convolutional = num_features in (6, 16)
    return (nn.BatchNorm2d if convolutional else nn.BatchNorm1d)(num_features)


def torch_group_norm(num_features: int) -> nn.Module:
    """PyTorch's own layer with two groups."""
    return nn.GroupNorm(2, num_features)


def torch_layer_norm(num_features: int) -> nn.Module:
    """PyTorch's own layer over (C, H, W), with gamma and beta per channel."""
    return nn.GroupNorm(1, num_features)


def torch_instance_norm(num_features: int) -> nn.Module:
    """PyTorch's own layer after convolutions; elsewhere a channel has one value."""
    if num_features in (6, 16):
        return nn.InstanceNorm2d(num_features, affine=True)
    return nn.Identity()


def torch_batch_norm_of_maps(num_features: int) -> nn.Module:
    """PyTorch's own layer where instance normalization has a place, and only there."""
    return nn.BatchNorm2d(num_features) if num_features in (6, 16) else nn.Identity()


def sigmoid_mlp(norm: Norm | None) -> nn.Module:
    """The toy network of Ioffe and Szegedy 2015: 3 hidden layers of 100 sigmoids."""
    return mlp(4, 100, norm, act=nn.Sigmoid)


def xavier_gamma_0(model: nn.Module) -> nn.Module:
    """Xavier's weights, and gamma 0 in every normalizer."""
    for parameter in gamma_and_beta(xavier(model)):
        nn.init.zeros_(parameter)  # beta is 0 already
    return model


MODELS: dict[str, Callable[[Norm | None], nn.Module]] = {
    "lenet": lenet,
    "sigmoid_mlp": sigmoid_mlp,
}
NORMS: dict[str, Norm | None] = {
    "none": None,
    "batch": BatchNorm,
    "torch_batch": torch_batch_norm,
    "torch_group": torch_group_norm,
    "torch_layer": torch_layer_norm,
    "torch_instance": torch_instance_norm,
    "torch_batch_maps": torch_batch_norm_of_maps,
    **{f"ghost_{size}": partial(GhostBatchNorm, ghost_size=size) for size in GHOSTS},
}
INITS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "xavier": xavier,
    "xavier_gamma_0": xavier_gamma_0,
    "gaussian_0.1": partial(gaussian, std=0.1),
}


def build(run: Run) -> nn.Module:
    """Return the run's model with the weights that its seed draws.

    Normalizers draw nothing, so all of them start from the same weights.
    """
    torch.manual_seed(run.seed)
    model = MODELS[run.model](NORMS[run.norm])
    return INITS[run.init](model).to(getattr(torch, run.dtype))


def train(
    run: Run,
    device: str = "cpu",
    *,
    max_steps: int | None = None,
    recorders: Iterable[Recorder] = (),
) -> tuple[nn.Module, History]:
    """Train the run's model and return it with its history."""
    model = build(run)
    return model, train_on(model, run, device, max_steps=max_steps, recorders=recorders)


def train_on(model: nn.Module, run: Run, device: str = "cpu", **options) -> History:
    """Train ``model`` as the run says; ``options`` of ``fit`` override it."""
    training, held_out = data(run.evaluate_on)
    settings = {
        "epochs": run.epochs,
        "lr": run.lr,
        "batch_size": run.batch_size,
        "momentum": run.momentum,
        "weight_decay": run.weight_decay,
        "decay_norms": run.decay_norms,
        "seed": run.seed,
        "statistics": ("running",) if run.norm == "none" else ("running", "batch"),
    }
    evaluate = {run.evaluate_on: held_out}
    return fit(model, training, evaluate, device=device, **settings | options)


def keep_history(run: Run, device: str) -> Outcome:
    """Train the run and keep its history."""
    _, history = train(run, device)
    return Outcome(history_rows(history), history.diverged)


def record(
    run: Run, device: str, code: dict, carry_out: Callable[[Run, str], Outcome]
) -> tuple[Run, Outcome, dict]:
    """Carry out one run and return it with what it left and its provenance."""
    if device == "cpu":
        torch.set_num_threads(1)  # the numbers must not depend on the cores
    began = time.perf_counter()
    outcome = carry_out(run, device)
    about = code | circumstances(device, time.perf_counter() - began)
    return run, outcome, about | {"diverged": outcome.diverged}


def record_all(
    experiment: Experiment,
    *,
    seeds: int | None = None,
    device: str = "cpu",
    backend: str = "loky",
    jobs: int | None = None,
) -> int:
    """Record every run that is not recorded yet; return how many were new.

    Each finished run is on disk at once: after an interruption the next call
    does only what is left.
    """
    name = store.table_name(experiment.name, device)
    done = store.finished(name)
    todo = [run for run in experiment.runs(seeds) if run.key not in done]
    jobs = jobs or (-1 if device == "cpu" else 1)
    code = code_state()
    # Only these back ends hand results back one by one.
    stepwise = backend in ("loky", "threading", "dask")
    with parallel_config(backend=backend, n_jobs=jobs):
        pool = Parallel(return_as="generator_unordered" if stepwise else "list")
        carry_out = experiment.carry_out or keep_history
        results = pool(delayed(record)(run, device, code, carry_out) for run in todo)
        for finished in tqdm(results, total=len(todo), desc=name, unit="run"):
            store.save(name, *finished)
    store.merge(name)
    return len(todo)


@cache
def data(evaluate_on: str) -> tuple[Pair, Pair]:
    """Return the training pair and the held-out pair of "test" or "validation"."""
    train_x, train_y, test_x, test_y = fashion_mnist()
    if evaluate_on == "test":
        return (train_x, train_y), (test_x, test_y)
    if evaluate_on == "validation":
        fit_x, fit_y, val_x, val_y = training_validation_split(train_x, train_y)
        return (fit_x, fit_y), (val_x, val_y)
    raise ValueError(f"evaluate_on={evaluate_on!r}; use 'test' or 'validation'")


def history_rows(history: History) -> list[dict]:
    """Return a history as rows of the tidy table."""
    first = history.step_losses[:STEPS_KEPT]
    rows = store.rows_of(
        [("step_loss", 1, step, loss) for step, loss in enumerate(first)], "train"
    )
    steps_per_epoch = len(history.step_losses) / max(len(history.epochs), 1)
    for number, epoch in enumerate(history.epochs, start=1):
        at = (number, round(number * steps_per_epoch))
        seen = [("loss", *at, epoch.loss), ("accuracy", *at, epoch.accuracy)]
        rows += store.rows_of([*seen, ("seconds", *at, epoch.seconds)], "train")
        for (split, statistics), (loss, accuracy) in epoch.evaluated.items():
            suffix = "" if statistics == "running" else "_batch_statistics"
            scores = [
                (f"loss{suffix}", *at, loss),
                (f"accuracy{suffix}", *at, accuracy),
            ]
            rows += store.rows_of(scores, split)
    return rows
