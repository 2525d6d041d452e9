"""What the claims on batch sizes are made of, on made-up records."""

from itertools import product

import pytest

from normlab.evidence.claims.batch_size import (
    SIZES,
    Highest,
    Spread,
    accuracy,
    ahead_of_group,
    among_the_best,
    dense_suffers,
    matters_more,
    one_image_leaves_nothing,
    small_hurts,
    small_is_best,
    worse_than_16,
)
from normlab.evidence.claims.comparing_batch_sizes import (
    for_want_of_updates,
    linear_rate,
    modes_disagree,
    rate_counts,
)
from normlab.evidence.claims.gradient_noise import noise_of_two
from normlab.evidence.claims.two_batch_sizes import ghosts_help, statistics_ruin
from normlab.evidence.words import Word
from tests.evidence.synthetic import around, records, rows

GOOD, BAD, UNCLEAR = around(0.85), around(0.75), around(0.85, 0.2)
NORMS = ("none", "torch_batch", "torch_group")
NORMS += ("torch_batch_maps", "ghost_2", "ghost_16")
CELLS = (NORMS, SIZES, ("epochs", "updates"), ("batch", "running"), ("", "_fixed"))


def made_up(**changed):
    """Everything is good but what is named: "norm_size" -> values, with options.

    A name may end in "_updates", "_running" or "_fixed", where only these differ.
    """
    table = []
    for norm, size, budget, statistics, rule in product(*CELLS):
        if rule and size == 256:
            continue  # the same run
        ends = (f"_{budget}", f"_{statistics}", rule, "")
        asked = (changed.get(f"{norm}_{size}{end}") for end in ends)
        about = {"measure": "accuracy", "split": "test", "norm": norm}
        table += rows(
            next((v for v in asked if v is not None), GOOD),
            batch_size=size,
            budget=budget,
            statistics=statistics,
            lr=1.0 if rule else size / 256,
            **about,
        )
    return records(table)


def word(rule, **changed):
    return rule.on(made_up(**changed)).decide(0.05)


@pytest.mark.parametrize(
    ("rule", "as_claimed", "otherwise"),
    [
        (small_hurts(), {"torch_batch_2": BAD}, {}),
        (
            small_hurts(),
            {"torch_batch_2": BAD},
            {"torch_batch_2": BAD, "torch_group_2": BAD},
        ),
        (
            worse_than_16(8, 4, 2)(),
            {f"torch_batch_{size}": BAD for size in (2, 4, 8)},
            {f"torch_batch_{size}": BAD for size in (2, 4)},
        ),
        (among_the_best(64)(), {}, {"torch_batch_8": around(0.9)}),
        (
            small_is_best("none")(),
            {f"none_{size}": BAD for size in (64, 256, 1024)},
            {f"none_{size}": BAD for size in (64, 256)},
        ),
        (matters_more()(), {"torch_batch_2": BAD}, {"none_2": BAD}),
        (matters_more(SIZES[:-1])(), {"torch_batch_2": BAD, "none_1024": BAD}, {}),
        (
            dense_suffers(),
            {"torch_batch_2": BAD},
            {"torch_batch_2": BAD, "torch_batch_maps_2": BAD},
        ),
        (
            ahead_of_group(budget="updates"),
            {f"torch_group_{size}_updates": BAD for size in SIZES},
            {f"torch_group_{size}_updates": BAD for size in SIZES[:-1]},
        ),
        (
            for_want_of_updates("torch_batch"),
            {"torch_batch_1024_epochs": BAD},
            {"torch_batch_1024": BAD},
        ),
        (rate_counts(), {"none_16_fixed": around(0.9)}, {"none_16_fixed": BAD}),
        (
            modes_disagree(),
            {"torch_batch_4_batch": BAD, "torch_batch_256_running": BAD},
            {"torch_batch_4_batch": BAD},
        ),
        (ghosts_help(), {"torch_batch_1024": BAD}, {"ghost_16_1024": BAD}),
        (statistics_ruin(), {"ghost_2_256": BAD}, {}),
    ],
)
def test_each_rule_agrees_with_its_claim_alone(rule, as_claimed, otherwise):
    assert word(rule, **as_claimed) is Word.REPRODUCED
    assert word(rule, **otherwise) is Word.NOT_REPRODUCED


def test_a_size_that_may_be_worse_is_undecided():
    assert word(among_the_best(64)(), torch_batch_64=UNCLEAR) is Word.UNDECIDED


def losses(large):
    usual = {"split": "train", "statistics": "batch", "budget": "epochs"}
    sizes = {16: around(0.3), 64: around(large), 1024: around(0.5)}
    return records(
        *(
            rows(
                values,
                measure="loss",
                norm="none",
                batch_size=size,
                lr=size / 256,
                **usual,
            )
            for size, values in sizes.items()
        )
    )


@pytest.mark.parametrize(
    ("large", "expected"),
    [
        (0.3, Word.REPRODUCED),
        (0.25, Word.REPRODUCED),
        (0.35, Word.NOT_REPRODUCED),
    ],
)
def test_a_lower_loss_is_no_failure_of_the_linear_rule(large, expected):
    rule = linear_rate("none", "none")
    assert rule.on(losses(large)).decide(0.05) is expected


@pytest.mark.parametrize(
    ("exploded", "expected"),
    [(9.0, Word.REPRODUCED), (1.0, Word.NOT_REPRODUCED)],
)
def test_growth_of_the_noise_is_compared_as_a_ratio(exploded, expected):
    def variance(norm, size, values):
        about = {"split": "train", "budget": "epochs", "lr": size / 256}
        names = {"measure": "gradient_variance", "norm": norm, "batch_size": size}
        return rows(values, **names, **about)

    data = records(
        variance("torch_batch", 2, around(2 * exploded)),
        variance("torch_batch", 4, around(1.0)),
        variance("torch_group", 2, around(2.0)),
        variance("torch_group", 4, around(1.0)),
    )
    assert noise_of_two("epochs").on(data).decide(0.05) is expected


def test_spread_and_highest_by_hand():
    one, other = [0.1, 0.6, 0.3, 0.3, 0.3], [0.4, 0.5, 0.5, 0.3, 0.3]
    arms = tuple(accuracy("none", size) for size in (2, 4))
    data = made_up(none_2=one, none_4=other)
    assert Spread(arms)(data).tolist() == pytest.approx([0.3, 0.1, 0.2, 0, 0])
    assert Highest(arms)(data).tolist() == other


def test_one_image_leaves_nothing_of_a_unit_if_its_mean_is_taken():
    assert one_image_leaves_nothing(None)[0] is Word.REPRODUCED


@pytest.mark.parametrize("normalizer", [lambda x: x, lambda x: 0 * x])
def test_another_layer_leaves_something_or_nothing_of_two_images(normalizer):
    assert one_image_leaves_nothing(None, normalizer)[0] is Word.NOT_REPRODUCED
