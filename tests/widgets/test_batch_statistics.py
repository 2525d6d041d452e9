"""Statistics of drawn batches: PyTorch's numbers, and a theory that draws bear out."""

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from normlab.runs import recordings

from .node import call

MODULE = "microscope/batch_statistics"
RNG = np.random.default_rng(0)
MAPS = torch.from_numpy(RNG.normal(0.4, 1.3, size=(9, 1, 4, 5)))  # (N, C, H, W)


def images(maps):
    """What the page knows of one channel's maps (N, 1, H, W)."""
    means, squares = maps.mean((1, 2, 3)), maps.square().mean((1, 2, 3))
    return {"means": means.tolist(), "squares": squares.tolist()}


@pytest.fixture(scope="module")
def recorded():
    """(N, 2) of a channel that the widget shows."""
    ((_, arrays),) = recordings("maps")
    return arrays["moments/1"][:, 5].astype(np.float64)


# Draws


def batches(seed, size, draws, count=20):
    everyone = list(range(count))
    return call(MODULE, [("drawBatch", everyone, seed, size, d) for d in draws])


def test_a_batch_holds_no_image_twice_and_comes_again():
    drawn = batches(3, 12, range(50))
    assert all(len(set(batch)) == 12 for batch in drawn)
    assert {image for batch in drawn for image in batch} == set(range(20))
    assert batches(3, 12, [7, 2]) == [drawn[7], drawn[2]]


def test_seed_size_and_number_make_other_batches():
    keys = [(s, n, d) for s in (0, 1) for n in (8, 16) for d in (0, 1)]
    calls = [("drawBatch", list(range(2000)), *key) for key in keys]
    firsts = [tuple(batch[:8]) for batch in call(MODULE, calls)]
    assert len(set(firsts)) == len(keys)


@pytest.mark.parametrize("place", [0, 4])
def test_every_image_is_equally_likely_at_every_place(place):
    at = [batch[place] for batch in batches(0, 5, range(4000))]
    found = np.bincount(at, minlength=20)
    chi_square = ((found - 200) ** 2 / 200).sum()
    assert chi_square < 19 + 4 * math.sqrt(2 * 19)  # 19 degrees of freedom


def test_neighbouring_draws_have_nothing_in_common():
    """The number of shared images is hypergeometric: 8 of 8 from 20."""
    drawn = [set(batch) for batch in batches(0, 8, range(2000))]
    shared = [len(a & b) for a, b in itertools.pairwise(drawn)]
    mean, variance = 8 * 8 / 20, 8 * 8 * 12 * 12 / (20**2 * 19)
    assert np.mean(shared) == pytest.approx(mean, abs=4 * math.sqrt(variance / 1999))


def test_an_image_takes_the_place_of_the_first():
    calls = [("inCompany", [4, 5, 6], 9), ("inCompany", [4, 5, 6], 6)]
    assert call(MODULE, calls) == [[9, 5, 6], [4, 5, 6]]


# A batch's numbers


def test_statistics_are_torch_s():
    batch = [2, 7, 3]
    (found,) = call(MODULE, [("batchStatistics", images(MAPS), batch)])
    assert found["mean"] == pytest.approx(MAPS[batch].mean().item())
    assert found["variance"] == pytest.approx(MAPS[batch].var(correction=0).item())


def test_normalized_value_is_torch_s():
    batch = [2, 7, 3]
    expected = F.batch_norm(MAPS[batch], None, None, training=True)[1, 0, 2, 3]
    (statistics,) = call(MODULE, [("batchStatistics", images(MAPS), batch)])
    value = MAPS[7, 0, 2, 3].item()
    (found,) = call(MODULE, [("normalize", value, statistics)])
    assert found == pytest.approx(expected.item(), rel=1e-12)


@pytest.mark.parametrize("momentum", [0.1, 1.0])
def test_running_average_is_torch_s(momentum):
    running = [torch.tensor([value], dtype=torch.float64) for value in (2, 1)]
    means, expected = [], []
    for image in MAPS.split(1):
        means.append(image.mean().item())
        F.batch_norm(image, *running, training=True, momentum=momentum)
        expected.append(running[0].item())
    (found,) = call(MODULE, [("runningAverage", means, 2.0, momentum)])
    assert found == pytest.approx(expected)


# Theory


def test_theory_of_the_mean_is_exact():
    known = images(MAPS)
    for size in (2, 5, 9):
        chosen = itertools.combinations(range(9), size)
        every = np.array([MAPS[list(batch)].mean() for batch in chosen])
        ((found,),) = call(MODULE, [("theory", known, [size])])
        assert found["mean"]["centre"] == pytest.approx(every.mean())
        assert found["mean"]["sd"] == pytest.approx(every.std(), abs=1e-9)


def test_theory_of_the_variance_has_the_exact_centre():
    chosen = itertools.combinations(range(9), 4)
    every = [MAPS[list(batch)].var(correction=0) for batch in chosen]
    ((found,),) = call(MODULE, [("theory", images(MAPS), [4])])
    assert found["variance"]["centre"] == pytest.approx(np.mean(every))


@pytest.mark.parametrize("size", [2, 8, 64, 1024])
def test_theory_of_the_variance_fits_draws(size, recorded):
    known = {"means": recorded[:, 0].tolist(), "squares": recorded[:, 1].tolist()}
    ((found,),) = call(MODULE, [("theory", known, [size])])
    shuffle, draws = np.random.RandomState(0).permutation, 4000
    chosen = np.stack([shuffle(len(recorded))[:size] for _ in range(draws)])
    mean, square = recorded[chosen].mean(1).T
    variance = square - mean**2
    excess = ((variance - variance.mean()) ** 4).mean() / variance.var() ** 2 - 1
    error = math.sqrt(excess / draws) / 2  # of a standard deviation, relative
    # what the delta method leaves out is of the order of 1/B, here below 2%
    tolerance = 4 * error + 0.04 / size
    assert found["variance"]["sd"] == pytest.approx(variance.std(), rel=tolerance)


def test_noise_factor_sums_the_squared_weights():
    for momentum in (1.0, 0.3, 0.01):
        weights = momentum * (1 - momentum) ** np.arange(5000)
        (found,) = call(MODULE, [("noiseFactor", momentum)])
        assert found == pytest.approx(math.sqrt((weights**2).sum()))


def test_normal_distribution():
    places = np.linspace(-6, 6, 41).tolist()
    found = call(MODULE, [("normalBelow", z) for z in places])
    expected = [math.erfc(-z / math.sqrt(2)) / 2 for z in places]
    assert found == pytest.approx(expected, abs=1e-6)
