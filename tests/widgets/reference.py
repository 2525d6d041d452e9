"""What PyTorch says in float64 about a network of the playground, step by step."""

import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from .node import pack, unpack

NORMALIZERS = {
    "batch": lambda width, eps, momentum: nn.BatchNorm1d(width, eps, momentum),
    "layer": lambda width, eps, momentum: nn.LayerNorm(width, eps),
}
ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
NUDGE = 1e-7
FLOOR = 1e-33  # float32 has its full digits above 1e-38 only
KINK = 3e-6  # an input of a ReLU nearer to 0 than this may change sides in float32


def build(config):
    """The same network as an ``nn.Sequential``, with PyTorch's own layers."""
    sizes = [config["inputs"]] + [config["width"]] * (config["depth"] - 1)
    layers = [nn.Flatten()]
    for fan_in, fan_out in itertools.pairwise(sizes):
        rest = [ACTIVATIONS[config["activation"]]()]
        if config["normalizer"] != "none":
            settings = config.get("eps", 1e-5), config.get("momentum", 0.1)
            norm = NORMALIZERS[config["normalizer"]](fan_out, *settings)
            rest.insert(0 if config["placement"] == "before" else 1, norm)
        layers += [nn.Linear(fan_in, fan_out), *rest]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], config["classes"]))


def state(model):
    """The state_dict without the count of batches."""
    entries = model.state_dict().items()
    return {k: v for k, v in entries if not k.endswith("num_batches_tracked")}


def draw(model, generator):
    """Draw everything, gamma, beta and running statistics too: nothing is 0 or 1."""
    with torch.no_grad():
        for name, value in state(model).items():
            noise = torch.randn(value.shape, generator=generator)
            if value.dim() == 2:
                value.copy_(noise / math.sqrt(value.shape[1]))
            elif name.endswith("running_var") or name.endswith("weight"):
                value.copy_(1 + 0.2 * noise.clamp(-2, 2))
            else:
                value.copy_(0.5 + 0.3 * noise)


def case(config, batch_size, steps=3):
    """A job for the engine, and what PyTorch answers in float64.

    Away from the kinks of ReLU, and no butterfly: in some deep networks a change of
    the weights in their last float32 digits grows beyond what the tests allow.
    """
    for seed in range(100):
        job = draw_case(config, batch_size, steps, seed)
        answer, nearest = answers(job)
        nudged, _ = answers(job, NUDGE)
        if nearest > KINK and not disagreements(nudged, answer, 2e-5):
            return job, answer
    raise AssertionError(f"no seed will do for {config} and batches of {batch_size}")


def draw_case(config, batch_size, steps, seed):
    generator = torch.Generator().manual_seed(seed)
    model = build(config)
    draw(model, generator)
    examples = batch_size + 1  # the last one makes no whole batch
    images = torch.rand(examples, config["inputs"], generator=generator)
    labels = torch.randint(config["classes"], (examples,), generator=generator)
    batches = [torch.randperm(examples, generator=generator) for _ in range(steps)]
    return {
        "config": config | {"maxBatch": max(examples, 4)},
        "values": {name: pack(value) for name, value in state(model).items()},
        "images": pack(images),
        "labels": pack(labels.to(torch.uint8)),
        "batches": [batch[:batch_size].tolist() for batch in batches],
    }


def answers(job, nudge=0):
    """For each step a dict of arrays; and how near an input of ReLU came to 0.

    ``nudge`` is how much to change the weights first, relative to each.
    """
    config = job["config"]
    model = build(config).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, value in state(model).items():
            value.copy_(torch.tensor(unpack(job["values"][name])).view_as(value))
            value *= 1 + nudge * torch.randn(value.shape, generator=generator)
    nearest = [math.inf]
    for layer in model:
        if isinstance(layer, nn.ReLU):
            layer.register_forward_pre_hook(
                lambda _, args: nearest.append(args[0].abs().min().item())
            )
    x = torch.tensor(unpack(job["images"])).double().view(-1, config["inputs"])
    y = torch.tensor(unpack(job["labels"], np.uint8)).long()
    rate = config["learningRate"]
    steps = [answer_step(model, x, y, batch, rate) for batch in job["batches"]]
    return steps, min(nearest)


def answer_step(model, x, y, batch, rate):
    """Take one step of SGD; return all numbers that the engine must give too."""
    model.train()
    model.zero_grad()
    logits = model(x[batch])
    loss = F.cross_entropy(logits, y[batch])
    loss.backward()
    answer = {"loss": loss.item(), "accuracy": accuracy(logits, y[batch])}
    for name, parameter in model.named_parameters():
        answer[f"gradient {name}"] = parameter.grad.numpy().ravel().copy()
        with torch.no_grad():
            parameter -= rate * parameter.grad
    for name, value in state(model).items():
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
        names |= {f"{layer}.weight", f"{layer}.bias"}
    return max(FLOOR, *(np.abs(numbers[n]).max() for n in names))


def disagreements(ours, theirs, tolerance=1e-4):
    """Where two lists of steps differ: {"step 0: gradient 1.weight": 0.3}.

    A step moves weights little: they must agree better.
    """
    assert len(ours) == len(theirs)
    return {
        f"step {i}: {name}": error
        for i, (one, other) in enumerate(zip(ours, theirs, strict=True))
        for name, error in differences(one, other).items()
        if not error <= (1e-6 if name.startswith("value") else tolerance)
    }
