"""Real batches of two and of eight images, in one pass over 20,000 of them.

In the race few images share statistics, and the gradient is that of 128. Here both are
of few: this is what is left to whoever has no room for more.
"""

from functools import partial

from normlab.runs.chosen_rates import FIRST
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.early import (
    curve,
    first_losses,
    guessing,
    last,
    seconds,
    train_while_finite,
)
from normlab.runs.execute import build, data, updates
from normlab.runs.score import scored

IMAGES = 20_000
TWO, EIGHT = 2, 8  # images a batch
# Training images that statistics are recomputed over, a fifth of the usual: with batch
# renormalization each layer takes a pass over them, and in batches of two that many
# more would take longer than the training.
RECOMPUTED_OVER = 2048
# What a run has besides: a network, what normalizes it, what turns its gradients.
ARMS = {
    "group": {"norm": "torch_group_4"},
    "filter_response": {"norm": "filter_response", "model": "deep_cnn_linear"},
    "batch": {"norm": "torch_batch"},
    "renorm": {"norm": "renorm_over_{updates}"},
    "scaled": {"norm": "none", "model": "deep_cnn_scaled", "transform": "clip"},
}
JUDGED = ("filter_response", "group")
OTHERS = tuple(name for name in ARMS if name not in JUDGED)


def trained(name: str, batch: int, lr: float) -> Run:
    """Return an arm's run of seed 0 with this batch and rate."""
    steps = IMAGES // batch
    settings = {"model": "deep_cnn"} | ARMS[name]
    settings["norm"] = settings["norm"].format(updates=steps)
    return Run(
        **settings,
        lr=lr,
        batch_size=batch,
        epochs=1,
        seed=0,
        evaluate_on="validation",
        momentum=0.9,
        init="he",
        steps=steps,
        schedule="warm_cooled",
        drop_last=True,
        images=IMAGES,
    )


def score_at_end(run: Run, device: str, *, on: tuple[str, ...]) -> Outcome:
    """Train the run and score it once, at its end, as ``early.score_at_end`` does.

    Statistics are recomputed over fewer images.
    """
    model = build(run)
    history = train_while_finite(model, run, device)
    few = tuple(part[:RECOMPUTED_OVER] for part in data(run.evaluate_on)[0])
    rows, at = [*first_losses(history), *seconds(history, updates(run))], last(run)
    for split in on:
        if history.diverged:
            rows += [guessing(split, kind, **at) for kind in ("running", "recomputed")]
        else:
            rows += scored(model, run, few, data(split)[1], split=split, **at)
    kept = curve(history.step_losses, updates(run))
    return Outcome(rows, history.diverged, kept)


# (arm, images a batch) -> the rates that are tried; lower ones of the arm that did best
# at the lowest when it was tried for fewer updates.
GRIDS = {
    **{(name, TWO): (0.0003, 0.001, 0.003, 0.01) for name in ARMS},
    ("filter_response", TWO): (0.0001, 0.0003, 0.001, 0.003),
    **{(name, EIGHT): (0.001, 0.003, 0.01, 0.03) for name in ARMS},
    ("scaled", TWO): (0.0003, 0.001, 0.003, 0.01, 0.03),
    ("scaled", EIGHT): (0.001, 0.003, 0.01, 0.03, 0.1),
}
# Of each grid the rates with the best and the second-best mean accuracy on validation
# images, statistics recomputed; a test recomputes them. Second-best ones are of those
# that are judged, in batches of two.
BEST = {
    ("group", TWO): 0.001,
    ("filter_response", TWO): 0.001,
    ("batch", TWO): 0.003,
    ("renorm", TWO): 0.003,
    ("scaled", TWO): 0.01,
    ("group", EIGHT): 0.003,
    ("filter_response", EIGHT): 0.01,
    ("batch", EIGHT): 0.01,
    ("renorm", EIGHT): 0.01,
    ("scaled", EIGHT): 0.03,
}
SECOND = {("group", TWO): 0.003, ("filter_response", TWO): 0.003}
VALIDATION, END = ("validation",), ("validation", "test")


def tried(*names: str) -> tuple[Run, ...]:
    """Return these arms' runs of seed 0, with both batches, at each of their rates."""
    return tuple(
        trained(name, batch, lr)
        for batch in (TWO, EIGHT)
        for name in names
        for lr in GRIDS[name, batch]
    )


def chosen(*names: str, batch: int, rates: dict[tuple[str, int], float]):
    """Return these arms' runs of seed 0, each at the rate that was chosen."""
    return tuple(trained(name, batch, rates[name, batch]) for name in names)


TINY_BATCHES_RATES = Experiment(
    name="tiny-batches-rates",
    question="Which rate suits what is judged in batches of two and of eight?",
    variants=tried(*JUDGED),
    seeds=2,
    carry_out=partial(score_at_end, on=VALIDATION),
)
TINY_BATCHES_RATES_OTHERS = Experiment(
    name="tiny-batches-rates-others",
    question="Which rate suits the other normalizers in such batches?",
    variants=tried(*OTHERS),
    seeds=1,  # which is enough where no verdict hangs on the rate
    carry_out=partial(score_at_end, on=VALIDATION),
)

TINY_BATCHES = Experiment(
    name="tiny-batches",
    question="Which of two normalizers suits batches of two?",
    variants=chosen(*JUDGED, batch=TWO, rates=BEST),
    seeds=10,
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=END),
)
TINY_BATCHES_EIGHT = Experiment(
    name="tiny-batches-eight",
    question="Is it the same in batches of eight?",
    variants=chosen(*JUDGED, batch=EIGHT, rates=BEST),
    seeds=10,
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=END),
)
TINY_BATCHES_SECOND = Experiment(
    name="tiny-batches-second",
    question="Is it the same at the second-best rates?",
    variants=chosen(*JUDGED, batch=TWO, rates=SECOND),
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=END),
)
TINY_BATCHES_OTHERS = Experiment(
    name="tiny-batches-others",
    question="And the other normalizers, in batches of two and of eight?",
    variants=chosen(*OTHERS, batch=TWO, rates=BEST)
    + chosen(*OTHERS, batch=EIGHT, rates=BEST),
    seeds=3,
    first_seed=FIRST,
    carry_out=partial(score_at_end, on=END),
)
