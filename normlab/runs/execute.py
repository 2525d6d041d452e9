"""Carry out runs: one in this process, or many through joblib."""

import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import cache, partial
from itertools import takewhile

import torch
from joblib import Parallel, delayed, parallel_config
from torch import nn
from tqdm.auto import tqdm

from normlab.data import fashion_mnist, training_validation_split
from normlab.evaluation import kinds_of_statistics
from normlab.models import link_kalman, scale_weights
from normlab.runs import store
from normlab.runs.clusters import CLUSTERS, joined
from normlab.runs.config import CONSTANT, Experiment, Outcome, Run
from normlab.runs.fingerprint import fingerprint
from normlab.runs.provenance import circumstances, code_state
from normlab.runs.quicker import quicker
from normlab.runs.registry import (
    ARRANGEMENTS,
    AUGMENTS,
    INITS,
    MODELS,
    NORMS,
    SCHEDULES,
    TRANSFORMS,
)
from normlab.runs.rows import history_rows
from normlab.runs.workers import end_with, reuse_memory
from normlab.schedules import Schedule
from normlab.training import History, Pair, Recorder, fit


def build(run: Run) -> nn.Module:
    """Return the run's model with the weights that its seed draws.

    Normalizers draw nothing, so all of them start from the same weights.
    """
    torch.manual_seed(run.seed)
    model = INITS[run.init](MODELS[run.model](**NORMS[run.norm]))
    if run.gain != 1.0:
        scale_weights(model, run.gain)
    return link_kalman(quicker(model.to(getattr(torch, run.dtype))))


def train(
    run: Run,
    device: str = "cpu",
    *,
    max_steps: int | None = None,
    recorders: Iterable[Recorder] = (),
) -> tuple[nn.Module, History]:
    """Train the run's model and return it with its history."""
    model, options = build(run), {"recorders": recorders}
    if max_steps is not None:
        options["max_steps"] = max_steps
    return model, train_on(model, run, device, **options)


def train_on(model: nn.Module, run: Run, device: str = "cpu", **options) -> History:
    """Train ``model`` as the run says; ``options`` of ``fit`` override it."""
    settings = {
        "epochs": run.epochs,
        "lr": _rate(run),
        "max_steps": run.steps or None,
        "drop_last": run.drop_last,
        "batch_size": run.batch_size,
        "momentum": run.momentum,
        "weight_decay": run.weight_decay,
        "decay_norms": run.decay_norms,
        "seed": run.seed,
        "optimizer": run.optimizer,
        "transforms": _transforms(model, run),
        "augment": AUGMENTS[run.augment] if run.augment else None,
        "arrange": ARRANGEMENTS[run.arrange] if run.arrange else None,
        "statistics": kinds_of_statistics(model),
    }
    evaluate = {run.evaluate_on: data(run.evaluate_on)[1]}
    return fit(model, trained_on(run), evaluate, device=device, **settings | options)


def trained_on(run: Run) -> Pair:
    """Return the images that a run is trained on, and their labels."""
    x, y = data(run.evaluate_on)[0]
    return (x[: run.images], y[: run.images]) if run.images else (x, y)


def _transforms(model: nn.Module, run: Run) -> list[Recorder]:
    return [TRANSFORMS[run.transform](model, run)] if run.transform else []


def _rate(run: Run) -> float | Schedule:
    if run.schedule == CONSTANT:
        return run.lr
    return SCHEDULES[run.schedule](run.lr, updates(run))


def updates(run: Run) -> int:
    """Return how many updates the run makes if nothing stops it."""
    images = len(trained_on(run)[1])
    round_up = 0 if run.drop_last else run.batch_size - 1
    steps = run.epochs * ((images + round_up) // run.batch_size)
    return min(steps, run.steps) if run.steps else steps


def quick(experiment: Experiment) -> Experiment:
    """Return the experiment with one seed, and a tenth of each run's updates.

    It shows within minutes whether everything runs, and nothing about its question.
    """
    return replace(
        experiment, variants=tuple(map(_tenth, experiment.variants)), seeds=1
    )


def _tenth(run: Run) -> Run:
    steps = max(1, updates(run) // 10)
    # Two at least: some train their last epoch in another way than those before.
    epochs = min(run.epochs, max(2, -(-run.epochs // 10)))
    return replace(run, epochs=epochs, steps=steps)


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
    minutes: float | None = None,
) -> int:
    """Record every run that is not recorded yet; return how many were new.

    Each finished run is on disk at once: after an interruption the next call
    does only what is left. Runs that another process has in hand are left to it.
    After ``minutes`` no further run is begun.

    Raises:
        ResultsError: what is recorded is damaged, or nothing can be written; before
            the first run.
    """
    name = store.table_name(experiment.name, device)
    wanted = experiment.runs(seeds)
    store.check(name)
    done = store.finished(name)
    todo = [run for run in wanted if run.key not in done]
    if not todo:
        return 0
    store.check_writable(name)
    tasks = _tasks(experiment, todo, device)
    ends = math.inf if minutes is None else time.monotonic() + 60 * minutes
    new = 0
    reuse_memory()
    work = {"loky": partial(_as_child, os.getpid())}.get(backend, record)
    if backend in CLUSTERS:
        work = partial(_on_cluster, str(store.folder()), name)
    with (
        store.claims(name) as take,
        joined(backend),
        parallel_config(backend=backend, n_jobs=jobs or (-1 if device == "cpu" else 1)),
    ):
        # Asked one by one while others run: another process may have been quicker.
        mine = (
            delayed(work)(*task)
            for task in takewhile(lambda _: time.monotonic() < ends, tasks)
            if take(task[0].key) and task[0].key not in store.finished(name)
        )
        # Closed at once if a result cannot be saved: that stops the workers.
        with closing(_results(mine, backend)) as results:
            for finished in tqdm(results, name, len(todo), unit="run"):
                if finished is not None:
                    store.save(name, *finished)
                new += 1
    store.merge(name)
    return new


def _tasks(experiment: Experiment, todo: list[Run], device: str) -> list[tuple]:
    """Return the arguments of ``record`` for each run, with the code as it is now."""
    state = code_state() | {"rules": store.rules(experiment.name)}
    carry_out = experiment.carry_out or keep_history
    prints = [{"fingerprint": fingerprint(run, carry_out)} for run in todo]
    return [
        (run, device, state | code, carry_out)
        for run, code in zip(todo, prints, strict=True)
    ]


def _results(tasks: Iterable, backend: str) -> Iterator:
    form = "list" if backend == "ray" else "generator_unordered"  # Ray knows no other
    # No queue of runs: what is not begun can be left.
    yield from Parallel(return_as=form, pre_dispatch="n_jobs")(tasks)


def _as_child(parent: int, *task) -> tuple[Run, Outcome, dict]:
    end_with(parent)
    return record(*task)


def _on_cluster(folder: str, name: str, *task) -> None:
    """Carry out a run and save it from here: Ray hands no result over before all."""
    os.environ["NORMLAB_RESULTS"] = folder
    store.save(name, *record(*task))


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
