"""What implementations of batch normalization remember of training, and test with.

In training all of them normalize with the batch's mean and biased variance, so one
training tells what each would have remembered. The rules were read in the code of the
revisions that are named here.
"""

from dataclasses import dataclass

from torch import Tensor

from normlab.layers.batch import batch_stats


@dataclass(frozen=True)
class OwnBatch:
    """No memory: a test batch is normalized with its own statistics.

    Args:
        implementation: who wrote it.
        revision: of its code, with the date.
        eps: added to the variance, inside the square root.
        from_squares: the variance is E[x^2] - E[x]^2, else E[(x - E[x])^2].
    """

    implementation: str
    revision: str
    eps: float
    from_squares: bool = False

    def statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and biased variance of each channel: (N, C, *) -> (C,), (C,)."""
        if not self.from_squares:
            return batch_stats(x)
        axes = [axis for axis in range(x.dim()) if axis != 1]
        mean = x.mean(axes)
        return mean, x.square().mean(axes) - mean.square()


@dataclass(frozen=True)
class Average:
    """A memory in which each batch counts ``keep`` times as much as the next.

    Of a batch of m values a channel, with mean mu and biased variance sigma^2::

        weights  = keep * weights  + new          from 0
        mean     = keep * mean     + new * mu     from 0
        variance = keep * variance + new * sigma^2 * m / (m - 1)

    Args:
        implementation: who wrote it.
        revision: of its code, with the date.
        eps: added to the variance, inside the square root.
        keep: share of the memory that a new batch leaves.
        new: weight of the new batch.
        first_var: the variance that is remembered before any batch.
        unbiased: with the factor m / (m - 1); of a single value it is 1.
        debiased: mean and variance are divided by ``weights`` for the test.
        of_squares: in the place of sigma^2 the mean of the squares is remembered, and
            the square of the remembered mean taken off for the test.
    """

    implementation: str
    revision: str
    eps: float
    keep: float
    new: float
    first_var: float = 0.0
    unbiased: bool = True
    debiased: bool = False
    of_squares: bool = False


Convention = OwnBatch | Average
CONVENTIONS: dict[str, Convention] = {
    "caffe-2015-02": OwnBatch(
        "Caffe", "2f05b0337, 2015-02-25", eps=1e-9, from_squares=True
    ),
    "caffe-2015-10": Average(
        "Caffe", "a52ee656a, 2015-10-06", eps=1e-5, keep=0.999, new=1.0,
        debiased=True, of_squares=True,
    ),
    "caffe-2015-11": Average(
        "Caffe", "0ad1d8ab3, 2015-11-07", eps=1e-5, keep=0.999, new=1.0, debiased=True
    ),
    "windows-2015-03": OwnBatch("caffe-windows", "6acb6773, 2015-03-31", eps=1e-10),
    "windows-2015-06": Average(
        "caffe-windows", "b88d7e68, 2015-06-09", eps=1e-10, keep=0.05, new=0.95,
        unbiased=False,
    ),
    "windows-2016-01": Average(
        "caffe-windows", "6e82e123, 2016-01-15", eps=1e-10, keep=0.95, new=0.05,
        first_var=1.0, unbiased=False,
    ),
    "cudnn-2015-11": Average(
        "cuDNN in NVIDIA's Caffe", "ff388247, 2015-11-23", eps=1e-4, keep=0.999,
        new=0.001,
    ),
    "torch": Average(
        "PyTorch", "its defaults", eps=1e-5, keep=0.9, new=0.1, first_var=1.0
    ),
}  # fmt: skip
