"""LeNet on Fashion-MNIST, as d2l.ai trains it: batch 256, 10 epochs, plain SGD."""

from normlab.runs.config import Experiment, Run
from normlab.runs.protocol import BEST_RATE, SOURCE_RATE

RATES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


def _run(norm: str, lr: float, evaluate_on: str = "test") -> Run:
    return Run(
        model="lenet",
        norm=norm,
        lr=lr,
        batch_size=256,
        epochs=10,
        seed=0,
        evaluate_on=evaluate_on,
    )


LENET_RATES = Experiment(
    name="lenet-rates",
    question="Which learning rate suits LeNet with and without batch normalization?",
    variants=tuple(
        # The built-in layer here: the same function as "batch", in half the time.
        _run(norm, lr, "validation")
        for lr in RATES
        for norm in ("none", "torch_batch")
    ),
)

LENET = Experiment(
    name="lenet",
    question="Does batch normalization help LeNet on Fashion-MNIST?",
    variants=tuple(
        dict.fromkeys(
            (
                _run("none", SOURCE_RATE),
                _run("batch", SOURCE_RATE),
                _run("torch_batch", SOURCE_RATE),
                _run("none", BEST_RATE["none"]),
                _run("batch", BEST_RATE["batch"]),
            )
        )
    ),
)
