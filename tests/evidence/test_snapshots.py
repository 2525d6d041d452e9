"""Readings of made-up recordings, against numbers worked out by hand."""

import numpy as np
import pytest

from normlab.evidence import snapshots as read
from normlab.models import lenet
from normlab.recorders import PERCENTILES, snapshot_steps

STEPS = np.array(snapshot_steps(2300))
EVEN = np.linspace(0, 2299, 24).astype(int)


def recording(median, half_width=1.0, learns=1000.0):
    """One layer whose percentiles are ``median`` at each step, and what is around."""
    ranks = np.array(PERCENTILES, float) - 50
    post = median(STEPS)[:, None] + half_width * ranks / 35  # (T, 9)
    return {
        "Activations/steps": STEPS,
        "Activations/post": post[:, None].astype(np.float32),
        "loss/steps": np.arange(2.0, 2300, 5),
        "loss/mean": np.where(np.arange(2.0, 2300, 5) < learns, 2.3, 1.0),
    }


def test_moves_are_those_between_equally_spaced_snapshots():
    arrays = recording(lambda s: s / 100)
    expected = np.diff(EVEN) / 100
    np.testing.assert_allclose(read.moves(arrays), expected, rtol=1e-4)
    both = read.moves(arrays, which=(15, 85))
    np.testing.assert_allclose(both, expected, rtol=1e-4)


def test_moves_in_widths_are_divided_by_half_the_middle_70_per_cent():
    narrow = recording(lambda s: s / 100, half_width=0.5)
    plain, widths = read.moves(narrow), read.moves(narrow, in_widths=True)
    np.testing.assert_allclose(widths, plain / 0.5, rtol=1e-4)


def test_halves_tell_early_from_late():
    arrays = recording(lambda s: np.minimum(s, EVEN[12]) / 100)
    assert read.early_move(arrays) == pytest.approx(EVEN[12] / 1200, rel=1e-4)
    assert read.late_move(arrays) == read.LEAST


def test_a_drift_has_a_way_as_long_as_its_distance():
    drift, walk = (recording(f) for f in (lambda s: s / 100, lambda s: np.sin(s / 99)))
    assert read.way(drift) == pytest.approx(read.distance(drift), rel=1e-4)
    assert read.way(walk) > 3 * read.distance(walk)


def test_learning_begins_where_the_loss_is_first_below_two():
    arrays = recording(np.sqrt, learns=1000)
    assert read.learns_at(arrays) == 1002
    assert (STEPS[read.waits(arrays)] <= 1002).all()
    assert (STEPS[~read.waits(arrays)] > 1002).all()
    assert read.learns_at(recording(np.sqrt, learns=1e9)) == 2297  # never: the last


def test_a_river_opens_where_its_width_has_doubled():
    arrays = recording(lambda s: 0 * s, half_width=1.0)
    assert read.opens_at(arrays, layer=0) == STEPS[-1]  # it never does
    arrays["Activations/post"][EVEN[7] <= STEPS] *= 3
    assert read.opens_at(arrays, layer=0) == EVEN[7]
    assert read.width_at(arrays, part=1.0) == pytest.approx(3.0)
    assert read.width_at(arrays, part=0.0) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("edge", "bounds"),
    [
        (2.0, (0.0, 0.02)),  # beyond the outermost percentiles: at most 1% a side
        (1.3, (0.02, 0.10)),  # between the 1st and the 5th, on both sides
        (0.9, (0.30, 0.50)),  # between the 15th and the 25th
    ],
)
def test_percentiles_bound_what_lies_beyond(edge, bounds):
    arrays = recording(lambda s: 0 * s)  # percentiles at -1.4, -1.29, -1, -0.71, 0
    assert read.share_beyond(arrays, edge) == pytest.approx(bounds)


def test_what_lies_beyond_is_told_by_snapshot_until_the_loss_falls():
    arrays = recording(lambda s: 5.0 * (s >= 60), learns=200)
    later = STEPS[read.waits(arrays)] >= 60
    assert 0 < later.sum() < len(later) < len(STEPS)
    least, most = read.shares_beyond(arrays, 2.0)
    assert least[:, 0] == pytest.approx(np.where(later, 0.99, 0.0))
    assert most[:, 0] == pytest.approx(np.where(later, 1.01, 0.02))


def test_the_loss_at_a_step_is_the_mean_of_the_five_around_it():
    arrays = {"loss/steps": np.array([2, 7, 12]), "loss/mean": np.array([3.0, 2, 1])}
    assert [read.loss_at(arrays, step) for step in (0, 4, 5, 12)] == [3, 3, 2, 1]


@pytest.mark.parametrize("norm", [None, "layer"])
def test_update_ratios_are_of_the_weight_tensors(norm):
    from torch import nn

    parameters = list(lenet(norm and nn.BatchNorm1d).parameters())
    dims = np.array([p.ndim for p in parameters], float)[None]
    arrays = {"Updates/update_norm": dims, "Updates/parameter_norm": np.ones_like(dims)}
    np.testing.assert_array_equal(read.update_ratios(arrays), [[4, 4, 2, 2, 2]])
