"""The playground's networks in PyTorch: several seeds side by side, trained alike."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from normlab.evaluation import preserved
from normlab.playground.linears import Linears
from normlab.playground.normalizers import NORMALIZERS

CLASSES = 10
HELD_OUT_BATCH = 50  # images a batch where held-out images are normalized by batch
ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
Images = tuple[Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Outcome:
    """What came of a training.

    Args:
        losses: of the batch at each step, in nats (seeds, steps).
        accuracy: on the held-out images (seeds,), 0 to 1, for "running" statistics
            and for those of a batch of "mixed" images or of one "class".
    """

    losses: Tensor
    accuracy: dict[str, Tensor]


def networks(settings: Mapping, generators: Sequence, inputs: int) -> nn.Sequential:
    """Return a network for each generator, side by side.

    Args:
        settings: the playground's controls by name.
        generators: of the weights, one a seed.
        inputs: pixels of an image.

    Shape:
        (S, N, inputs) -> logits (S, N, 10)
    """
    kind, scale = NORMALIZERS[settings["normalizer"]], settings["initial_scale"]
    sizes = [inputs] + [settings["width"]] * (settings["depth"] - 1)
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        rest = [ACTIVATIONS[settings["activation"]]()]
        if kind.norms:
            place = 0 if settings["placement"] == "before" else 1
            rest.insert(place, kind.norms(len(generators), fan_out))
        behind = settings["activation"] if layers else ""
        layers += [kind.linears(fan_in, fan_out, scale, generators, behind), *rest]
    return nn.Sequential(*layers, Linears(sizes[-1], CLASSES, scale, generators))


def train(
    settings: Mapping, images: Images, steps: int, seeds: Sequence[int] = range(5)
) -> Outcome:
    """Train the networks of ``seeds`` with plain SGD; a diverged one goes on as NaN.

    Args:
        settings: the playground's controls by name; "seed" and "evaluation" are not
            looked at.
        images: from ``playground_images``.
        steps: how many.
        seeds: of weights and order.
    """
    train_x, train_y, test_x, test_y = images
    x = train_x.flatten(1) / 255
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    model = networks(settings, generators, x.shape[1])
    optimizer = torch.optim.SGD(model.parameters(), lr=settings["learning_rate"])
    losses = []
    for index in batches(settings, train_y, steps, generators):
        loss = cross_entropy(model(x[index]), train_y[index])
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        losses.append(loss.detach())
    accuracy = held_out(model, test_x.flatten(1) / 255, test_y, len(generators))
    return Outcome(torch.stack(losses, 1), accuracy)


def batches(
    settings: Mapping, labels: Tensor, steps: int, generators: Sequence
) -> Iterator[Tensor]:
    """Yield the indices (S, N) of each step: shuffled anew every epoch.

    In order "sorted" an epoch's images then queue up by class. A batch that an epoch
    leaves unfinished goes on with the next.
    """
    size = settings["batch_size"]
    epochs = -(-steps * size // len(labels))

    def epoch(generator: torch.Generator) -> Tensor:
        order = torch.randperm(len(labels), generator=generator)
        if settings["order"] == "sorted":
            order = order[labels[order].argsort(stable=True)]
        return order

    queues = [torch.cat([epoch(g) for _ in range(epochs)]) for g in generators]
    yield from torch.stack(queues)[:, : steps * size].split(size, dim=1)


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return each seed's mean loss in nats (S,), of logits (S, N, 10)."""
    each = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    return each.view(labels.shape).mean(1)


@torch.no_grad()
def held_out(model: nn.Module, x: Tensor, y: Tensor, seeds: int) -> dict[str, Tensor]:
    """Return the accuracy (S,) for each choice of statistics; see ``Outcome``."""
    mixed = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))
    found = {}
    for kind, order in (("running", mixed), ("mixed", mixed), ("class", y.argsort())):
        size = len(y) if kind == "running" else HELD_OUT_BATCH
        said = []
        for part in order.split(size):
            with preserved(model):  # no look moves what the next one sees
                model.train(kind != "running")
                logits = model(x[part].expand(seeds, -1, -1))
            said.append(logits.argmax(2) == y[part])
        found[kind] = torch.cat(said, 1).double().mean(1)
    return found
