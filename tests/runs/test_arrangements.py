"""Batches of two classes each, and what cannot be arranged."""

import pytest
import torch

from normlab.runs.arrangements import two_classes

LABELS = torch.arange(10).repeat_interleave(200)[torch.randperm(2000)][:1990]


def arranged(labels=LABELS, batch_size=20, seed=0):
    return two_classes(labels, batch_size, torch.Generator().manual_seed(seed))


def pairs_of(order, labels=LABELS, batch_size=20):
    whole = len(order) // batch_size
    return [set(b.tolist()) for b in labels[order].split(batch_size)[:whole]]


def test_each_batch_has_images_of_two_classes_and_each_image_comes_once():
    order = arranged()
    assert torch.equal(order.sort().values, torch.arange(len(LABELS)))
    assert {len(classes) for classes in pairs_of(order)} == {2}


def test_nearly_all_batches_have_half_of_each():
    counts = [b.bincount(minlength=10) for b in LABELS[arranged()].split(20)[:99]]
    halves = [sorted(c.tolist())[-2:] == [10, 10] for c in counts]
    assert sum(halves) >= 99 - 9


def test_pairs_are_drawn_and_depend_on_the_generator():
    one, again, other = (pairs_of(arranged(seed=seed)) for seed in (0, 0, 1))
    assert one == again != other
    assert len({tuple(sorted(pair)) for pair in one}) > 10


@pytest.mark.parametrize("seed", range(5))
def test_classes_may_have_somewhat_different_numbers(seed):
    """As those of the training images have without the validation images."""
    counts = torch.tensor([170, 200, 230, 199, 201, 200, 180, 220, 240, 160])
    labels = torch.arange(10).repeat_interleave(counts)
    order = arranged(labels, seed=seed)
    assert torch.equal(order.sort().values, torch.arange(len(labels)))
    assert {len(classes) for classes in pairs_of(order, labels)} == {2}
    batches = labels[order].split(20)
    halves = [sorted(b.bincount(minlength=10).tolist())[-1] == 10 for b in batches]
    assert sum(halves) >= len(batches) - 9


def test_the_training_images_can_be_arranged(fashion):
    labels = fashion[1][:50_000]
    order = arranged(labels, 32)
    assert torch.equal(order.sort().values, torch.arange(50_000))
    assert {len(classes) for classes in pairs_of(order, labels, 32)} == {2}


@pytest.mark.parametrize(
    ("labels", "batch_size", "words"),
    [
        (LABELS, 25, "batch_size is 25"),
        (LABELS[:100], 20, "10 classes need at least 9"),
        (LABELS.clamp(min=5), 20, "about as many of each class"),
    ],
)
def test_what_cannot_be_arranged_is_refused(labels, batch_size, words):
    with pytest.raises(ValueError, match=words):
        arranged(labels, batch_size)
