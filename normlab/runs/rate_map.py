"""How large a rate a network bears, and how large first weights, in a short training.

LeNet makes 1,000 updates of 64 images at a constant rate, without momentum. Its first
weights are drawn for its activation, then multiplied by k, the run's ``gain``.
"""

from functools import partial

from normlab.runs.chosen_rates import FIRST, RATE_OF_GAIN
from normlab.runs.config import Experiment, Run
from normlab.runs.early import score_at_end

GAINS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
# Four in a decade, of which every second is one of ``RATES``.
FINE = (0.03, 0.055, 0.1, 0.18, 0.3, 0.55, 1.0, 1.8, 3.0, 5.5, 10.0, 18.0, 30.0)
INIT = {"lenet": "lecun", "lenet_relu": "he"}
NORMS = ("none", "torch_batch")


def _run(model: str, norm: str, gain: float, lr: float) -> Run:
    return Run(
        model=model,
        norm=norm,
        lr=lr,
        batch_size=64,
        epochs=2,
        seed=0,
        evaluate_on="validation",
        init=INIT[model],
        gain=gain,
        steps=1000,
    )


def _between(low: float, high: float) -> list[float]:
    return [rate for rate in FINE if low <= rate <= high]


def _map(model: str) -> tuple[Run, ...]:
    return tuple(
        _run(model, norm, gain, lr) for norm in NORMS for gain in GAINS for lr in RATES
    )


# Below the map: large first weights without the layer might want still smaller rates.
_BELOW = tuple(
    _run("lenet_relu", "none", gain, lr)
    for gain in (3.0, 10.0)
    for lr in (0.001, 0.003)
)


RATE_MAP = Experiment(
    name="rate-map",
    question="Which rates and first weights does LeNet with ReLU learn with?",
    variants=_map("lenet_relu") + _BELOW,
    seeds=3,
    carry_out=partial(score_at_end, on=("validation",)),
)

RATE_MAP_SIGMOID = Experiment(
    name="rate-map-sigmoid",
    question="Which rates and first weights does LeNet with sigmoids learn with?",
    variants=_map("lenet"),
    seeds=2,
    carry_out=partial(score_at_end, on=("validation",)),
)

RATE_LINE = Experiment(
    name="rate-line",
    question="How large a rate does LeNet with ReLU bear?",
    variants=tuple(
        _run("lenet_relu", norm, 1.0, lr)
        for norm, ends in {"none": (0.055, 1.8), "torch_batch": (0.1, 10)}.items()
        for lr in _between(*ends)
    ),
    seeds=10,
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=("validation",)),
)

RATE_LINE_SIGMOID = Experiment(
    name="rate-line-sigmoid",
    question="How large a rate does LeNet with sigmoids bear?",
    variants=tuple(
        _run("lenet", norm, 1.0, lr)
        for norm, ends in {"none": (1, 10), "torch_batch": (0.55, 18)}.items()
        for lr in _between(*ends)
    ),
    seeds=5,
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=("validation",)),
)


def _widths(model: str) -> tuple[Run, ...]:
    """Each k at its own rate, and at the rate of k = 1."""
    runs = [
        _run(model, norm, gain, lr)
        for norm in NORMS
        for gain in GAINS
        for lr in (RATE_OF_GAIN[model, norm][gain], RATE_OF_GAIN[model, norm][1.0])
    ]
    return tuple(dict.fromkeys(runs))


RATE_WIDTH = Experiment(
    name="rate-width",
    question="How wide a range of first weights does LeNet with ReLU bear?",
    variants=_widths("lenet_relu"),
    seeds=10,
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=("validation", "test")),
)

SIGMOID_RATES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)

RATE_SIGMOIDS = Experiment(
    name="rate-sigmoids",
    question="Do eight layers of sigmoids learn, at any rate?",
    variants=tuple(
        Run(
            model="eight_sigmoids",
            norm=norm,
            lr=lr,
            batch_size=128,
            epochs=2,
            seed=0,
            evaluate_on="validation",
            init="lecun",
            drop_last=True,
            schedule="cooled",
            steps=780,
        )
        for norm in NORMS
        for lr in SIGMOID_RATES
    ),
    seeds=5,
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=("validation", "test")),
)
