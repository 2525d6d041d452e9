"""Rates of placements, of what regularizes, and of a hundred and ten layers."""

import pytest

from normlab.runs import EXPERIMENTS, load, placement, regularizer, residual

# experiment -> name of an arm -> its run at a rate, what was chosen, the grid
TABLES = {
    "placement-rates": (
        {name: placement.trained(name, 0.1) for name in placement.ARMS},
        placement.BEST,
        placement.SECOND,
        dict.fromkeys(placement.ARMS, placement.GRID),
    ),
    "regularizer-rates": (
        {arm: regularizer.dense(arm[0], 0.1, arm[1]) for arm in regularizer.ARMS},
        regularizer.BEST,
        regularizer.SECOND,
        regularizer.GRIDS,
    ),
    "residual-rates": (
        {name: residual.trained(name, 0.1) for name in residual.ARMS},
        residual.BEST,
        {},
        residual.GRIDS,
    ),
}
ARMS = [(table, name) for table, (runs, *_) in TABLES.items() for name in runs]


def means(experiment, name):
    """Mean accuracy on validation images by rate, statistics recomputed."""
    runs, *_, grids = TABLES[experiment]
    table, run = load(experiment), runs[name]
    asked = {"measure": "accuracy", "statistics": "recomputed", "split": "validation"}
    asked |= {"model": run.model, "norm": run.norm, "init": run.init}
    for column, content in asked.items():
        table = table[table[column] == content]
    by_rate = table.groupby("lr")["value"]
    assert (by_rate.count() == EXPERIMENTS[experiment].seeds).all()
    assert set(by_rate.groups) == set(grids[name])
    return by_rate.mean().sort_index()


@pytest.mark.parametrize(("experiment", "name"), ARMS)
def test_rates_are_the_best_on_validation_and_not_at_an_edge(experiment, name):
    found = means(experiment, name)
    _, best, second, _ = TABLES[experiment]
    assert found.index[0] < found.idxmax() < found.index[-1]
    assert best[name] == found.idxmax()
    if name in second:
        assert second[name] == found.nlargest(2).index[1]


@pytest.mark.parametrize("experiment", TABLES)
def test_seeds_that_choose_do_not_decide(experiment):
    chosen = set(load(experiment)["seed"])
    family = experiment.removesuffix("-rates")
    for name, other in EXPERIMENTS.items():
        if name.startswith(family) and name != experiment:
            deciding = range(other.first_seed, other.first_seed + other.seeds)
            assert chosen.isdisjoint(deciding), name
