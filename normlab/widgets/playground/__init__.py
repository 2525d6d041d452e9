"""A network of up to 20 layers that trains in the page, on 3,000 small images."""

import numpy as np
import traitlets
from matplotlib.figure import Figure

from normlab.figures.gamma_and_beta import losses_against
from normlab.figures.style import COLORS
from normlab.playground import STORIES, told
from normlab.playground.normalizers import NORMALIZERS
from normlab.widgets.base import Control, Widget, module, numbered
from normlab.widgets.playground.data import playground_data

GUESSING = float(np.log(10))
STILL_STEPS = 100


CONTROLS = {
    "depth": Control("layers", options=numbered(*range(1, 21))),
    "width": Control("units a layer", options=numbered(8, 16, 32, 64, 128)),
    "activation": Control(
        "activation",
        options=(("sigmoid", "sigmoid"), ("tanh", "tanh"), ("relu", "ReLU")),
    ),
    "initial_scale": Control(
        "initial weights",
        unit="/ √fan-in",
        options=numbered(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 1.4, 2, 5, 10),
    ),
    "learning_rate": Control(
        "learning rate",
        options=numbered(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
    ),
    "batch_size": Control(
        "batch size", unit="images", options=numbered(2, 4, 8, 16, 32, 64, 128, 256)
    ),
    "normalizer": Control(
        "normalizer",
        options=tuple((name, kind.label) for name, kind in NORMALIZERS.items()),
    ),
    "placement": Control(
        "normalizer placed",
        options=(
            ("before", "before the activation"),
            ("after", "after the activation"),
        ),
    ),
    "evaluation": Control(
        "test with",
        options=(
            ("running", "running statistics"),
            ("mixed", "batch statistics, mixed batches"),
            ("class", "batch statistics, one class a batch"),
        ),
    ),
    "order": Control(
        "order",
        options=(("shuffled", "shuffled"), ("sorted", "sorted by class")),
    ),
    "seed": Control("seed", options=numbered(*range(10))),
}


def one_of(name: str) -> traitlets.Enum:
    """Return the trait of a control, as the first story sets it."""
    values = [value for value, _ in CONTROLS[name].options]
    return traitlets.Enum(values, STORIES["tiny"].settings[name]).tag(sync=True)


class Playground(Widget):
    """A network that trains in the page; it computes nothing in a kernel.

    Args:
        depth, width, activation, initial_scale, normalizer, placement, seed: of the
            network; weights start as N(0, initial_scale^2 / fan-in).
        learning_rate, batch_size, order: of its training, plain SGD.
        evaluation: which statistics a normalizer that remembers some uses on held-out
            images: "running" ones, or those of a batch of "mixed" images or of one
            "class".
    """

    _esm = module("playground/widget")
    paints = (
        *(kind.color for kind in NORMALIZERS.values()),
        *("mean", "variance", "theory"),
    )

    worker_script = traitlets.Unicode(module("playground/worker")).tag(sync=True)
    images = traitlets.Bytes(help="packed by playground_data").tag(sync=True)
    normalizers = traitlets.Dict(help="name -> what the page says and does").tag(
        sync=True
    )
    stories = traitlets.List(help="settings that show something").tag(sync=True)
    depth = one_of("depth")
    width = one_of("width")
    activation = one_of("activation")
    initial_scale = one_of("initial_scale")
    learning_rate = one_of("learning_rate")
    batch_size = one_of("batch_size")
    normalizer = one_of("normalizer")
    placement = one_of("placement")
    evaluation = one_of("evaluation")
    order = one_of("order")
    seed = one_of("seed")

    def __init__(self, **traits) -> None:
        super().__init__(
            controls=CONTROLS,
            name="playground",
            room=[1600, 1095],
            images=playground_data(),
            normalizers={
                name: {
                    "words": kind.words,
                    "color": kind.color,
                    "placed": kind.norm is not None,
                    "remembers": kind.remembers,
                }
                for name, kind in NORMALIZERS.items()
            },
            stories=[
                {
                    "label": story.label,
                    "watch": story.watch,
                    "settings": story.settings,
                    "turns": list(story.turns),
                    "steps": story.steps,
                }
                for story in STORIES.values()
            ],
            alt="Training loss against the step for networks of 15 layers that start "
            "with tiny weights. Without normalization it stays level at blind "
            "guessing; with batch normalization it falls.",
            source="Computed in this page while you watch, on 3,000 training and 500 "
            "test images of Fashion-MNIST, 14 × 14 pixels each.",
            **traits,
        )

    def picture(self) -> Figure:
        """Draw the first story: five seeds with and without, trained in PyTorch."""
        names = {"none": "no normalization", "batch": "batch normalization"}
        losses = {
            label: told("tiny", STILL_STEPS, normalizer=kind).losses.numpy()
            for kind, label in names.items()
        }
        colors = {label: COLORS[kind] for kind, label in names.items()}
        steps = np.arange(STILL_STEPS) + 1
        return losses_against(steps, losses, colors, "step", GUESSING)
