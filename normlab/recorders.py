"""What happens inside a network while it trains: recorders for ``fit``.

A recorder is called at every step, after the backward pass and before the update. At
the steps it was given it takes a snapshot; ``arrays()`` returns them all. Recording
changes no number of the training: buffers, modes, gradients and random numbers are
afterwards what they were.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from normlab.evaluation import batch_norms, preserved, to_float, tracking_layers
from normlab.layers.batch import batch_stats
from normlab.layers.door import full
from normlab.training import Pair

PERCENTILES = (1, 5, 15, 25, 50, 75, 85, 95, 99)
ACTIVATIONS = (nn.Sigmoid, nn.Tanh, nn.ReLU)
# Edges of the histograms: fine near 0, coarse far out, the last ones at -64 and 64.
EDGES = np.sinh(np.linspace(-np.arcsinh(64), np.arcsinh(64), 81))
GRADIENT_EDGES = np.linspace(-12, 2, 57)  # log10 of the gradients' size
FLAT = 0.01  # an activation with a smaller slope passes hardly any gradient


def snapshot_steps(total: int, count: int = 48) -> list[int]:
    """Return about ``count`` steps of ``total``: half in equal steps, half early on.

    The first and the last step are among them.

    Raises:
        ValueError: fewer than two snapshots, or no step.
    """
    if total < 1 or count < 2:
        raise ValueError(
            f"total={total}, count={count}: take at least 1 step and 2 snapshots"
        )
    even = np.linspace(0, total - 1, count - count // 2)
    early = np.geomspace(1, max(total - 1, 1), count // 2)
    return sorted({min(int(s), total - 1) for s in np.concatenate([[0], even, early])})


class Snapshots:
    """Takes a snapshot, named arrays, at each of ``steps``."""

    def __init__(self, steps: Collection[int]) -> None:
        self.steps = frozenset(steps)
        self.taken: list[int] = []
        self._snapshots: list[dict[str, np.ndarray]] = []

    def __call__(self, step: int, model: nn.Module, batch: Pair, loss: Tensor) -> None:
        """Take a snapshot if it is time for one."""
        if step in self.steps:
            self.taken.append(step)
            self._snapshots.append(self.look(model, batch))

    def look(self, model: nn.Module, batch: Pair) -> dict[str, np.ndarray]:
        """Return this moment's arrays; a subclass says which."""
        raise NotImplementedError(f"{type(self).__name__} does not say what to record")

    def arrays(self) -> dict[str, np.ndarray]:
        """Return "steps" (T,) and, by name, the snapshots stacked: (T, ...)."""
        names = self._snapshots[0] if self._snapshots else ()
        return {"steps": np.array(self.taken)} | {
            name: np.stack([s[name] for s in self._snapshots]) for name in names
        }


class GammaAndBeta(Snapshots):
    """Gamma and beta of every layer with running statistics.

    Arrays: "gamma/0" (T, C) and "beta/0" (T, C) for the first layer, and so on, in
    the order of the model's definition. What a layer does not learn has no array.
    """

    def look(self, model: nn.Module, batch: Pair) -> dict[str, np.ndarray]:
        """Return the learned vectors of every layer."""
        found = {}
        for number, layer in enumerate(tracking_layers(model).values()):
            for name, learned in (("gamma", layer.weight), ("beta", layer.bias)):
                if learned is not None:
                    found[f"{name}/{number}"] = _numpy(learned)
        return found


class Updates(Snapshots):
    """Sizes of each parameter, its gradient and its update, in parameter order.

    Arrays: "parameter_norm", "gradient_norm", "update_norm", each (T, parameters). The
    update is measured, not computed: a step's is known when the next one begins, so a
    snapshot at the last step of a training has none and is left out. A parameter
    without a gradient, a frozen one, has gradient_norm NaN.
    """

    def __init__(self, steps: Collection[int]) -> None:
        super().__init__(steps)
        self._before: tuple[int, list[Tensor], dict] | None = None

    def __call__(self, step: int, model: nn.Module, batch: Pair, loss: Tensor) -> None:
        """Finish the last snapshot, and begin another if it is time for one."""
        parameters = list(model.parameters())
        if self._before is not None:
            then, values, sizes = self._before
            moved = [p.detach() - v for p, v in zip(parameters, values, strict=True)]
            self.taken.append(then)
            self._snapshots.append(sizes | {"update_norm": _norms(moved)})
            self._before = None
        if step in self.steps:
            sizes = {
                "parameter_norm": _norms([p.detach() for p in parameters]),
                "gradient_norm": _norms(
                    p.new_tensor(torch.nan) if p.grad is None else p.grad
                    for p in parameters
                ),
            }
            self._before = step, [p.detach().clone() for p in parameters], sizes


class Activations(Snapshots):
    """Distributions of what enters each normalizer and each activation function.

    The same ``probe`` images each time, in training mode as one batch. L counts the
    activation functions, in the order in which they are called. "pre" is what enters
    the normalizer, "post" what enters the activation function; without normalizers the
    two are one and only "post" is kept.

    Arrays: "pre", "post", "gradient" (T, L, 9): ``PERCENTILES`` of the values, and of
    the loss's gradient with respect to "post" times the number of images;
    "pre_histogram", "post_histogram" (T, L, 80): shares of the values between
    ``EDGES``; "gradient_histogram" (T, L, 56): of log10 of the gradients' sizes between
    ``GRADIENT_EDGES``; "flat" (T, L): share of values where the activation function's
    slope is below ``FLAT``; "stuck" (T, L): share of units where that holds for every
    image and place; "gradient_norm" (T, L): of the mean loss, over all values.

    Raises:
        ValueError: when it looks, the model calls no activation function it knows.
    """

    def __init__(
        self, probe: Pair, steps: Collection[int], *, histograms: bool = True
    ) -> None:
        super().__init__(steps)
        self.probe, self.histograms = probe, histograms

    def look(self, model: nn.Module, batch: Pair) -> dict[str, np.ndarray]:
        """Send the probe through the network and back, and describe what is met."""
        device = next(model.parameters()).device
        x, y = (tensor.to(device) for tensor in self.probe)
        with preserved(model), torch.random.fork_rng(), captured(model) as met:
            model.train()
            with torch.enable_grad():
                loss = F.cross_entropy(model(to_float(x, model)), y)
                if not met["post"]:
                    names = ", ".join(act.__name__ for act in ACTIVATIONS)
                    raise ValueError(
                        f"{type(model).__name__} calls no activation function that "
                        f"is a module among {names}"
                    )
                gradients = torch.autograd.grad(loss, met["post"])
        found = {"gradient_norm": _norms(gradients)}
        for name in ("pre", "post"):
            if met[name]:
                found |= self._describe(name, met[name], EDGES)
        found |= self._describe(
            "gradient", [g * len(y) for g in gradients], GRADIENT_EDGES, log=True
        )
        slopes = [
            _slope(act, v) for act, v in zip(met["act"], met["post"], strict=True)
        ]
        flat = [slope < FLAT for slope in slopes]
        found["flat"] = _stack(f.float().mean() for f in flat)
        found["stuck"] = _stack(_channels(f).all(1).float().mean() for f in flat)
        return found

    def _describe(self, name, values, edges, log=False) -> dict[str, np.ndarray]:
        flat = [_numpy(v).ravel() for v in values]
        found = {name: np.stack([np.percentile(v, PERCENTILES) for v in flat])}
        if self.histograms:
            if log:
                flat = [np.log10(np.maximum(np.abs(v), 1e-30)) for v in flat]
            counted = [_shares(v, edges) for v in flat]
            found[f"{name}_histogram"] = np.stack(counted)
        return {n: a.astype(np.float32) for n, a in found.items()}


class Statistics(Snapshots):
    """Running statistics of every layer, and those of a probe batch beside them.

    Arrays: "running_mean/0", "running_var/0", "batch_mean/0", "batch_var/0" (T, C), and
    so on, in the order of the model's definition. The batch's variance has the factor
    n/(n-1), as the running one has. Of a layer called several times the last call
    counts; one that is not called has no batch's arrays.

    Raises:
        TypeError: when it looks, a layer is not plain batch normalization.
    """

    def __init__(self, probe: Pair, steps: Collection[int]) -> None:
        super().__init__(steps)
        self.probe = probe

    @torch.no_grad()
    def look(self, model: nn.Module, batch: Pair) -> dict[str, np.ndarray]:
        """Compare what the layers remember with what the probe says."""
        layers = list(batch_norms(model).values())
        x = self.probe[0].to(next(model.parameters()).device)
        with preserved(model), torch.random.fork_rng(), inputs_of(layers) as met:
            model.train()
            model(to_float(x, model))
        values, found = dict(met), {}
        for number, layer in enumerate(layers):
            found[f"running_mean/{number}"] = _numpy(layer.running_mean)
            found[f"running_var/{number}"] = _numpy(layer.running_var)
            if layer in values:
                mean, var = batch_stats(full(values[layer]))
                n = values[layer].numel() // values[layer].shape[1]
                found[f"batch_mean/{number}"] = _numpy(mean)
                found[f"batch_var/{number}"] = _numpy(var * n / (n - 1))
        return found


class Turns:
    """How long weights are after updates, and by which angle an update turns them.

    Called after each update: ``fit(after=[...])``.

    Args:
        weights: tensors by name, which the training changes in place.
        every: updates over which the angles are averaged, and after which the norms
            are kept.

    Raises:
        ValueError: no weights, or ``every`` is not positive.
    """

    def __init__(self, weights: Mapping[str, Tensor], every: int = 1) -> None:
        if not weights or every < 1:
            raise ValueError(
                f"{len(weights)} weights, every={every}: give some weights, and at "
                "least one update for each record"
            )
        self.weights, self.every = dict(weights), every
        self._before = self._directions()
        self._sums = np.zeros(len(self.weights))
        self._first = _norms([w.detach() for w in self.weights.values()])
        self._kept: dict[str, list] = {"steps": [], "norms": [], "angles": []}

    @torch.no_grad()
    def __call__(self, step: int, model: nn.Module) -> None:
        """Add the angles of this update; keep a record if it is time to."""
        now = self._directions()
        # Not by the cosine: of an angle this small it is 1 in single precision.
        chords = _norms([a - b for a, b in zip(now, self._before, strict=True)])
        self._sums += 2 * np.arcsin(np.minimum(chords / 2, 1))
        self._before = now
        if step % self.every == 0:
            self._kept["steps"].append(step)
            self._kept["norms"].append(_norms(list(self.weights.values())))
            self._kept["angles"].append(self._sums / self.every)
            self._sums = np.zeros(len(self.weights))

    def _directions(self) -> list[Tensor]:
        return [w.detach() / w.detach().norm() for w in self.weights.values()]

    def arrays(self) -> dict[str, np.ndarray]:
        """Return "steps" (T,), "norms" and "angles", in radians, (T, weights).

        And "first", the norms before any update, (weights,).
        """
        types = {"steps": np.int32, "norms": np.float32, "angles": np.float32}
        found = {name: np.array(self._kept[name], kind) for name, kind in types.items()}
        return found | {"first": np.array(self._first, np.float32)}


class RunningBank:
    """Running statistics with many momenta at once, beside the layers' own.

    Use as a context manager around a training; it looks at training's own forward
    passes, which those of ``Activations`` look like: do not use the two together.
    ``means`` and ``variances`` map a layer's name to (momenta, C); the
    variances are biased.

    Raises:
        TypeError: a layer is not plain batch normalization.
    """

    def __init__(self, model: nn.Module, momenta: Collection[float]) -> None:
        self.layers, self.momenta = batch_norms(model), tuple(momenta)
        self.means: dict[str, Tensor] = {}
        self.variances: dict[str, Tensor] = {}
        self._handles: list = []

    def __enter__(self) -> "RunningBank":
        for name, layer in self.layers.items():
            start = full(layer.running_mean).new_zeros(
                len(self.momenta), layer.num_features
            )
            self.means[name], self.variances[name] = start, torch.ones_like(start)
            self._handles.append(layer.register_forward_pre_hook(self._follow(name)))
        return self

    def __exit__(self, *exception) -> None:
        for handle in self._handles:
            handle.remove()

    def _follow(self, name: str) -> Callable:
        weight = torch.tensor(self.momenta, dtype=torch.float64).view(-1, 1)

        def follow(layer: nn.Module, arguments: tuple[Tensor]) -> None:
            if layer.training and torch.is_grad_enabled():  # not in evaluation
                mean, var = batch_stats(full(arguments[0].detach()))
                share = weight.to(mean)
                self.means[name].lerp_(mean.expand_as(self.means[name]), share)
                self.variances[name].lerp_(var.expand_as(self.means[name]), share)

        return follow


@contextmanager
def captured(model: nn.Module) -> Iterator[dict[str, list]]:
    """Collect what enters normalizers ("pre") and activations ("post").

    "act" holds the activation functions themselves. All in the order of the calls.
    """
    acts = [m for m in model.modules() if isinstance(m, ACTIVATIONS)]
    layers = tracking_layers(model).values()
    met: dict[str, list] = {"pre": [], "post": [], "act": []}

    def at_act(act: nn.Module, x: Tensor) -> None:
        met["act"].append(act)
        met["post"].append(x)

    with (
        _entered(layers, lambda _, x: met["pre"].append(x)),
        _entered(acts, at_act),
    ):
        yield met


@contextmanager
def inputs_of(
    modules: Collection[nn.Module],
) -> Iterator[list[tuple[nn.Module, Tensor]]]:
    """Collect (module, its input) in the order of the calls; the hooks then go."""
    met: list[tuple[nn.Module, Tensor]] = []
    with _entered(modules, lambda module, x: met.append((module, x))):
        yield met


@contextmanager
def _entered(
    modules: Collection[nn.Module], see: Callable[[nn.Module, Tensor], None]
) -> Iterator[None]:
    """Call ``see(module, input)`` before each module; the hooks then go."""

    def hook(module: nn.Module, arguments: tuple[Tensor]) -> tuple[Tensor] | None:
        see(module, arguments[0])
        # A module that works in place gets another tensor than the one collected.
        in_place = getattr(module, "inplace", False)
        return (arguments[0].clone(),) if in_place else None

    handles = [m.register_forward_pre_hook(hook) for m in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _slope(act: nn.Module, x: Tensor) -> Tensor:
    """Return the derivative of an elementwise function, as a share of its largest."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        (slope,) = torch.autograd.grad(act(x.clone()).sum(), x)  # it may be in place
    return slope * (4.0 if isinstance(act, nn.Sigmoid) else 1.0)


def _channels(x: Tensor) -> Tensor:
    """Return (N, C, *) as (C, values)."""
    return x.transpose(0, 1).flatten(1)


def _shares(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return shares between edges; what lies outside counts in the outermost bins."""
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return counts / max(values.size, 1)


def _norms(tensors: Collection[Tensor]) -> np.ndarray:
    return _stack(t.norm() for t in tensors)


def _stack(scalars: Iterator[Tensor]) -> np.ndarray:
    return torch.stack(list(scalars)).float().cpu().numpy()


def _numpy(x: Tensor) -> np.ndarray:
    return full(x.detach()).cpu().numpy().copy()  # NumPy has no bfloat16
