"""Numbers that are read off one run's recorded snapshots.

``arrays`` are what the recorders and the loss left of one run, by name: T snapshots of
L layers, percentiles in the order of ``PERCENTILES``. What enters an activation
function ("post") or a normalizer ("pre") has no unit. Readings that a rule compares as
ratios are at least ``LEAST``, so that they have a logarithm.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from normlab.recorders import PERCENTILES

Arrays = Mapping[str, np.ndarray]

EVENLY = 24  # snapshots that a recording has at equal distances
LEAST = 1e-6  # a float32's rounding of numbers near 1
LEARNS = 2.0  # nats; blind guessing costs 2.3
WEIGHTS = {10: 2, 18: 4}  # LeNet's parameters -> every which one is a weight tensor


def column(percentiles: np.ndarray, percentile: int) -> np.ndarray:
    """Return one of the percentiles: (..., 9) -> (...)."""
    return percentiles[..., PERCENTILES.index(percentile)]


def pooled_width(percentiles: np.ndarray) -> np.ndarray:
    """Return half the distance from the 15th to the 85th: (..., 9) -> (...)."""
    return (column(percentiles, 85) - column(percentiles, 15)) / 2


def evenly(steps: np.ndarray) -> np.ndarray:
    """Return which of the snapshots (T,) are equally spaced."""
    return np.isin(steps, np.linspace(0, steps[-1], EVENLY).astype(int))


def moves(
    arrays: Arrays,
    where: str = "post",
    layer: int = -1,
    which: Sequence[int] = (50,),
    in_widths: bool = False,
) -> np.ndarray:
    """Return how far the median goes from one snapshot to the next, (23,).

    Only between equally spaced snapshots, so that all of the training counts alike.

    Args:
        arrays: of one run.
        where: "post" or "pre".
        layer: which one, from 0; -1 is the last.
        which: percentiles; of several the mean.
        in_widths: in units of the pooled width that the layer has then.
    """
    there = arrays[f"Activations/{where}"][evenly(arrays["Activations/steps"])]
    there = there[:, layer].astype(float)
    far = np.mean([np.abs(np.diff(column(there, p))) for p in which], axis=0)
    return far / np.maximum(pooled_width(there)[:-1], LEAST) if in_widths else far


def early_move(arrays: Arrays, **how) -> float:
    """Return the mean of ``moves`` in the first half of the training."""
    return max(moves(arrays, **how)[: EVENLY // 2].mean(), LEAST)


def late_move(arrays: Arrays, **how) -> float:
    """Return the mean of ``moves`` in the second half."""
    return max(moves(arrays, **how)[EVENLY // 2 :].mean(), LEAST)


def first_way(arrays: Arrays, until: int) -> float:
    """Return how long the median's way is in the last layer up to a step."""
    early = arrays["Activations/post"][arrays["Activations/steps"] <= until, -1]
    return max(np.abs(np.diff(column(early.astype(float), 50))).sum(), LEAST)


def way(arrays: Arrays) -> float:
    """Return how long the median's whole way is in the last layer."""
    return max(moves(arrays).sum(), LEAST)


def distance(arrays: Arrays) -> float:
    """Return how far from its start the last layer's median ends."""
    median = column(arrays["Activations/post"][:, -1].astype(float), 50)
    return max(abs(median[-1] - median[0]), LEAST)


def width_at(arrays: Arrays, part: float, where: str = "post", layer: int = -1):
    """Return the pooled width after a part of the training, from 0 to 1."""
    there = arrays[f"Activations/{where}"][evenly(arrays["Activations/steps"]), layer]
    widths = pooled_width(there.astype(float))
    return max(widths[round(part * (len(widths) - 1))], LEAST)


def learns_at(arrays: Arrays) -> float:
    """Return the step at which the loss is first below ``LEARNS``, or the last one."""
    below = arrays["loss/mean"] < LEARNS
    return float(arrays["loss/steps"][below.argmax() if below.any() else -1])


def waits(arrays: Arrays) -> np.ndarray:
    """Return at which snapshots (T,) the loss has not been below ``LEARNS`` yet."""
    return arrays["Activations/steps"] <= learns_at(arrays)


def opens_at(arrays: Arrays, layer: int) -> float:
    """Return the step at which a layer's pooled width has doubled, or the last one."""
    widths = pooled_width(arrays["Activations/post"][:, layer])
    wide = widths > 2 * widths[0]
    step = arrays["Activations/steps"][wide.argmax() if wide.any() else -1]
    return max(float(step), 1.0)


def flat_at_end(arrays: Arrays, layers: Sequence[int]) -> float:
    """Return the share of flat values in the last snapshot, the mean of the layers."""
    return float(arrays["Activations/flat"][-1, list(layers)].mean())


def flat_while_waiting(arrays: Arrays) -> float:
    """Return the largest share of flat values of a layer before the loss falls."""
    return float(arrays["Activations/flat"][waits(arrays)].max())


def loss_at(arrays: Arrays, step: int) -> float:
    """Return the loss at a step, the mean of the five around it."""
    return float(arrays["loss/mean"][np.abs(arrays["loss/steps"] - step).argmin()])


def share_beyond(arrays: Arrays, edge: float) -> tuple[float, float]:
    """Return bounds of the largest share of values further from 0 than ``edge``.

    Before the loss falls, of any layer.
    """
    least, most = shares_beyond(arrays, edge)
    return float(least.max()), float(most.max())


def shares_beyond(arrays: Arrays, edge: float) -> tuple[np.ndarray, np.ndarray]:
    """Return bounds of the shares beyond ``edge`` at the snapshots before, (T, L) each.

    The percentiles give bounds alone: where the 1st lies beyond and the 5th does not,
    it is 1% to 5% on that side.
    """
    low = arrays["Activations/post"][waits(arrays)].astype(float)
    high = -low[..., ::-1]  # the percentiles are symmetric
    ranks = np.array([0, *PERCENTILES, 100]) / 100
    least = most = 0.0
    for side in (low, high):
        outside = (side < -edge).sum(-1)  # how many percentiles lie beyond
        least, most = least + ranks[outside], most + ranks[outside + 1]
    return least, most


def gradient(arrays: Arrays, layer: int) -> float:
    """Return the geometric mean of a layer's gradient before the loss falls."""
    return _geometric(arrays["Activations/gradient_norm"][waits(arrays), layer])


def gradients_apart(arrays: Arrays, after: float = 0.0) -> float:
    """Return the largest layer's gradient over the smallest's.

    The geometric mean over the snapshots after a part of the training, from 0 to 1.
    """
    steps = arrays["Activations/steps"]
    late = arrays["Activations/gradient_norm"][steps >= after * steps[-1]]
    sizes = np.maximum(late, LEAST)
    return _geometric(sizes.max(1) / sizes.min(1))


def update_ratio(arrays: Arrays) -> float:
    """Return update over weights of LeNet in the second half of the training.

    The geometric mean over the five weight tensors and the snapshots.
    """
    steps = arrays["Updates/steps"]
    late = update_ratios(arrays)[steps >= steps[-1] / 2]
    return _geometric(late)


def update_ratios(arrays: Arrays) -> np.ndarray:
    """Return norm of the change over norm of the tensor, (T, 5), first layer first.

    Biases, gammas and betas are left out: some of them start at zero.
    """
    change, size = arrays["Updates/update_norm"], arrays["Updates/parameter_norm"]
    every = WEIGHTS[size.shape[-1]]
    return change[:, ::every] / np.maximum(size[:, ::every], LEAST)


def always(arrays: Arrays, value: float) -> float:
    """Return a number that is the same in all runs, to hold them against."""
    return value


def _geometric(values: np.ndarray) -> float:
    return float(np.exp(np.log(np.maximum(values, LEAST)).mean()))
