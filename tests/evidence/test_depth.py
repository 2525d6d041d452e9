"""Rules on three layers and on fifteen, with made-up records for every word."""

import numpy as np
import pytest

from normlab.evidence.claims import CLAIMS
from normlab.evidence.claims import depth as said
from normlab.evidence.rules import LEVEL
from normlab.evidence.words import Word
from tests.evidence.synthetic import around, records, rows

SCORE = {"split": "test", "statistics": "recomputed", "measure": "accuracy"}
CHANCE = [0.10, 0.10, 0.10]


def word(name, made, variant=None):
    claim = CLAIMS[name]
    rule = claim.rule if variant is None else claim.variants[variant]
    return rule.on(made).decide(LEVEL)


def epochs(which, values, **about):
    """The same values, a seed each, after each of these epochs."""
    return [row for e in which for row in rows(values, epoch=e, epochs=50, **about)]


def three(with_, without, which, **about):
    """What three layers have in some epochs, with normalizers and without."""
    return records(
        epochs(which, with_, norm="torch_batch", **about),
        epochs(which, without, norm="none", **about),
    )


@pytest.mark.parametrize(
    ("with_", "word_"),
    [
        (0.906, Word.REPRODUCED),
        (0.904, Word.IN_DIRECTION),
        (0.900, Word.NOT_REPRODUCED),
        (0.890, Word.NOT_REPRODUCED),
    ],
)
def test_fewer_errors_on_test_images(with_, word_):
    made = three(around(with_), around(0.9, 0), said.LATE, **SCORE)
    assert word("D2", made) is word_


def test_errors_that_scatter_decide_nothing():
    made = three(around(0.905, 0.05), around(0.9, 0), said.LATE, **SCORE)
    assert word("D2", made) is Word.UNDECIDED


@pytest.mark.parametrize(
    ("with_", "word_"),
    [
        (around(0.891, 0.001), Word.REPRODUCED),
        (around(0.900, 0.001), Word.NOT_REPRODUCED),
        (around(0.895, 0.02), Word.UNDECIDED),
    ],
)
def test_no_difference_in_how_learning_goes_on(with_, word_):
    at = SCORE | {"split": "validation"}
    assert word("D3", three(with_, around(0.89, 0), said.EARLY, **at)) is word_


def losses(with_, without, training=None):
    """Validation losses after each epoch, the same in 5 seeds; and training losses."""
    groups = []
    for norm, validation in (("torch_batch", with_), ("none", without)):
        own = np.linspace(0.5, 0.01, 50) if training is None else training
        for epoch in said.EPOCHS:
            at = {"norm": norm, "measure": "loss", "epoch": epoch, "epochs": 50}
            values = around(validation[epoch - 1], 0.0001)
            groups.append(rows(values, split="validation", **at | RECOMPUTED))
            groups.append(
                rows([own[epoch - 1]] * 5, split="train", statistics="", **at)
            )
    return records(*groups)


RECOMPUTED = {"statistics": "recomputed"}
FLAT, LOW, HIGH = np.full(50, 0.5), np.full(50, 0.4), np.full(50, 0.6)
DIPS, RISES = FLAT.copy(), FLAT.copy()
DIPS[9], RISES[45:] = 0.3, 0.7


@pytest.mark.parametrize(
    ("with_", "word_"),
    [
        (LOW, Word.REPRODUCED),
        (0.98 * FLAT, Word.NOT_REPRODUCED),  # the same within 5%
        (HIGH, Word.NOT_REPRODUCED),
        (RISES, Word.NOT_REPRODUCED),
        (DIPS, Word.NOT_REPRODUCED),
    ],
)
def test_a_lower_validation_loss_at_the_end(with_, word_):
    assert word("D8", losses(with_, FLAT)) is word_


@pytest.mark.parametrize(
    ("with_", "word_"),
    [(DIPS, Word.REPRODUCED), (RISES, Word.NOT_REPRODUCED)],
)
def test_the_lowest_loss_of_the_curve(with_, word_):
    assert word("D8", losses(with_, FLAT), "lowest of the curve") is word_


def test_the_loss_where_training_is_equally_far():
    training = np.concatenate([[0.5, 0.22, 0.02], np.full(47, 0.01)])
    validation = np.concatenate([[0.9, 0.3, 0.4], FLAT[3:]])
    made = losses(validation, FLAT, training)
    found = said.at_training_loss("torch_batch", 0.12, made)
    assert found.mean() == pytest.approx(0.35)  # halfway between epochs 2 and 3
    at_once = said.at_training_loss("torch_batch", 0.6, made)
    assert at_once.mean() == pytest.approx(0.9)
    asked = "at a training loss of 0.12"
    assert word("D8", made, asked) is Word.REPRODUCED
    assert word("D8", losses(HIGH, FLAT, training), asked) is Word.NOT_REPRODUCED


def test_a_training_loss_that_is_never_reached_decides_nothing():
    made = losses(LOW, FLAT, training=HIGH)
    assert np.isnan(said.at_training_loss("none", 0.12, made)).all()
    assert word("D8", made, "at a training loss of 0.12") is Word.UNDECIDED


def fifteen(plain=CHANCE, rate=1.0, deep=(0.88, 0.885, 0.89), flat=(0.88, 0.885, 0.89)):
    """Fifteen layers; ``plain`` at one rate, ``deep`` with normalizers."""
    small = {"init": "gaussian_0.01", **SCORE}
    wide = {"model": "mlp_15x1000", **small}
    one = [
        rows(plain if lr == rate else CHANCE, norm="none", lr=lr, **wide)
        for lr in said.RATES
    ]
    late = [
        rows(values, epoch=e, epochs=10, lr=0.1, norm=norm, **small, model=model)
        for e in range(6, 11)
        for values, norm, model in (
            (deep, "torch_batch", "mlp_15x1000"),
            (flat, "none", "mlp_3x1000"),
        )
    ]
    he = rows([0.8] * 3, norm="none", lr=0.01, **wide | {"init": "he"})
    return records(*one, *late, he)


@pytest.mark.parametrize(
    ("plain", "word_"),
    [
        (CHANCE, Word.REPRODUCED),
        ([0.10, 0.12, 0.09], Word.REPRODUCED),
        ([0.10, 0.10, 0.13], Word.NOT_REPRODUCED),
        ([0.10, 0.10, 0.05], Word.UNDECIDED),
        ([0.10, 0.10], Word.UNDECIDED),
    ],
)
@pytest.mark.parametrize("rate", said.RATES)
def test_fifteen_plain_layers_learn_at_no_rate(plain, word_, rate):
    found, shown = said.never_learns(fifteen(plain, rate))
    assert found is word_
    assert dict(shown)["with He's weights, rate 0.01, one epoch"] == "80.0% to 80.0%"


@pytest.mark.parametrize(
    ("deep", "word_"),
    [
        ((0.88, 0.885, 0.89), Word.REPRODUCED),
        ((0.86, 0.865, 0.87), Word.IN_DIRECTION),
        ((0.84, 0.885, 0.93), Word.UNDECIDED),
        ((0.10, 0.885, 0.89), Word.NOT_REPRODUCED),
        ((0.88, 0.885), Word.UNDECIDED),
    ],
)
def test_fifteen_layers_with_normalizers_learn(deep, word_):
    flat = (0.88, 0.886, 0.889)[: len(deep)]
    assert said.learns_as_well(fifteen(deep=deep, flat=flat))[0] is word_


def sweep(**changed):
    """Runs of all depths; "norm_init_depth" -> accuracies, good where not named."""
    kinds = [("none", "gaussian_0.01", 0.1), ("none", "he", 0.01)]
    kinds += [("torch_batch", init, 0.1) for init in ("gaussian_0.01", "he")]
    groups = []
    for norm, init, lr in kinds:
        for depth in said.DEPTHS:
            values = changed.get(f"{norm}_{init[:2]}_{depth}", [0.85] * 3)
            about = {"norm": norm, "init": init, "lr": lr, **SCORE}
            groups.append(rows(values, model=f"mlp_{depth}x256", **about))
    return records(*groups)


DEAD = {f"none_ga_{depth}": CHANCE for depth in (8, 11, 15)}


@pytest.mark.parametrize(
    ("changed", "word_"),
    [
        (DEAD, Word.REPRODUCED),
        (DEAD | {"none_ga_7": [0.3, 0.1, 0.8]}, Word.REPRODUCED),
        (DEAD | {"none_ga_5": [0.8, 0.8, 0.4]}, Word.IN_DIRECTION),
        (DEAD | {"none_ga_8": [0.1, 0.1, 0.2]}, Word.IN_DIRECTION),
        (DEAD | {"none_ga_15": [0.1, 0.1, 0.2]}, Word.NOT_REPRODUCED),
        (DEAD | {"none_ga_3": CHANCE}, Word.NOT_REPRODUCED),
        (DEAD | {"none_ga_3": [0.8, 0.8]}, Word.UNDECIDED),
    ],
)
def test_where_plain_networks_break(changed, word_):
    assert said.breaks(sweep(**changed))[0] is word_


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("depth-layer", "torch_batch_ga_11"),
        ("depth-layer", "torch_batch_he_15"),
        ("depth-he", "none_he_15"),
    ],
)
@pytest.mark.parametrize(
    ("values", "word_"),
    [
        ([0.85, 0.85, 0.80], Word.REPRODUCED),
        ([0.85, 0.85, 0.79], Word.IN_DIRECTION),
        ([0.85, 0.85, 0.11], Word.NOT_REPRODUCED),
        ([0.85, 0.85], Word.UNDECIDED),
    ],
)
def test_every_run_must_learn(name, cell, values, word_):
    assert word(name, sweep(**{cell: values})) is word_
