"""What PyTorch says in float64 about a network of the playground, step by step."""

import itertools
import math
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from normlab.playground.normalizers import NORMALIZERS
from normlab.playground.normalizers.kind import EPS, MOMENTUM

from .node import pack, unpack

ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
SLOPES = {  # in terms of the value
    nn.Sigmoid: lambda value: value - value**2,
    nn.Tanh: lambda value: 1 - value**2,
    nn.ReLU: lambda value: (value > 0).double(),
}
UNIT = 2.0**-24  # the most by which a rounding to float32 changes a number, relative
TWINS = 4
# Each number of the engine is a sum of roundings, most of them smaller than a twin's;
# the largest of four twins may by chance be some times smaller than such a sum.
MULTIPLE = 8
FLOOR = 1e-33  # float32 has its full digits above 1e-38 only
LARGEST = 5e-4  # the largest bound that a case may have: errors of a thousandth show


def build(config):
    """The same network as an ``nn.Sequential``: PyTorch's own layers where it has them.

    The book's others are compared with PyTorch in ``tests/layers``.
    """
    kind = NORMALIZERS[config["normalizer"]]
    eps, momentum = config.get("eps", EPS), config.get("momentum", MOMENTUM)
    sizes = [config["inputs"]] + [config["width"]] * (config["depth"] - 1)
    layers = [nn.Flatten()]
    for fan_in, fan_out in itertools.pairwise(sizes):
        rest = [ACTIVATIONS[config["activation"]]()]
        if kind.norm:
            place = 0 if config["placement"] == "before" else 1
            rest.insert(place, kind.norm(fan_out, eps, momentum))
        behind = config["activation"] if len(layers) > 1 else ""
        layers += [kind.linear(fan_in, fan_out, behind, eps), *rest]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], config["classes"]))


def state(model):
    """The state_dict without the count of batches."""
    entries = model.state_dict().items()
    return {k: v for k, v in entries if not k.endswith("num_batches_tracked")}


def draw(model, generator):
    """Draw everything, gamma, beta and running statistics too: nothing is 0 or 1.

    With NumPy's generator: last digits of PyTorch's differ between processors.
    """
    with torch.no_grad():
        for name, value in state(model).items():
            noise = generator.standard_normal(value.shape)
            if value.dim() == 2:
                drawn = noise / math.sqrt(value.shape[1])
            elif name.endswith(("weight", "gain", "running_var", "running_std")):
                drawn = 1 + 0.2 * noise.clip(-2, 2)
            else:
                drawn = 0.5 + 0.3 * noise
            value.copy_(torch.tensor(drawn, dtype=torch.float32))


def case(config, batch_size, seen=0, steps=3):
    """A job for the engine, what PyTorch answers in float64, and the bounds.

    Behind it the network has ``seen`` steps, for normalizers with a schedule.

    The bounds are what roundings to float32 do in this case; see ``widened``. Away
    from the kinks of ReLU, and no butterfly: some deep networks make of one rounding
    more than the tests allow.
    """
    for seed in range(100):
        job = draw_case(config, batch_size, steps, seed) | {"seen": seen}
        answer, bounds = expected(job)
        if bounds:
            return job, answer, bounds
    raise AssertionError(f"no seed will do for {config} and batches of {batch_size}")


def expected(job):
    """What PyTorch answers, and the bounds; none where roundings matter too much."""
    answer, kinks = answers(job)
    bounds = [dict.fromkeys(step, MULTIPLE * UNIT) for step in answer]
    for number in range(TWINS):
        twin, inputs = answers(job, np.random.default_rng(number))
        bounds = widened(bounds, twin, answer)
        if not (settled(bounds) and clear(kinks, inputs)):
            return answer, []
    return answer, bounds


def widened(bounds, twin, answer):
    """For each step name -> the largest difference that roundings explain.

    A twin is the same network in float64 in which each number that the engine keeps in
    float32 is moved by the largest rounding, up or down at random. The bound is a
    multiple of the largest difference that a twin shows in this array, and of one
    rounding at least.
    """
    return [
        {name: max(bound[name], MULTIPLE * moved) for name, moved in found.items()}
        for bound, found in zip(bounds, map(differences, twin, answer), strict=True)
    ]


def settled(bounds):
    """Whether roundings change no class that is named, and nothing by much."""
    return all(
        bound <= (MULTIPLE * UNIT if name.endswith("accuracy") else LARGEST)
        for step in bounds
        for name, bound in step.items()
    )


def clear(kinks, moved):
    """Whether no input of a ReLU is so near to 0 that roundings take it across."""
    return all(
        inputs.abs().min() > MULTIPLE * (other - inputs).abs().max()
        for inputs, other in zip(kinks, moved, strict=True)
    )


def draw_case(config, batch_size, steps, seed):
    generator = np.random.default_rng(seed)
    model = build(config)
    draw(model, generator)
    examples = batch_size + 1  # the last one makes no whole batch
    images = generator.random((examples, config["inputs"]), dtype=np.float32)
    labels = generator.integers(config["classes"], size=examples, dtype=np.uint8)
    batches = [generator.permutation(examples) for _ in range(steps)]
    return {
        "config": config | {"maxBatch": max(examples, 4)},
        "values": {name: pack(value) for name, value in state(model).items()},
        "images": pack(images),
        "labels": pack(labels),
        "batches": [batch[:batch_size].tolist() for batch in batches],
    }


def answers(job, roundings=None):
    """For each step a dict of arrays; and all that entered a ReLU.

    With ``roundings``, a generator, the answer is that of a twin; see ``widened``.
    """
    config = job["config"]
    model = build(config).double()
    with torch.no_grad():
        for name, value in state(model).items():
            value.copy_(torch.tensor(unpack(job["values"][name])).view_as(value))
        for name, value in model.named_buffers():
            if name.endswith("num_batches_tracked"):
                value.fill_(job["seen"])
    kinks = []
    for layer in model:
        if isinstance(layer, nn.ReLU):
            layer.register_forward_pre_hook(lambda _, args: kinks.append(args[0]))
        if roundings is not None and not isinstance(layer, nn.Flatten):
            layer.register_forward_hook(partial(rounded_layer, roundings))
        if roundings is not None and hasattr(layer, "standardized"):
            layer.standardized = partial(rounded_weight, roundings, layer.standardized)
    x = torch.tensor(unpack(job["images"])).double().view(-1, config["inputs"])
    y = torch.tensor(unpack(job["labels"], np.uint8)).long()
    steps = []
    for batch in job["batches"]:
        steps.append(answer_step(model, x, y, batch, config["learningRate"], roundings))
    return steps, [inputs.detach() for inputs in kinks]


def rounded(roundings, values):
    """Move each number by the largest rounding, up or down."""
    if roundings is None:
        return values
    signs = roundings.integers(0, 2, tuple(values.shape)) * 2 - 1
    return values * (1 + UNIT * torch.from_numpy(signs))


def rounded_weight(roundings, standardized):
    """The weight that a layer makes of its own, and the gradient of that, rounded."""
    used = rounded(roundings, standardized())
    if used.requires_grad:
        used.register_hook(partial(rounded, roundings))
    return used


def rounded_layer(roundings, layer, args, out):
    """What a layer hands on, and the gradient that it receives, rounded.

    As in the engine a linear layer's product is rounded before the bias is added, and
    an activation's slope follows from the rounded output.
    """
    if isinstance(layer, nn.Linear):
        out = rounded(roundings, out - layer.bias) + layer.bias
    found = rounded(roundings, out)
    if type(layer) in SLOPES:
        (x,) = args
        found = found.detach() + SLOPES[type(layer)](found.detach()) * (x - x.detach())
    if found.requires_grad:
        found.register_hook(partial(rounded, roundings))
    return found


def answer_step(model, x, y, batch, rate, roundings):
    """Take one step of SGD; return all numbers that the engine must give too."""
    model.train()
    model.zero_grad()
    logits = model(x[batch])
    loss = F.cross_entropy(logits, y[batch])
    loss.backward()
    answer = {"loss": loss.item(), "accuracy": accuracy(logits, y[batch])}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            gradient = rounded(roundings, parameter.grad)
            answer[f"gradient {name}"] = gradient.numpy().ravel().copy()
            parameter -= rate * gradient
        for name, value in state(model).items():
            value.copy_(rounded(roundings, value))
            answer[f"value {name}"] = value.detach().numpy().ravel().copy()
    return answer | evaluated(model, x, y, len(batch))


@torch.no_grad()
def evaluated(model, x, y, batch_size):
    """In eval mode, and with the statistics of each batch; nothing is remembered."""
    model.eval()
    logits = model(x)
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    model.train()
    whole = len(y) // batch_size * batch_size
    by_batch = torch.cat([model(part) for part in x[:whole].split(batch_size)])
    model.load_state_dict(kept)
    return {
        "eval logits": logits.numpy().ravel(),
        "eval loss": F.cross_entropy(logits, y).item(),
        "eval accuracy": accuracy(logits, y),
        "train-mode loss": F.cross_entropy(by_batch, y[:whole]).item(),
        "train-mode accuracy": accuracy(by_batch, y[:whole]),
    }


def accuracy(logits, y):
    return (logits.argmax(1) == y).double().mean().item()


def given(step):
    """The engine's report of one step, under the names of ``answer_step``."""
    evaluation, train_mode = step["evaluations"]
    return (
        {"loss": step["loss"], "accuracy": step["accuracy"]}
        | {f"gradient {name}": unpack(g) for name, g in step["gradients"].items()}
        | {f"value {name}": unpack(v) for name, v in step["values"].items()}
        | {"eval logits": unpack(step["logits"])}
        | {f"eval {key}": evaluation[key] for key in ("loss", "accuracy")}
        | {f"train-mode {key}": train_mode[key] for key in ("loss", "accuracy")}
    )


def differences(ours, theirs):
    """Name -> largest difference in an array, relative to its largest number."""
    assert ours.keys() == theirs.keys()
    return {
        name: np.abs(np.float64(ours[name]) - theirs[name]).max() / size(theirs, name)
        for name in theirs
    }


def size(numbers, name):
    """The largest number; of a gradient, the largest in weight and bias together.

    Before batch normalization the gradient of a bias is 0, by cancelling.
    """
    names = {name}
    if name.startswith("gradient"):
        layer = name.rpartition(".")[0]
        names |= {f"{layer}.weight", f"{layer}.bias"} & numbers.keys()
    return max(FLOOR, *(np.abs(numbers[n]).max() for n in names))


def disagreements(ours, theirs, bounds):
    """Where two lists of steps differ by more: {"step 0: gradient 1.weight": 0.3}."""
    assert len(ours) == len(theirs) == len(bounds)
    return {
        f"step {i}: {name}": error
        for i, (one, other) in enumerate(zip(ours, theirs, strict=True))
        for name, error in differences(one, other).items()
        if not error <= bounds[i][name]
    }
