"""Signal and gradient by layer of a network that was drawn and not yet trained."""

import numpy as np
import torch
import traitlets
from matplotlib.figure import Figure
from torch import nn
from torch.nn.functional import cross_entropy

from normlab.figures.depth import signal_and_gradient
from normlab.figures.style import COLORS
from normlab.layers import BatchNorm
from normlab.models import Norm, fan_in_normal, mlp
from normlab.playground import playground_images
from normlab.widgets.base import Control, Widget, module

WIDTH = 100
EVERY = 50  # of the playground's training images, class by class: 6 of each class
FACTORS = (0.05, 0.1, 0.22, 0.5, 0.7, 1.0, 1.4, 2.0)
# Batch normalization before each ReLU, or none -> what that is called.
SIDES = {"none": "plain", "batch": "normalized"}


class SignalByLayer(Widget):
    """A network of ReLU layers, drawn with weights of a chosen size.

    Args:
        depth: layers that have weights, 2 to 20.
        factor: of He's deviation, sqrt(2 / fan-in); one of ``FACTORS``.
        seed: of the weights.
    """

    _esm = module("signal/widget")
    paints = (*SIDES, "theory")

    images = traitlets.Bytes(help="60 images of 14 x 14 bytes").tag(sync=True)
    width = traitlets.Int(WIDTH, help="units a hidden layer").tag(sync=True)
    depth = traitlets.Int(15).tag(sync=True)
    factor = traitlets.Float(0.22).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)

    def __init__(self, **traits) -> None:
        scales = tuple((factor, f"{factor:g}") for factor in FACTORS)
        super().__init__(
            controls={
                "depth": Control("layers", 2, 20, 1, digits=0),
                "factor": Control("weights", options=scales, unit="× He’s"),
                "seed": Control("draw", 0, 9, 1, digits=0),
            },
            name="signal",
            room=[985, 640],
            images=a_batch()[0].to(torch.uint8).numpy().tobytes(),
            alt="Two plots by layer on logarithmic axes. In the plain network the "
            "signal falls along a straight line by nine decades in fourteen layers, "
            "and all gradients are tiny; in the normalized one the signal stays level, "
            "and so does the gradient, almost.",
            source="Computed in the page, on 60 images of Fashion-MNIST, 14 × 14 "
            "pixels each; 100 units a layer; nothing is trained.",
            **traits,
        )

    def picture(self) -> Figure:
        """Draw both curves, of other weights than the page draws."""
        x, y = a_batch()
        found = {
            said: sizes(self._network(BatchNorm if name == "batch" else None), x, y)
            for name, said in SIDES.items()
        }
        layers = np.arange(1, self.depth)
        start = (x / 255).square().mean().sqrt().item()
        return signal_and_gradient(
            found,
            {said: COLORS[name] for name, said in SIDES.items()},
            start * self.factor**layers,
        )

    def _network(self, norm: Norm | None) -> nn.Module:
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            model = mlp(self.depth, self.width, norm, inputs=14 * 14)
            return fan_in_normal(model, variance=2 * self.factor**2).double()


def a_batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Return images (60, 1, 14, 14) from 0 to 255 and labels (60,), class by class."""
    images, labels, _, _ = playground_images()
    return images[::EVERY].double(), labels[::EVERY]


def sizes(
    model: nn.Sequential, x: torch.Tensor, y: torch.Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """Return root mean squares by layer: of the signal and of the weights' gradient.

    Shape:
        hidden layers (L - 1,), layers with weights (L,)
    """
    h, signal = x / 255, []
    for layer in model:
        h = layer(h)
        if isinstance(layer, nn.ReLU):
            signal.append(h.square().mean().sqrt().item())
    cross_entropy(h, y).backward()
    weights = [layer.weight for layer in model if isinstance(layer, nn.Linear)]
    gradient = [weight.grad.square().mean().sqrt().item() for weight in weights]
    return np.array(signal), np.array(gradient)
