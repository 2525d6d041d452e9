"""The race: one network, a normalizer each, statistics of few images and of many.

The gradient is always that of 128 images. What differs is how many of them share
statistics, so that nothing else changes with the batch. All warm up and are cooled.
"""

from dataclasses import dataclass
from functools import partial

from normlab.runs.chosen_rates import FIRST
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.early import (
    ending,
    first_losses,
    score_at_end,
    train_while_finite,
)
from normlab.runs.execute import build, data, updates
from normlab.runs.registry import RACE
from normlab.runs.rows import STEPS_KEPT
from normlab.runs.step_cost import cost
from normlab.runs.watch import Watch

BATCH = 128
SAME_ACTIVATION = "batch_threshold"  # as filter response normalization has
EVERY = 50  # updates, from one look at few images to the next


@dataclass(frozen=True)
class Contender:
    """What takes part: a network, what normalizes it, what turns its gradients."""

    norm: str = "none"
    model: str = "deep_cnn"
    transform: str = ""


# Name -> contender; a number is how many images share statistics.
CONTENDERS = {
    "none": Contender(),
    "instance": Contender("instance"),
    "group": Contender("torch_group_4"),
    "group_standardized": Contender("torch_group_4", "deep_cnn_standardized"),
    "filter_response": Contender("filter_response", "deep_cnn_linear"),
    "scaled": Contender(model="deep_cnn_scaled", transform="clip"),
    "precondition": Contender(transform="precondition"),
    "batch_threshold": Contender("batch_threshold", "deep_cnn_linear"),
    **{f"batch_{n}": Contender(f"ghost_{n}") for n in (2, 4, 8, 32)},
    "batch_128": Contender("torch_batch"),
    **{
        f"{kind}_{n}": Contender(f"{kind}_{n}")
        for kind in ("renorm", "kalman")
        for n in (2, 4, 8)
    },
    "renorm_128": Contender("renorm_128"),
    "kalman_128": Contender("kalman_whole"),
}
LOW, HIGH = (0.01, 0.03, 0.1, 0.3), (0.03, 0.1, 0.3, 1.0)
# Of statistics of 2 to 8 images those of 4 choose the rate, else those of 128.
GRIDS = {
    "none": LOW,
    "instance": LOW,
    "group": HIGH,
    "group_standardized": HIGH,
    "filter_response": LOW,
    "scaled": HIGH,
    "precondition": (0.003, *LOW[:3]),
    **{f"{kind}_{n}": HIGH for kind in ("batch", "renorm", "kalman") for n in (4, 128)},
}


def entry(name: str, lr: float, steps: int = RACE) -> Run:
    """Return a contender's run of seed 0 at a rate."""
    contender = CONTENDERS[name]
    return Run(
        contender.model,
        contender.norm,
        lr,
        batch_size=BATCH,
        epochs=-(-steps // (50_000 // BATCH)),
        seed=0,
        evaluate_on="validation",
        momentum=0.9,
        init="he",
        steps=steps,
        schedule="warm_cooled",
        drop_last=True,
        transform=contender.transform,
    )


def follow(run: Run, device: str) -> Outcome:
    """Train the run, looking at few images on the way; score it at its end.

    A training that breaks off guesses from there on, and its curve ends.
    """
    model, (training, held_out) = build(run), data(run.evaluate_on)
    last = updates(run)
    pairs = (tuple(t.to(device) for t in pair) for pair in (training, held_out))
    watch = Watch(run, *pairs, few_at=range(EVERY, last + 1, EVERY))
    history = train_while_finite(model, run, device, after=[watch])
    rows = ending(model, run, history, on=("validation", "test"))
    return Outcome([*first_losses(history), *rows], history.diverged, watch.arrays())


# Of each grid the rates with the best and the second-best mean accuracy on validation
# images, statistics recomputed, in "race-rates" and "race-rates-others"; a test
# recomputes them. Second-best ones are of those that are judged.
BEST = {
    "none": 0.03,
    "instance": 0.1,
    "group": 0.1,
    "group_standardized": 0.1,
    "filter_response": 0.1,
    "scaled": 0.1,
    "precondition": 0.01,
    "batch_4": 0.1,
    "batch_128": 0.3,
    "renorm_4": 0.3,
    "renorm_128": 0.1,
    "kalman_4": 0.1,
    "kalman_128": 0.1,
}
SECOND = {
    "filter_response": 0.3,
    "batch_4": 1.0,
    "batch_128": 0.1,
    "renorm_4": 0.1,
    "kalman_4": 0.03,
}


def tried(*names: str) -> tuple[Run, ...]:
    """Return these contenders' runs of seed 0, at each rate of their grids."""
    return tuple(entry(name, lr) for name in names for lr in GRIDS[name])


def grid_of(name: str) -> str:
    """Return whose grid chooses a contender's rate."""
    family, _, size = name.rpartition("_")
    if name == SAME_ACTIVATION:
        return "batch_128"
    return f"{family}_{4 if int(size) <= 8 else 128}" if size.isdigit() else name


def entered(*names: str, rates: dict[str, float], steps: int = RACE) -> tuple[Run, ...]:
    """Return these contenders' runs of seed 0, each at the rate that was chosen."""
    return tuple(entry(name, rates[grid_of(name)], steps) for name in names)


JUDGED = ("batch_2", "batch_4", "batch_128", "kalman_2", "renorm_4", "filter_response")
OTHERS = tuple(n for n in CONTENDERS if n not in (*JUDGED, SAME_ACTIVATION))
LONGER = 2 * RACE

RACE_RATES = Experiment(
    name="race-rates",
    question="Which rate suits each normalizer that is judged?",
    variants=tried(*SECOND),
    seeds=2,
    carry_out=partial(score_at_end, on=("validation",)),
)
RACE_RATES_OTHERS = Experiment(
    name="race-rates-others",
    question="Which rate suits each of the others?",
    variants=tried(*(name for name in GRIDS if name not in SECOND)),
    seeds=1,  # nothing is judged by it
    carry_out=partial(score_at_end, on=("validation",)),
)

RACE_RUNS = Experiment(
    name="race",
    question="What becomes of a normalizer when few images share statistics?",
    variants=entered(*JUDGED, rates=BEST),
    seeds=10,
    first_seed=FIRST,
    carry_out=follow,
)
RACE_SECOND = Experiment(
    name="race-second",
    question="Is it the same at the second-best rates, and with the same activation?",
    variants=entered(*JUDGED, rates=SECOND) + entered(SAME_ACTIVATION, rates=BEST),
    first_seed=FIRST,
    carry_out=follow,
)
RACE_LONG = Experiment(
    name="race-long",
    question="Does filter response normalization catch up in twice as many updates?",
    variants=entered("batch_128", "filter_response", rates=BEST, steps=LONGER),
    first_seed=FIRST,
    carry_out=follow,
)
RACE_OTHERS = Experiment(
    name="race-others",
    question="And the other normalizers, and other numbers of images?",
    variants=entered(*OTHERS, rates=BEST),
    seeds=3,
    first_seed=FIRST,
    carry_out=follow,
)
RACE_COST = Experiment(
    name="race-cost",
    question="What does a step with each normalizer cost in time and memory?",
    variants=entered(*CONTENDERS, rates=BEST, steps=STEPS_KEPT),
    first_seed=FIRST,  # a seed is a repetition
    carry_out=cost,
)
