"""The rules on which values share a mean, on made-up records; the rates, on ours."""

from functools import partial

import pytest
import torch

from normlab import runs
from normlab.evidence.claims import CLAIMS, one_token, which_axes
from normlab.evidence.claims.which_axes import BEST, SECOND, accidents
from normlab.evidence.words import Word
from tests.evidence.synthetic import around, records, rows


def word(name):
    return CLAIMS[name].rule.on(None).decide(0.05)


def test_rates_are_those_that_validation_ranks_first_and_second():
    table = runs.load("which-axes")
    last = table[(table["epoch"] == table["epochs"]) & (table["split"] == "validation")]
    last = last[(last["measure"] == "accuracy") & (last["statistics"] == "running")]
    means = last.groupby(["norm", "lr"])["value"].mean().unstack()
    ranked = means.apply(lambda row: row.sort_values().index[::-1].tolist(), axis=1)
    assert {norm: rates[0] for norm, rates in ranked.items()} == BEST
    assert {norm: rates[1] for norm, rates in ranked.items()} == SECOND


@pytest.mark.parametrize(
    ("running", "batch", "expected"),
    [
        (around(0.5, 0.1), around(0.8, 0.01), Word.REPRODUCED),
        (around(0.5, 0.1), around(0.8, 0.06), Word.NOT_REPRODUCED),
        (around(0.5, 0.004), around(0.8, 0.001), Word.NOT_REPRODUCED),
        (around(0.5, 0.1)[:4], around(0.8, 0.01)[:4], Word.UNDECIDED),
    ],
)
def test_accidents_are_a_wide_spread_with_running_statistics(running, batch, expected):
    same = {"measure": "accuracy", "split": "validation", "norm": "torch_batch"}
    made_up = records(
        *(
            rows(values, statistics=kind, epoch=2, lr=1.0, **same)
            for kind, values in (("running", running), ("batch", batch))
        )
    )
    assert accidents(1.0, made_up)[0] is expected


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("wu2018-ends", {"group_norm": lambda x, groups: 1.001 * x}),
        ("wu2018-ends", {"instance_norm": lambda x: x}),
        ("axes-company", {"instance_norm": lambda x: x - x.mean(0)}),
        ("axes-company", {"batch_norm": lambda x, *_, **__: x}),
    ],
)
def test_an_identity_fails_with_a_wrong_layer(monkeypatch, name, wrong):
    assert word(name) is Word.REPRODUCED
    for layer, function in wrong.items():
        monkeypatch.setattr(which_axes, layer, function)
    assert word(name) is Word.NOT_REPRODUCED


@pytest.mark.parametrize("normalizer", ["batch", "layer"])
@pytest.mark.parametrize("change", which_axes.INVARIANT)
def test_every_field_of_the_table_decides(monkeypatch, change, normalizer):
    of_batch, of_layer = which_axes.INVARIANT[change]
    other = (
        (not of_batch, of_layer) if normalizer == "batch" else (of_batch, not of_layer)
    )
    table = which_axes.INVARIANT | {change: other}
    monkeypatch.setattr(which_axes, "INVARIANT", table)
    assert word("ba2016-invariances") is Word.NOT_REPRODUCED


@pytest.mark.parametrize(
    ("expected", "axes", "found"),
    [
        (False, (2,), Word.REPRODUCED),
        (False, (1, 2), Word.NOT_REPRODUCED),  # other sequences alone do nothing
        (True, (0, 1), Word.REPRODUCED),
        (True, (1, 2), Word.NOT_REPRODUCED),
    ],
)
def test_dependence_is_on_all_four_or_none(expected, axes, found):
    ways = {"one": partial(one_token.standardized, axes=axes)}
    assert one_token.depends(ways, expected)(None)[0] is found


def test_centred_features_need_no_mean(monkeypatch):
    assert word("zhang2019-centred") is Word.REPRODUCED
    monkeypatch.setattr(one_token, "rms_normalized", lambda x, _: torch.ones_like(x))
    assert word("zhang2019-centred") is Word.NOT_REPRODUCED
