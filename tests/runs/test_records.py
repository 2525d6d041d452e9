"""The recorded numbers that the book shows: whole, traceable, and still true."""

from dataclasses import replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import pytest
from repeats import STEPS, TWINS, first_steps, recorded_steps, strays

from normlab import runs
from normlab.runs import EXPERIMENTS, Experiment, Run, load
from normlab.runs.inside import watch
from normlab.runs.lenet import RATES
from normlab.runs.protocol import BEST_RATE
from normlab.runs.store import check, records
from normlab.runs.table import COLUMNS

PROVENANCE = {
    "commit",
    "python",
    "torch",
    "numpy",
    "device",
    "threads",
    "finished",
    "seconds",
    "fingerprint",
    "diverged",
}
SCORED_ONCE = {"bnp-rates", "bnp", "bnp-second"}  # at the end of one epoch
each_experiment = pytest.mark.parametrize("name", EXPERIMENTS)


@cache
def recorded(name):
    """The records of an experiment; raises, with the remedy, where there are none."""
    load(name)
    return records(name)


@cache
def epochs_of(name):
    """Its table without the losses of the first steps."""
    table = load(name)
    return table[table["measure"] != "step_loss"]


def test_every_experiment_is_listed():
    files = [m.name for m in iter_modules(runs.__path__) if m.name[0] != "_"]
    modules = [import_module(f"{runs.__name__}.{file}") for file in files]
    described = {
        thing.name
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, Experiment)
    }
    assert described == set(EXPERIMENTS)


@each_experiment
def test_every_wanted_run_is_recorded(name):
    missing = [r for r in EXPERIMENTS[name].runs() if r.key not in recorded(name)]
    assert missing == []


@each_experiment
def test_every_record_is_of_a_wanted_variant(name):
    """Others would be left over from an earlier form of the experiment."""
    seeds = 1 + max(r["config"]["seed"] for r in recorded(name).values())
    wanted = {run.key for run in EXPERIMENTS[name].runs(seeds)}
    assert set(recorded(name)) <= wanted


@each_experiment
def test_keys_belong_to_their_configurations(name):
    for key, record in recorded(name).items():
        assert Run(**record["config"]).key == key


@each_experiment
def test_provenance_is_complete(name):
    for record in recorded(name).values():
        about = record["provenance"]
        assert set(about) >= PROVENANCE
        empty = {k for k in PROVENANCE - {"diverged"} if not about[k]}
        assert empty == set()
        assert about["commit"] != "unknown"


@each_experiment
def test_records_say_how_much_they_hold(name):
    check(name)  # rows and arrays are as many as said
    for record in recorded(name).values():
        assert record["rows"] > 0
        assert record["arrays"] >= 0


@each_experiment
def test_every_epoch_has_its_numbers(name):
    known = recorded(name)
    wanted = {
        (run.key, *where, measure, epoch)
        for run in EXPERIMENTS[name].runs()
        # a run of so many updates is scored at its end
        if name not in SCORED_ONCE
        and not (run.steps or known[run.key]["provenance"]["diverged"])
        for where in (("train", ""), (run.evaluate_on, "running"))
        for measure in ("accuracy", "loss")
        for epoch in range(1, run.epochs + 1)
    }
    columns = ["key", "split", "statistics", "measure", "epoch"]
    table = epochs_of(name).set_index(columns)["value"]
    assert wanted <= set(table.index)
    table = table[table.index.isin(wanted)]
    is_loss = table.index.get_level_values("measure") == "loss"
    assert (table[is_loss] > 0).all()
    assert table[~is_loss].between(0, 1).all()


@each_experiment
def test_columns_tell_each_number_from_every_other(name):
    table = load(name)
    columns = [c for c in COLUMNS if c in table and c != "value"]
    assert not table.duplicated(columns).any()


@each_experiment
def test_a_step_is_a_number_of_updates(name):
    """So many as the epoch that it is in, or ends, has: of 60,000 or 50,000 images."""
    table = epochs_of(name)
    images = table["evaluate_on"].map({"test": 60000, "validation": 50000})
    images = images.where(table["images"] == 0, table["images"])
    updates = -(-images // table["batch_size"])
    assert (-(-table["step"] // updates) == table["epoch"]).all()


@pytest.mark.parametrize("norm", BEST_RATE)
def test_best_rate_is_the_best_on_validation(norm):
    """By mean accuracy after the last epoch; "torch_batch" stands for "batch".

    Among the rates that there were when it was chosen.
    """
    table = load("lenet-rates")
    table = table[table["norm"] == {"batch": "torch_batch"}.get(norm, norm)]
    last = table[(table["split"] == "validation") & (table["epoch"] == table["epochs"])]
    last = last[last["statistics"] == "running"]
    by_rate = last[last["measure"] == "accuracy"].groupby("lr")["value"]
    no_seed_diverged = by_rate.count() == EXPERIMENTS["lenet-rates"].seeds
    means = by_rate.mean()[no_seed_diverged].loc[0.1:]
    assert set(means.index) <= set(RATES)
    assert means.idxmax() == BEST_RATE[norm]


# The first steps of every arm, again


def watched(name):
    """Whether its runs keep recordings of what happens inside from the first step."""
    return EXPERIMENTS[name].carry_out is watch


def an_arm(name):
    """A quick one with batch normalization, in batches that are no chaos.

    Without it where the layer is chaos soon: in deep networks, and at large rates.
    Fifteen layers that normalize make a rounding as large as an error. Where all
    batches are small, any.
    """
    firsts = EXPERIMENTS[name].runs(1)
    shallow = [r for r in firsts if not r.model.startswith("mlp_15")]
    arms = [r for r in shallow if r.batch_size >= 16] or shallow
    deep = arms[0].model.startswith(("deep_cnn", "faces_"))
    calm = name == "rate-width" or deep
    norm = "none" if calm else "torch_batch"

    def order(run):
        return run.norm != norm, run.gain != 1.0, run.batch_size, run.lr

    return min(arms, key=order)


def kind(run):
    """What tells an arm from others, but for rate, batch size, length, depth, seed."""
    family = run.model.partition("_")[0]
    model = family if family in ("mlp", "plain") else run.model
    same = {"lr": 1.0, "batch_size": 1, "epochs": 1, "steps": 0, "seed": 0}
    return replace(run, model=model, **same)


def repeated():
    """(experiment, run) of all arms to repeat: of each experiment and of each kind one.

    It is one in small batches, but not so small that they are chaos.
    """
    kinds, found = set(), []
    for name in EXPERIMENTS:
        runs = [] if name in GRIDS else EXPERIMENTS[name].runs(1)
        runs = sorted(runs, key=lambda run: (run.batch_size < 16, run.batch_size))
        for number, run in enumerate([an_arm(name), *runs]):
            this = watched(name), kind(run)
            if number == 0 or this not in kinds:
                found.append((name, run))
                kinds.add(this)
    return found


# What their arms differ in are numbers; those of depth-fifteen have large matrices too.
GRIDS = {"rate-map", "rate-map-sigmoid", "rate-line", "rate-line-sigmoid", "rate-width"}
GRIDS |= {"schedules-rates", "depth-fifteen"}
ARMS = repeated()


# The first steps of today's code on this processor; of a twin, where there is a third.
trained_again = cache(first_steps)


def again_with_twins(run, inside):
    twins = [trained_again(run, inside, twin) for twin in range(TWINS)]
    return trained_again(run, inside), twins


@pytest.mark.parametrize(
    ("name", "run"),
    ARMS,
    ids=[f"{n}-{r.model}-{r.norm}-n{r.batch_size}" for n, r in ARMS],
)
def test_first_steps_come_out_again(name, run):
    then = recorded_steps(name, run, watched(name))
    steps = len(then["step_loss"])
    assert steps == STEPS or recorded(name)[run.key]["provenance"]["diverged"]

    def up_to_its_end(one):  # a record ends where it diverged
        return {n: v[:steps] for n, v in one.items()} if steps < STEPS else one

    now, twins = up_to_its_end(trained_again(run, watched(name))), []
    # Each twin explains more; where the processor is like the record's, none is asked.
    for twin in range(TWINS):
        if strays(then, now, twins):
            twins.append(up_to_its_end(trained_again(run, watched(name), twin)))
    assert strays(then, now, twins) == set()


PLANTED = {
    "momentum of the steps": lambda run: {"momentum": run.momentum + 0.01},
    "learning rate": lambda run: {"lr": 1.01 * run.lr},
}


# Their arms are deep networks at rates at which roundings soon are as large as an
# error; "implementations-slow" and "schedules" are carried out by the same code. In
# binary networks a rounding may turn a sign (and Adam has no momentum of this kind).
# Where a rate is tiny, so is an error of it; "tiny-batches", "two-classes" and "race"
# are carried out by the same code as the others of their names, and so are those of
# "placement", whose smallest rate sees an error. Of "shift" LeNet with sigmoids does.
CHAOS = {"implementations", "schedules-others", "race-long"}
CHAOS |= {"binary-rates", "binary", "binary-second"}
CHAOS |= {"tiny-batches-rates", "tiny-batches-rates-others", "tiny-batches-others"}
CHAOS |= {"scale", "scale-imposed", "shift", "shift-line", "noise"}
CHAOS |= {"residual-rates", "residual", "residual-plain"}
CHAOS |= {"placement", "placement-second", "placement-long", "placement-others"}
CHAOS |= {"two-classes-rates", "tiny-batches-second"}


SEEN = {(watched(n), kind(an_arm(n))): n for n in EXPERIMENTS if n not in CHAOS}


@pytest.mark.parametrize("error", PLANTED)
@pytest.mark.parametrize("name", SEEN.values())  # of each kind one
def test_an_error_of_a_hundredth_in_the_steps_is_seen(name, error):
    run = an_arm(name)
    wrong = first_steps(replace(run, **PLANTED[error](run)), watched(name))
    assert "step_loss" in strays(wrong, *again_with_twins(run, watched(name)))


@pytest.mark.parametrize("name", [n for n in EXPERIMENTS if watched(n)])
def test_an_error_of_a_hundredth_in_the_layers_momentum_is_seen(name):
    """In every layer's running statistics, and nowhere else: they train nothing."""
    run = an_arm(name)
    wrong = first_steps(run, True, momentum=1.01 * 0.1)
    found = strays(wrong, *again_with_twins(run, True))
    expected = {n for n in wrong if "/running_" in n}
    assert len(expected) >= 2 * 3
    assert found == expected
