"""Scaled weights and clipped gradients: the arms, and the rate that was chosen."""

from torch import nn

from normlab.layers.weights import ScaledStandardizedConv2d
from normlab.models import normalizers
from normlab.runs import EXPERIMENTS, build, load
from normlab.runs.contenders import GRIDS
from normlab.runs.scaled_weights import (
    AT_SECOND,
    BOTH,
    CLIPPED,
    PLAIN,
    SCALED,
    SECOND,
)

EXPERIMENT = EXPERIMENTS["scaled-weights"]


def test_each_arm_has_what_its_name_says():
    arms = {PLAIN: (False, ""), SCALED: (True, ""), CLIPPED: (False, "clip")}
    arms |= {BOTH: (True, "clip"), AT_SECOND: (True, "clip")}
    assert set(EXPERIMENT.variants) == set(arms)
    for run, (scaled, transform) in arms.items():
        model = build(run)
        convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
        kinds = {isinstance(m, ScaledStandardizedConv2d) for m in convolutions}
        assert (kinds, run.transform) == ({scaled}, transform)
        assert not normalizers(model)


def test_what_decides_has_the_seeds_of_the_race_and_not_those_that_chose_rates():
    deciding = {run.seed for run in EXPERIMENT.runs()}
    assert deciding <= {run.seed for run in EXPERIMENTS["race"].runs()}
    chosen = {run.seed for run in EXPERIMENTS["race-rates-others"].runs()}
    assert deciding.isdisjoint(chosen)


def test_the_second_rate_is_the_second_best_on_validation():
    table = load("race-rates-others")
    told = {"model": BOTH.model, "transform": BOTH.transform}
    told |= {"measure": "accuracy", "statistics": "recomputed"}
    for column, content in told.items():
        table = table[table[column] == content]
    means = table.groupby("lr")["value"].mean()
    assert set(means.index) == set(GRIDS["scaled"])
    assert means.nlargest(2).index.tolist() == [BOTH.lr, SECOND]
