"""Rules on recorded gammas and betas: every word they can give, on made-up records."""

from functools import partial

import numpy as np
import pytest

from normlab import runs
from normlab.evidence import learned
from normlab.evidence.records import Records, arm
from normlab.evidence.words import Word
from tests.evidence.synthetic import records, rows

CHANNELS = 20
SEEDS = 5


def trainings(layer_values, what="gamma", seeds=SEEDS):
    """Records of two steps; ``layer_values(layer, seed)`` are the channels at the end.

    The first step is 1, as gamma is at the start.
    """
    kept = []
    for seed in range(seeds):
        run = runs.Run("lenet", "torch_batch", 1.0, batch_size=256, epochs=1, seed=seed)
        arrays = {}
        for layer in learned.LAYERS:
            end = np.asarray(layer_values(layer, seed), dtype=float)
            name = f"GammaAndBeta/{what}/{layer}"
            arrays[name] = np.stack([np.ones_like(end), end])
        kept.append((run, arrays))
    return Records(lambda *_: None, lambda *_: kept)


def at_level(values, spread=0.0):
    """Every channel of layer i near values[i], higher in later seeds by ``spread``."""
    return lambda layer, seed: np.full(CHANNELS, values[layer] + spread * seed)


def printed_and_noise(what, noise, shift=0.0):
    def values(layer, seed):
        draw = np.random.default_rng(seed)
        return np.array(learned.PRINTED[what]) + shift + noise * draw.normal(size=6)

    return trainings(values, what)


@pytest.mark.parametrize(
    ("noise", "shift", "word"),
    [
        (0.05, 0.0, Word.REPRODUCED),
        (0.05, 1.0, Word.NOT_REPRODUCED),
        (2.0, 0.0, Word.UNDECIDED),  # any number would lie inside
    ],
)
def test_printed_places(noise, shift, word):
    found, numbers = learned.printed_places(
        "gamma", printed_and_noise("gamma", noise, shift)
    )
    assert found is word
    assert numbers[0][1] == ("0" if word is Word.NOT_REPRODUCED else "6")


def test_the_place_that_is_shown_is_the_least_precise_for_its_size():
    def values(layer, seed):
        middles = np.array([0.1, 1.0, 2.0, 3.0, 4.0, 10.0])
        reach = np.array([0.05, 0.0, 0.0, 0.0, 0.0, 0.5])  # 0.5 is wide, but of 10
        return middles + reach * (seed - 2)

    _, numbers = learned.printed_places("gamma", trainings(values))
    (shown,) = [what for what, _ in numbers if "least precise" in what]
    assert "place 1," in shown
    assert float(dict(numbers)["half of that range, over its middle"]) > 1


def test_the_order_of_channels_does_not_matter():
    def values(layer, seed):
        draw = np.random.default_rng(seed)
        near = np.array(learned.PRINTED["gamma"]) + 0.05 * draw.normal(size=6)
        return draw.permutation(near)

    assert learned.printed_places("gamma", trainings(values))[0] is Word.REPRODUCED


def test_all_places_of_a_further_run_fall_inside_as_often_as_is_said():
    draw = np.random.default_rng(0)
    hits = []
    for _ in range(1500):
        *five, one = np.sort(draw.normal(size=(6, 6)), axis=1)
        ranges = learned.ranges_for_all(np.array(five))
        hits.append(not any(r.excludes(v) for r, v in zip(ranges, one, strict=True)))
    assert np.mean(hits) > 0.94


@pytest.mark.parametrize(
    ("values", "spread", "word"),
    [
        ([1.0, 2.0, 3.0, 4.0], 0.01, Word.REPRODUCED),
        ([1.0, 1.1, 1.2, 1.3], 0.055, Word.UNDECIDED),
        ([1.0, 1.1, 1.2, 1.3], 0.5, Word.NOT_REPRODUCED),
    ],
)
@pytest.mark.parametrize("rule", [learned.layers_apart, learned.closest_apart])
def test_layers_apart(values, spread, word, rule):
    made = trainings(at_level(values, spread))
    assert rule("gamma", made)[0] is word


def test_two_layers_alike_among_four_that_are_apart():
    made = trainings(at_level([1.0, 2.0, 2.0, 3.0], 0.01))
    assert learned.layers_apart("gamma", made)[0] is Word.REPRODUCED
    assert learned.closest_apart("gamma", made)[0] is Word.NOT_REPRODUCED


@pytest.mark.parametrize(
    ("values", "spread", "word"),
    [
        ([1.1, 1.2, 1.3, 1.4], 0.0, Word.REPRODUCED),
        ([0.99, 1.2, 1.3, 1.4], 0.01, Word.UNDECIDED),
        ([0.5, 1.2, 1.3, 1.4], 0.01, Word.NOT_REPRODUCED),
    ],
)
def test_means_above_one(values, spread, word):
    assert learned.means_above_one(trainings(at_level(values, spread)))[0] is word


@pytest.mark.parametrize(
    ("least", "word"), [(0.01, Word.REPRODUCED), (-0.01, Word.NOT_REPRODUCED)]
)
def test_stays_positive(least, word):
    made = trainings(at_level([1.0, least, 1.0, 1.0]))
    assert learned.stays_positive(made)[0] is word


@pytest.mark.parametrize(
    ("above", "word"),
    [
        (1, Word.REPRODUCED),
        (2, Word.IN_DIRECTION),
        (9, Word.IN_DIRECTION),
        (10, Word.NOT_REPRODUCED),
    ],
)
def test_below_zero_last(above, word):
    ends = np.where(np.arange(CHANNELS) < above, 1.0, -1.0)
    assert learned.below_zero_last(trainings(lambda *_: ends, "beta"))[0] is word


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ([0.1, 0.1, 0.1, 0.1, 0.1], Word.REPRODUCED),
        ([0.1, 0.1, 0.1, 0.1, 0.4], Word.NOT_REPRODUCED),
        ([0.1, 0.1], Word.UNDECIDED),
    ],
)
def test_never_starts(values, word):
    made = records(rows(values, measure="accuracy"))
    assert learned.never_starts(arm("x", "accuracy"), made)[0] is word


@pytest.mark.parametrize(
    "rule",
    [
        partial(learned.printed_places, "gamma"),
        partial(learned.layers_apart, "gamma"),
        partial(learned.closest_apart, "gamma"),
        learned.means_above_one,
        learned.stays_positive,
    ],
)
def test_few_trainings_decide_nothing(rule):
    made = trainings(lambda *_: np.ones(6), seeds=3)
    assert rule(made)[0] is Word.UNDECIDED


def test_few_trainings_decide_nothing_of_beta():
    made = trainings(lambda *_: -np.ones(6), "beta", seeds=3)
    assert learned.below_zero_last(made)[0] is Word.UNDECIDED


def test_a_half_for_every_seed():
    column = learned.Learned("beta", 2, learned.share_below_zero)
    made = trainings(at_level([-1.0, -1.0, -1.0, -1.0]), "beta")
    assert column(made).to_dict() == dict.fromkeys(range(SEEDS), 1.0)
    assert learned.Half(column)(made).to_dict() == dict.fromkeys(range(SEEDS), 0.5)


def test_summaries_of_one_training():
    values = np.array([[-2.0, 4.0], [-1.0, 3.0]])  # (T, C)
    assert learned.last_mean(values) == 1.0
    assert learned.last_spread(values) == 2.0
    assert learned.lowest(values) == -2.0
    assert learned.share_below_zero(values) == 0.5
