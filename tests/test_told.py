"""The playground's stories, told by PyTorch."""

import pytest
import torch

from normlab.playground import STORIES, playground_images, told
from normlab.playground.networks import train


def test_a_story_is_told_with_what_was_turned():
    found = told("two", 3, normalizer="layer")
    settings = STORIES["two"].settings | {"normalizer": "layer"}
    expected = train(settings, playground_images(), 3)
    assert torch.equal(found.losses, expected.losses)
    assert found.accuracy.keys() == {"running", "mixed", "class"}


def test_a_story_lasts_as_long_as_the_page_needs():
    assert told("eval").losses.shape == (5, STORIES["eval"].steps)


def test_what_is_told_again_is_not_trained_again():
    assert told("two", 3) is told("two", 3)
    assert told("two", 3) is told("two", 3, evaluation="class")  # tested in all ways
    assert told("two", 3) is not told("two", 4)


def test_unknown_stories_and_controls_are_named():
    with pytest.raises(KeyError, match="no story 'one'; there are tiny"):
        told("one")
    with pytest.raises(ValueError, match="no control 'rate'; there are depth"):
        told("two", rate=1.0)
