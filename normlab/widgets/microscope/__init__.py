"""Batch statistics of a trained layer: how they scatter, and who sees it."""

import numpy as np
import traitlets
from matplotlib.figure import Figure

from normlab.data import CLASSES, fashion_mnist
from normlab.figures.train_and_eval import batch_jitter
from normlab.runs import recordings, source
from normlab.widgets.base import Control, Widget, module

SIZES = tuple(2**k for k in range(1, 11))
CHANNELS = (2, 3, 5)  # of convolution 1: image means far apart, alike, far apart
IMAGE, PLACE, KERNEL = 0, (12, 12), 5  # the value that is followed, and its pixels
MOMENTA = (0.01, 0.03, 0.1, 0.3, 1.0)
MOST = 5000  # draws of one size


class StatisticsMicroscope(Widget):
    """Batches drawn from 2,000 images: their statistics, and one image among them.

    Nothing comes before the first normalizer but a convolution, so what a batch has
    there follows exactly from the images it consists of.

    Args:
        batch_size: a power of two, 2 to 1024.
        channel: of convolution 1; 2, 3 or 5.
        statistic: "mean" or "variance".
        momentum: PyTorch's, one of ``MOMENTA``.
        mode: of the layer, "training" or "evaluation".
        seed: of the draws.
        draws: how many batches are drawn of each size (10,).

    Raises:
        ResultsError: the experiment "maps" is not recorded.
    """

    _esm = module("microscope/widget")
    paints = ("training", "evaluation", "theory", "data")

    facts = traitlets.Dict(help="what is drawn from, and what followed").tag(sync=True)
    moments = traitlets.Bytes(
        help="float32 (channels, 2, images): mean and mean square of each map"
    ).tag(sync=True)
    batch_size = traitlets.Int(8).tag(sync=True)
    channel = traitlets.Int(CHANNELS[0]).tag(sync=True)
    statistic = traitlets.Unicode("mean").tag(sync=True)
    momentum = traitlets.Float(0.1).tag(sync=True)
    mode = traitlets.Unicode("training").tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    draws = traitlets.List(
        traitlets.Int(), [60 * (size == 8) for size in SIZES], 10, 10
    ).tag(sync=True)

    def __init__(self, **traits) -> None:
        ((_, arrays),) = recordings("maps")
        moments = arrays["moments/1"][:, CHANNELS].transpose(1, 2, 0)
        super().__init__(
            controls=_controls(),
            name="microscope",
            room=[1180, 780],
            facts=_facts(arrays),
            moments=moments.astype("<f4").tobytes(),
            source=source("maps"),
            alt="Left: one value, normalized beside 60 random batches of eight, "
            "jumps about in training mode and stands still in evaluation mode. "
            "Right: the standard deviation of batch means falls with the batch "
            "size along a dashed line, on log scales.",
            **traits,
        )

    def picture(self) -> Figure:
        """Draw batches of eight and the spread by batch size, from other draws."""
        shape = len(CHANNELS), 2, -1
        moments = np.frombuffer(self.moments, "<f4").reshape(shape)
        return _picture(moments[0], self.facts["channels"][0])


def _controls() -> dict[str, Control]:
    def among(label: str, values, digits: str = "") -> Control:
        return Control(label, options=tuple((v, f"{v:{digits}}") for v in values))

    return {
        "batch_size": among("batch size", SIZES, ","),
        "channel": among("channel", CHANNELS),
        "statistic": among("statistic", ("mean", "variance")),
        "momentum": among("momentum", MOMENTA, "g"),
        "mode": among("mode", ("training", "evaluation")),
        "seed": Control("seed", 0, 999, 1),
        "draws": Control("batches drawn", 0, MOST, 1, length=len(SIZES)),
    }


def _facts(arrays: dict[str, np.ndarray]) -> dict:
    """What the page knows of the layer beside the images' moments."""
    images, labels, _, _ = fashion_mnist()
    maps, running = arrays["maps/1"], ("running_mean/1", "running_var/1")
    mean, variance = (arrays[name] for name in running)
    return {
        "sizes": list(SIZES),
        "pixels": maps[0, 0].size,  # values of one image in a channel
        "image": IMAGE,
        "place": list(PLACE),
        "kernel": KERNEL,
        "label": CLASSES[labels[IMAGE]],
        "photo": images[IMAGE].flatten().tolist(),
        "channels": [
            {
                "number": c,
                "value": maps[IMAGE, c][PLACE].item(),
                "running": {"mean": mean[c].item(), "variance": variance[c].item()},
            }
            for c in CHANNELS
        ],
    }


def _picture(moments: np.ndarray, channel: dict) -> Figure:
    random = np.random.RandomState(0)
    means, squares = moments.astype(np.float64)
    count = len(means)

    def batches(size: int, draws: int) -> np.ndarray:
        chosen = [random.permutation(count)[:size] for _ in range(draws)]
        return np.stack(chosen)  # (draws, size)

    def normalized(mean, variance) -> np.ndarray:
        return (channel["value"] - mean) / np.sqrt(variance + 1e-5)

    company = batches(8, 60)
    company[(company != IMAGE).all(1), 0] = IMAGE
    mean = means[company].mean(1)
    values = normalized(mean, squares[company].mean(1) - mean**2)
    sizes = np.array(SIZES)
    scatter = [means[batches(size, 200)].mean(1).std() for size in SIZES]
    theory = means.std() / np.sqrt(sizes) * np.sqrt((count - sizes) / (count - 1))
    alone = normalized(**channel["running"])
    return batch_jitter(values, alone, sizes, np.array(scatter), theory)
