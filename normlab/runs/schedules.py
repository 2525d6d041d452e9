"""Which schedule of the learning rate batch normalization wants.

Networks and schedules are those of the post on faces, with a hundredth of its updates.
At so few of them the printed rates starve the network without the layer, so each arm is
trained once more with all of its rates multiplied by what suits it best.
"""

from torch import nn

from normlab.randomness import random_numbers_kept
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.execute import build, data, train_on, updates
from normlab.runs.rows import history_rows
from normlab.runs.score import scored
from normlab.runs.watch import Watch
from normlab.training import After, Pair

BATCH = 128
EPOCH = 50_000 // BATCH  # updates; what is left of the images is left out
UPDATES = 4200  # 420,000 in the post, where the network without the layer converges
EARLY = 640  # where the post's network without the layer reaches 80%
ENDS = {"original": UPDATES, "multistep": 2300, "short_step": 1800}  # when each does
RATES = {"original": 0.01, "multistep": 0.055, "short_step": 0.055}  # as printed
EIGHT, EIGHT_DROPPING, SEVEN = "faces_8", "faces_8_dropout", "faces_7"
LAYER = "torch_batch"
# (model, norm, schedule): the post's four networks, and the plain one with the layer's
# schedule.
ARMS = (
    (EIGHT_DROPPING, "none", "original"),
    (EIGHT_DROPPING, "none", "multistep"),
    (SEVEN, LAYER, "original"),
    (SEVEN, LAYER, "multistep"),
    (SEVEN, LAYER, "short_step"),
)
PLAIN, WITH_LAYER = ARMS[0], ARMS[3]  # the post compares these two
FACTORS = (1, 3, 10)
# Where the best of these was at the edge, until a larger one was worse.
FURTHER = {
    ("none", "original"): (30,),
    (LAYER, "original"): (30, 100),
    (LAYER, "multistep"): (30,),
    (LAYER, "short_step"): (30,),
}
# Of these the one with the best mean validation accuracy, statistics recomputed, in
# "schedules-rates"; a test recomputes them.
BEST_FACTOR = {
    ("none", "original"): 10,
    ("none", "multistep"): 3,
    (LAYER, "original"): 30,
    (LAYER, "multistep"): 3,
    (LAYER, "short_step"): 3,
}


def trained(model: str, norm: str, schedule: str, factor=1, steps: int = UPDATES):
    """Return a run of seed 0 with the schedule's rates, multiplied by ``factor``."""
    return Run(
        model,
        norm,
        lr=round(factor * RATES[schedule], 6),
        batch_size=BATCH,
        epochs=-(-steps // EPOCH),
        seed=0,
        evaluate_on="validation",
        momentum=0.9,
        weight_decay=5e-4,
        init="he",
        steps=steps,
        schedule=schedule,
        drop_last=True,
    )


def tuned(model: str, norm: str, schedule: str) -> Run:
    """Return a run of seed 0 with the schedule's rates times what suits it best."""
    return trained(model, norm, schedule, BEST_FACTOR[norm, schedule])


def curve_steps(last: int) -> list[int]:
    """Return after which updates a network is looked at, up to ``last``.

    Each 10 to 300, each 20 to 1,000, and each 100 from there.
    """
    steps = [*range(10, 300, 10), *range(300, 1000, 20), *range(1000, last + 1, 100)]
    return [step for step in steps if step <= last]


def follow(run: Run, device: str) -> Outcome:
    """Train the run; keep its curve, and score it where its schedule ends and after.

    That is on the test images, once each.
    """
    training, held_out = data(run.evaluate_on)
    test = data("test")[1]
    last, often = updates(run), curve_steps(UPDATES)
    seldom = [step for step in often if step % 100 == 0]
    watch = Watch(run, _on(device, training), _on(device, held_out), often, seldom)
    ends = {min(ENDS[run.schedule], last), last}
    rows: list[dict] = []

    def score(step: int, model: nn.Module) -> None:
        if step in ends:
            with random_numbers_kept():
                rows.extend(_scored(model, run, test, step, split="test"))

    rows[:0], diverged = _trained(run, device, [watch, score])
    return Outcome(rows, diverged, watch.arrays())


def try_rate(run: Run, device: str) -> Outcome:
    """Train the run and score it at its end, on the validation images."""
    held_out = data(run.evaluate_on)[1]
    rows: list[dict] = []

    def score(step: int, model: nn.Module) -> None:
        if step == updates(run):
            again = _scored(model, run, held_out, step, split=run.evaluate_on)
            # What evaluation mode makes of it stands among the epochs.
            rows.extend(row for row in again if row["statistics"] == "recomputed")

    rows[:0], diverged = _trained(run, device, [score])
    return Outcome(rows, diverged)


def _trained(run: Run, device: str, after: list[After]) -> tuple[list, str | None]:
    """Return what a training leaves in rows, and how it ended early.

    If it did, the rest is asked of the network as it is then.
    """
    model = build(run)
    options = {"after": after, "statistics": ("running",)}
    history = train_on(model, run, device, **options)
    done, last = len(history.step_losses), updates(run)
    for step in range(done + 1, last + 1):
        for call in after:
            call(step, model)
    rows = history_rows(history)
    for row in rows:  # only the last epoch may be shorter
        if row["measure"] != "step_loss":
            row["step"] = min(EPOCH * row["epoch"], done)
    return rows, history.diverged


def _scored(model: nn.Module, run: Run, held_out: Pair, step: int, split: str):
    at = {"split": split, "epoch": -(-step // EPOCH), "step": step}
    return scored(model, run, data(run.evaluate_on)[0], held_out, **at)


def _on(device: str, pair: Pair) -> Pair:
    return pair[0].to(device), pair[1].to(device)


SCHEDULES_RATES = Experiment(
    name="schedules-rates",
    question="By how much should the printed rates be multiplied at so few updates?",
    variants=tuple(
        trained(*arm, factor, steps=ENDS[arm[-1]])
        for arm in ARMS
        for factor in (*FACTORS, *FURTHER.get(arm[1:], ()))
    ),
    seeds=3,
    carry_out=try_rate,
)


def _printed_and_tuned(*arms: tuple[str, str, str]) -> tuple[Run, ...]:
    runs = [make(*arm) for make in (trained, tuned) for arm in arms]
    return tuple(dict.fromkeys(runs))


SCHEDULES = Experiment(
    name="schedules",
    question="Is batch normalization with a schedule of its own quicker, and as good?",
    variants=_printed_and_tuned(PLAIN, WITH_LAYER),
    first_seed=10,
    seeds=10,
    carry_out=follow,
)

SCHEDULES_OTHERS = Experiment(
    name="schedules-others",
    question="Does each network want its own schedule?",
    variants=_printed_and_tuned(*(a for a in ARMS if a not in (PLAIN, WITH_LAYER))),
    first_seed=10,
    carry_out=follow,
)

SCHEDULES_SWITCHES = Experiment(
    name="schedules-switches",
    question="What do the layer and dropout do, each by itself?",
    variants=(
        trained(EIGHT, "none", "original"),
        trained(EIGHT, LAYER, "original"),
        trained(EIGHT, "none", "multistep"),
        trained(EIGHT, LAYER, "multistep"),
        trained(EIGHT_DROPPING, LAYER, "multistep"),
    ),
    first_seed=10,
    seeds=3,
    carry_out=follow,
)
