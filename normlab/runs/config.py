"""``Run``: what is computed, frozen, and the key under which it is recorded."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, field, fields

import numpy as np

# A field that came after the first records: at its default it is not in the key.
LATER = {"later": True}
CONSTANT = "constant"  # the schedule of a rate that stays


@dataclass(frozen=True)
class Run:
    """The configuration of one training on Fashion-MNIST.

    It says what is computed. How (device, threads, compile) is provenance and
    leaves the key alone.

    Args:
        model: a name in ``registry.MODELS``.
        norm: a name in ``registry.NORMS``; "none" trains without normalizers.
        lr: learning rate.
        batch_size: examples a step.
        epochs: passes over the training images.
        seed: draws the weights and orders the examples.
        evaluate_on: "test" trains on all 60,000 images; "validation" trains on
            the first 50,000 and evaluates on the last 10,000.
        momentum: of SGD.
        weight_decay: of SGD.
        init: a name in ``registry.INITS``.
        dtype: of the weights and activations.
        decay_norms: False spares gamma and beta the weight decay.
        steps: stop after so many updates; 0 for all of the epochs.
        schedule: how the rate changes: a name in ``registry.SCHEDULES``, or
            ``CONSTANT``.
        drop_last: leave out the last, smaller batch of an epoch.
        gain: what the first weights of linear layers and convolutions are multiplied
            by, after ``init``.
        optimizer: "sgd" or "adam".
        transform: what changes the gradients before an update: a name in
            ``registry.TRANSFORMS``, "" for nothing.
        augment: what changes a batch's images: a name in ``registry.AUGMENTS``, "" for
            nothing.
        arrange: what orders an epoch's images: a name in ``registry.ARRANGEMENTS``, ""
            for chance.
        images: train on the first so many images; 0 for all of them.
    """

    model: str
    norm: str
    lr: float
    batch_size: int
    epochs: int
    seed: int
    evaluate_on: str = "test"
    momentum: float = 0.0
    weight_decay: float = 0.0
    init: str = "xavier"
    dtype: str = "float32"
    decay_norms: bool = field(default=True, metadata=LATER)
    steps: int = field(default=0, metadata=LATER)
    schedule: str = field(default=CONSTANT, metadata=LATER)
    drop_last: bool = field(default=False, metadata=LATER)
    gain: float = field(default=1.0, metadata=LATER)
    optimizer: str = field(default="sgd", metadata=LATER)
    transform: str = field(default="", metadata=LATER)
    augment: str = field(default="", metadata=LATER)
    arrange: str = field(default="", metadata=LATER)
    images: int = field(default=0, metadata=LATER)

    def __post_init__(self) -> None:
        for name in ("lr", "momentum", "weight_decay", "gain"):  # 1 and 1.0: one key
            object.__setattr__(self, name, float(getattr(self, name)))

    @property
    def key(self) -> str:
        """The first 12 hex digits of the configuration's SHA-256."""
        said = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if not f.metadata.get("later") or getattr(self, f.name) != f.default
        }
        text = json.dumps(said, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def run_of(config: object) -> Run:
    """Return the run that the configuration in a record describes.

    Raises:
        ValueError: it describes none; the message names the field.
    """
    if not isinstance(config, dict):
        raise ValueError("it has no configuration")
    known = {f.name: f for f in fields(Run)}
    needed = {name for name, f in known.items() if f.default is MISSING}
    if strange := sorted(config.keys() - known.keys()):
        raise ValueError(f"its configuration has {strange[0]!r}, which no run has")
    if lost := sorted(needed - config.keys()):
        raise ValueError(f"its configuration lacks {lost[0]!r}")
    for name, value in config.items():
        kind = known[name].type
        # To Python True is an int, and to JSON 1.0 may be 1.
        fits = (int, float) if kind is float else kind
        if not isinstance(value, fits) or isinstance(value, bool) != (kind is bool):
            raise ValueError(
                f"its configuration says {name}={value!r}, not a {kind.__name__}"
            )
    return Run(**config)


@dataclass
class Outcome:
    """What carrying out one run left behind.

    Args:
        rows: of the tidy table; see ``rows.row``.
        diverged: when and how the training ended early, or None.
        arrays: named recordings that are too large for the table.
    """

    rows: list[dict]
    diverged: str | None = None
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Experiment:
    """A named set of runs that answers one question.

    Args:
        name: also the name of its files in ``results/``.
        question: one sentence.
        variants: runs of seed 0; each is repeated for every seed.
        seeds: how many seeds by default.
        first_seed: the first of them; a rate that was chosen with seeds is tried with
            others.
        carry_out: what is done with one run, (run, device) -> Outcome; None trains
            it and keeps its history.
    """

    name: str
    question: str
    variants: tuple[Run, ...]
    seeds: int = 5
    first_seed: int = 0
    carry_out: Callable[[Run, str], Outcome] | None = None

    def runs(self, seeds: int | None = None) -> list[Run]:
        """Return every variant with every seed.

        Seeds are outermost, so that a stop halfway leaves whole comparisons.

        Raises:
            ValueError: ``seeds`` is below 1.
        """
        count = self.seeds if seeds is None else seeds
        if count < 1:
            raise ValueError(f"seeds is {count}; it must be at least 1")
        return [
            Run(**{**asdict(v), "seed": seed})
            for seed in range(self.first_seed, self.first_seed + count)
            for v in self.variants
        ]
