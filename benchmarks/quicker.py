"""What carrying recorded runs out in another way saves, at equal numbers."""

import torch

from benchmarks.timing import take_turns
from normlab.data import fashion_mnist
from normlab.models import TorchBatchNorm, lenet, xavier
from normlab.runs.quicker import quicker
from normlab.training import fit

BATCH = 256
LEARNING_RATE = 1.0


def epoch_of_a_record(device: str) -> dict[str, float]:
    """Time an epoch of LeNet with evaluation, with and without ``quicker``.

    On one thread, as the workers that record do.
    """
    train_x, train_y, test_x, test_y = fashion_mnist()

    def epoch(prepare) -> None:
        fit(
            prepare(xavier(lenet(TorchBatchNorm))),
            (train_x, train_y),
            {"test": (test_x, test_y)},
            epochs=1,
            lr=LEARNING_RATE,
            batch_size=BATCH,
            device=device,
        )

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        sides = {"plain": lambda: epoch(lambda m: m), "quicker": lambda: epoch(quicker)}
        seconds = take_turns(sides, device)
    finally:
        torch.set_num_threads(threads)
    return {"recorded_epoch_over_plain": seconds["quicker"] / seconds["plain"]}
