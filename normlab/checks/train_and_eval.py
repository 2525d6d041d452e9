"""Self-checks of the chapter on training mode and evaluation mode."""

import copy
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

from normlab.checks.verdict import Verdict, alike, check, number, random, undisturbed
from normlab.layers import BatchNorm, FrozenBatchNorm


@undisturbed()
def recompute(function: Callable[[nn.Module, Sequence[Tensor]], object]) -> Verdict:
    """Check ``(model, batches)``, which sets running statistics to plain averages."""

    def batches() -> list[Tensor]:
        return [random(8, 1, 6, 6, seed=s) * (1 + s) + s for s in range(4)]

    def done() -> tuple[nn.Module, nn.Module]:
        before = _small_network()
        after = copy.deepcopy(before)
        function(after, batches())
        return before, after

    def averaged(buffer: str, statistic: Callable[[Tensor], Tensor]) -> bool:
        before, after = done()
        expected = _plain_averages(before, batches(), statistic)
        found = [getattr(after[place], buffer) for place in expected]
        return all(
            alike(a, b, rtol=1e-4, atol=1e-5)
            for a, b in zip(found, expected.values(), strict=True)
        )

    def rest_is_untouched() -> bool:
        before, after = done()
        pairs = zip(before.parameters(), after.parameters(), strict=True)
        settings = [
            [(layer.training, getattr(layer, "momentum", None)) for layer in model]
            for model in (before, after)
        ]
        return all(map(torch.equal, *zip(*pairs, strict=True))) and (
            settings[0] == settings[1]
        )

    return check(
        {
            "means are plain averages, the past forgotten": (
                lambda: averaged("running_mean", lambda rows: rows.mean(1))
            ),
            "variances are averages of the unbiased ones": (
                lambda: averaged("running_var", lambda rows: rows.var(1))
            ),
            "weights, modes and momenta are what they were": rest_is_untouched,
        }
    )


@undisturbed()
def scatter_factor(function: Callable[[float], float]) -> Verdict:
    """Check a function from PyTorch's momentum to the scatter left in the average."""

    def same(momentum: float) -> bool:
        back = torch.arange(20_000, dtype=torch.float64)
        weights = momentum * (1 - momentum) ** back  # of each past batch
        expected = weights.square().sum().sqrt().item()
        return abs(number(function(momentum)) - expected) < 1e-4

    return check(
        {
            f"momentum {momentum:g}": lambda momentum=momentum: same(momentum)
            for momentum in (0.01, 0.1, 0.5, 1.0)
        }
    )


@undisturbed()
def moving_layers(function: Callable[[nn.Module], Iterable[str]]) -> Verdict:
    """Check a function that names the layers whose statistics a pass would move."""

    def same(change: Callable[[nn.Module], object]) -> bool:
        model = _mixed_network()
        change(model)
        moved = _moved(model)
        return sorted(function(model)) == sorted(moved)

    return check(
        {
            "in training mode": lambda: same(nn.Module.train),
            "in evaluation mode": lambda: same(nn.Module.eval),
            "parameters without gradient": lambda: same(
                lambda model: model.requires_grad_(False)
            ),
            "one block in evaluation mode": lambda: same(lambda model: model[3].eval()),
        }
    )


def _small_network() -> nn.Module:
    """A network whose layers have seen other batches, one of them in eval mode."""
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3),
        nn.BatchNorm2d(3),
        nn.Sigmoid(),
        nn.Flatten(),
        nn.Linear(48, 5),
        nn.BatchNorm1d(5, momentum=0.3),
    )
    for seed in range(10, 13):
        model(random(8, 1, 6, 6, seed=seed))
    model[-1].eval()
    return model


def _plain_averages(model, batches, statistic) -> dict[int, Tensor]:
    """Return for each layer the mean over batches of a statistic of its channels."""
    model, seen = copy.deepcopy(model).double().train(), {}
    for batch in batches:
        x = batch.double()
        for place, layer in enumerate(model):
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                rows = x.transpose(0, 1).flatten(1)  # (C, values per channel)
                seen.setdefault(place, []).append(statistic(rows))
            x = layer(x)
    return {
        place: torch.stack(values).mean(0).detach().float()
        for place, values in seen.items()
    }


def _mixed_network() -> nn.Module:
    return nn.Sequential(
        nn.Linear(4, 4),
        nn.BatchNorm1d(4),
        nn.BatchNorm1d(4, track_running_stats=False),
        nn.Sequential(nn.Linear(4, 4), BatchNorm(4), nn.Dropout()),
        FrozenBatchNorm(4),
        BatchNorm(4),
    )


def _moved(model: nn.Module) -> list[str]:
    """Send a batch through a copy and name the layers whose buffers changed."""
    tried = copy.deepcopy(model)
    before = {name: b.clone() for name, b in tried.named_buffers()}
    tried(random(8, 4) + 3)
    return [
        name.removesuffix(".running_mean")
        for name, buffer in tried.named_buffers()
        if name.endswith("running_mean") and not torch.equal(buffer, before[name])
    ]
