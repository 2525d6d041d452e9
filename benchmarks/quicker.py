"""What carrying recorded runs out in another way saves, at equal numbers."""

import torch

from benchmarks.lenet import epoch_of_fit
from benchmarks.timing import take_turns
from normlab.data import fashion_mnist
from normlab.models import TorchBatchNorm, lenet, xavier
from normlab.runs.quicker import quicker


def epoch_of_a_record(device: str) -> dict[str, float]:
    """Time an epoch of LeNet with evaluation, with and without ``quicker``.

    On one thread, as the workers that record do.
    """
    images = fashion_mnist()

    def plain() -> None:
        epoch_of_fit(xavier(lenet(TorchBatchNorm)), images, device)

    def sooner() -> None:
        epoch_of_fit(quicker(xavier(lenet(TorchBatchNorm))), images, device)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        seconds = take_turns({"plain": plain, "quicker": sooner}, device)
    finally:
        torch.set_num_threads(threads)
    return {"recorded_epoch_over_plain": seconds["quicker"] / seconds["plain"]}
