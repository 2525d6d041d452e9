"""Who takes part in the race, and at which rates: for it and what is run beside it."""

from dataclasses import dataclass

from normlab.runs.config import Run
from normlab.runs.registry import RACE

BATCH = 128
SAME_ACTIVATION = "batch_threshold"  # as filter response normalization has


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
    "instance": (*LOW, 1.0),
    "group": HIGH,
    "group_standardized": HIGH,
    "filter_response": LOW,
    "scaled": HIGH,
    "precondition": (0.003, *LOW),
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


# Of each grid the rates with the best and the second-best mean accuracy on validation
# images, statistics recomputed, in "race-rates" and "race-rates-others"; a test
# recomputes them. Second-best ones are of those that are judged.
BEST = {
    "none": 0.03,
    "instance": 0.3,
    "group": 0.1,
    "group_standardized": 0.1,
    "filter_response": 0.1,
    "scaled": 0.3,
    "precondition": 0.1,
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
