"""LeNet on Fashion-MNIST: ``fit`` against d2l's loop, hand-written against built-in."""

import contextlib
import io
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch._inductor.utils import fresh_cache

from benchmarks.timing import repeated, take_turns, training_step, wall_seconds
from normlab.data import fashion_mnist
from normlab.layers import BatchNorm
from normlab.models import Norm, TorchBatchNorm, lenet, xavier
from normlab.training import fit

CHAPTERS = Path(__file__).resolve().parent.parent / "notebooks"
BATCH = 256
STEPS = 40  # per timed round; long against the clock, short against a lease
LEARNING_RATE = 1.0


def fit_over_d2l(device: str) -> dict[str, float]:
    """Time one epoch with evaluation, data loading included, with both loops.

    The same network, batch size and images; d2l with its own loader workers.
    """
    import matplotlib

    matplotlib.use("agg")  # d2l draws while it trains; nobody looks here
    from d2l import torch as d2l

    images = fashion_mnist()
    warnings.filterwarnings("ignore", module="torch.utils.data|d2l")  # its settings
    with contextlib.chdir(CHAPTERS):  # d2l looks for the images in ../data
        loaders = d2l.load_data_fashion_mnist(BATCH)
    on = torch.device(device)

    def by_d2l() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            d2l.train_ch6(lenet(TorchBatchNorm), *loaders, 1, LEARNING_RATE, on)

    def by_fit() -> None:
        epoch_of_fit(xavier(lenet(TorchBatchNorm)), images, device)

    seconds = take_turns({"d2l": by_d2l, "fit": by_fit}, device)
    return {
        "lenet_epoch_seconds_d2l": seconds["d2l"],
        "lenet_epoch_seconds_fit": seconds["fit"],
        "lenet_fit_over_d2l": seconds["d2l"] / seconds["fit"],
    }


def epoch_of_fit(model: nn.Module, images: tuple[Tensor, ...], device: str) -> None:
    """Train for an epoch on what ``fashion_mnist`` returned, and evaluate."""
    train_x, train_y, test_x, test_y = images
    fit(
        model,
        (train_x, train_y),
        {"test": (test_x, test_y)},
        epochs=1,
        lr=LEARNING_RATE,
        batch_size=BATCH,
        device=device,
    )


def hand_over_builtin(device: str, compiled: bool) -> dict[str, float]:
    """Time training steps of LeNet without, with hand-written, with built-in layers."""
    kind = "compiled" if compiled else "eager"
    norms = {"none": None, "hand": BatchNorm, "builtin": TorchBatchNorm}
    sides, result = {}, {}
    for name, norm in norms.items():
        with fresh_cache():  # or an earlier benchmark's kernels would be found
            sides[name], first = _steps(norm, device, compiled)
        if compiled:
            result[f"compile_seconds_{name}"] = first
    seconds = take_turns(sides, device)
    for name in norms:
        rate = BATCH * STEPS / seconds[name]
        result[f"examples_per_second_{name}_{kind}"] = rate
    result[f"hand_over_builtin_{kind}"] = seconds["builtin"] / seconds["hand"]
    result[f"builtin_over_none_{kind}"] = seconds["none"] / seconds["builtin"]
    return result


def steps_of(norm: Norm | None, steps: int) -> Callable[[], None]:
    """Return a function that takes so many steps on the CPU."""
    return repeated(_step(norm, "cpu", compiled=False), steps)


def _steps(
    norm: Norm | None, device: str, compiled: bool
) -> tuple[Callable[[], None], float]:
    """Return a function that takes ``STEPS`` steps, and its first step's seconds."""
    step = _step(norm, device, compiled)
    return repeated(step, STEPS), wall_seconds(step, device)


def _step(norm: Norm | None, device: str, compiled: bool) -> Callable[[], None]:
    torch.manual_seed(0)
    model = xavier(lenet(norm)).to(device)
    run_model = torch.compile(model) if compiled else model
    train_x, train_y, _, _ = fashion_mnist()
    x = (train_x[:BATCH].float() / 255).to(device)
    return training_step(run_model, x, train_y[:BATCH].to(device), LEARNING_RATE)
