"""Batch normalization preconditioning (Lange, Helfrich and Ye 2022, arXiv 2108.01110).

Nothing is normalized in the forward pass. The gradient of a layer W h + b is turned
into the step that plain descent would make if the layer saw (h - mean) / deviation in
the place of h, said in terms of W and b:

    q^2 = max(inputs of a unit / examples of the batch, 1)
    g_W' = (g_W - mean g_b) / (q^2 (var + eps1 max(var) + eps2))
    g_b' = g_b / q^2 - mean . g_W'

The core (q = 1, no eps) is derived, and tested to be that descent. How momentum, eps1,
eps2 and q enter, and their values, is from memory of the paper.
"""

from functools import partial

import torch
from torch import Tensor, nn

from normlab.layers.door import check_input, full, without_autocast
from normlab.layers.formula import moments

WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
Moments = tuple[Tensor, Tensor]  # mean (C,), variance (C,) of what enters a layer


def precondition(
    weight_grad: Tensor,
    bias_grad: Tensor,
    mean: Tensor,
    var: Tensor,
    examples: int | None = None,
    eps1: float = 1e-2,
    eps2: float = 1e-4,
) -> tuple[Tensor, Tensor]:
    """Return the gradients of weight and bias as the equations above turn them.

    All places of a kernel share the mean and the variance of their input channel. What
    a convolution pads with zeros is counted as if it were like the rest. Half precision
    is computed in float32.

    Args:
        weight_grad: of a dense layer (out, in), of a convolution (out, in, *kernel).
        bias_grad: (out,).
        mean: of what enters the layer, a number a feature or channel, (in,).
        var: likewise.
        examples: of the batch, for q; None means enough of them, q = 1.
        eps1: share of the largest variance that is added to each.
        eps2: added to each variance.

    Raises:
        RuntimeError: the shapes do not belong together.
        ValueError: ``examples`` is below 1, or an eps is negative.
        NotImplementedError: the gradients are not real floating point.
    """
    _check(weight_grad, bias_grad, mean, var, examples, eps1, eps2)
    g_weight, g_bias = full(weight_grad), full(bias_grad)
    mean, var = mean.to(g_weight.dtype), var.to(g_weight.dtype)
    per_input = (1, -1, *[1] * (g_weight.dim() - 2))
    fan_in = g_weight.shape[1:].numel()
    q2 = 1.0 if examples is None else max(fan_in / examples, 1.0)
    floored = var + eps1 * var.max() + eps2
    g_bias = g_bias / q2
    centred = g_weight / q2 - mean.view(per_input) * _per_output(g_bias, g_weight)
    new_weight = centred / floored.view(per_input)
    new_bias = g_bias - (mean.view(per_input) * new_weight).flatten(1).sum(1)
    return new_weight.to(weight_grad.dtype), new_bias.to(bias_grad.dtype)


def remember(old: Moments, new: Moments, momentum: float) -> Moments:
    """Return the moments of a mixture: ``momentum`` of the new values, the rest old.

    The last term is the spread between the two means. Large batches hardly need it; a
    single example has no other spread, and without it a stream of them would be taken
    for constant. (Whether the paper has it we do not know.)
    """
    shift = new[0] - old[0]
    mean = old[0] + momentum * shift
    within = (1 - momentum) * old[1] + momentum * new[1]
    return mean, within + momentum * (1 - momentum) * shift**2


class Preconditioning:
    """Preconditions the gradients of a model's dense and convolutional layers.

    Call it after each backward pass and before the update. What entered a layer is seen
    in the last forward pass that kept a graph, and is remembered when the object is
    called; evaluation under ``no_grad`` leaves no trace. The memory begins at mean 0
    and variance 1. Batches may have any size: of a stream of single examples it is the
    memory that knows a variance. Weight decay and momentum of the optimizer come after.

    Args:
        model: its layers with weights get a hook each; ``remove`` takes these away.
        momentum: weight of the newest batch in the memory.
        eps1: share of the largest variance that is added to each.
        eps2: added to each variance.

    Raises:
        ValueError: ``momentum`` is not in (0, 1], an eps is negative, there is no layer
            with weights, or one has no bias or is a grouped convolution.
    """

    def __init__(
        self,
        model: nn.Module,
        momentum: float = 0.01,
        eps1: float = 1e-2,
        eps2: float = 1e-4,
    ) -> None:
        if not 0 < momentum <= 1:
            raise ValueError(
                f"momentum is {momentum}; it must be above 0 and at most 1"
            )
        _check_eps(eps1, eps2)
        self.momentum, self.eps1, self.eps2 = momentum, eps1, eps2
        self.layers = _weighted_layers(model)
        self.memory: dict[str, Moments] = {}
        self._seen: dict[str, tuple[Moments, int]] = {}
        self._hooks = [
            layer.register_forward_pre_hook(partial(self._see, name))
            for name, layer in self.layers.items()
        ]

    @torch.no_grad()
    def __call__(
        self, step: int, model: nn.Module, batch: tuple[Tensor, Tensor], loss: Tensor
    ) -> None:
        """Remember what entered each layer, and turn its gradients in place.

        A layer without gradients is left alone.

        Raises:
            RuntimeError: only one of a layer's weight and bias has a gradient, or the
                layer was not called since the last time.
        """
        for name, layer in self.layers.items():
            entered, examples = self._seen.pop(name, (None, None))
            gradients = [p.grad for p in (layer.weight, layer.bias)]
            if examples == 0 or all(g is None for g in gradients):
                continue  # nothing to learn from, frozen, or not reached
            _check_known(name, gradients, entered)
            old = self.memory.get(name, _start(entered))
            self.memory[name] = remember(old, entered, self.momentum)
            options = examples, self.eps1, self.eps2
            turned = precondition(*gradients, *self.memory[name], *options)
            for gradient, new in zip(gradients, turned, strict=True):
                gradient.copy_(new)

    def state_dict(self) -> dict[str, Moments]:
        """Return what is remembered, by the layer's name."""
        return {n: (m.clone(), v.clone()) for n, (m, v) in self.memory.items()}

    def load_state_dict(self, state: dict[str, Moments]) -> None:
        """Remember what ``state`` says, and nothing else.

        Raises:
            KeyError: it names a layer that the model does not have.
        """
        unknown = set(state) - set(self.layers)
        if unknown:
            raise KeyError(f"the model has no layer with weights named {unknown}")
        self.memory = {n: (m.clone(), v.clone()) for n, (m, v) in state.items()}

    def remove(self) -> None:
        """Take the hooks away; the object is of no use afterwards."""
        for hook in self._hooks:
            hook.remove()

    def _see(self, name: str, layer: nn.Module, arguments: tuple[Tensor]) -> None:
        if torch.is_grad_enabled():
            self._seen[name] = _entering(layer, arguments[0].detach())


def _entering(layer: nn.Module, input: Tensor) -> tuple[Moments, int]:
    """Return mean and biased variance of each input channel, and the examples.

    Channels are the last axis before a dense layer, else the one after the examples.
    """
    channel = input.dim() - layer.weight.dim() + 1
    examples = input.shape[0] if channel else 1  # else a single one, without that axis
    axes = [d for d in range(input.dim()) if d != channel]
    with without_autocast(input):
        mean, var = moments(full(input), axes)
    return (mean.flatten(), var.flatten()), examples if input.numel() else 0


def _start(like: Moments) -> Moments:
    return torch.zeros_like(like[0]), torch.ones_like(like[1])


def _per_output(bias: Tensor, weight: Tensor) -> Tensor:
    return bias.view(-1, *[1] * (weight.dim() - 1))


def _weighted_layers(model: nn.Module) -> dict[str, nn.Module]:
    layers = {n: m for n, m in model.named_modules() if isinstance(m, WEIGHTED)}
    if not layers:
        raise ValueError(
            f"the model, a {type(model).__name__}, has no dense or convolutional "
            "layer; give it one, or do without preconditioning"
        )
    for name, layer in layers.items():
        if layer.bias is None:
            raise ValueError(
                f"layer {name!r} has no bias, which takes up what the mean does; "
                "build it with bias=True"
            )
        if getattr(layer, "groups", 1) != 1:
            raise ValueError(
                f"layer {name!r} has groups={layer.groups}; only convolutions in which "
                "each output sees all inputs are preconditioned"
            )
    return layers


def _check_known(name: str, gradients: list, entered: Moments | None) -> None:
    if any(g is None for g in gradients):
        alone = "bias" if gradients[0] is None else "weight"
        raise RuntimeError(
            f"layer {name!r} has a gradient of its {alone} alone; let both learn, or "
            "neither"
        )
    if entered is None:
        raise RuntimeError(
            f"layer {name!r} has a gradient, and nothing entered it since the last "
            "call; call this once after each backward pass, with gradients set to zero "
            "before it"
        )


def _check(weight_grad, bias_grad, mean, var, examples, eps1, eps2) -> None:
    check_input(weight_grad)
    outputs, inputs = weight_grad.shape[:2]
    expected = {"bias_grad": (outputs,), "mean": (inputs,), "var": (inputs,)}
    given = {"bias_grad": bias_grad, "mean": mean, "var": var}
    for name, shape in expected.items():
        if given[name].shape != shape:
            raise RuntimeError(
                f"{name} has shape {tuple(given[name].shape)}; a weight_grad of shape "
                f"{tuple(weight_grad.shape)} needs {shape}"
            )
    if examples is not None and examples < 1:
        raise ValueError(f"examples is {examples}; it must be at least 1, or None")
    _check_eps(eps1, eps2)


def _check_eps(eps1: float, eps2: float) -> None:
    for name, eps in {"eps1": eps1, "eps2": eps2}.items():
        if eps < 0:
            raise ValueError(f"{name} must not be negative, but got {eps}")
