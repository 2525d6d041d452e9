"""The post's network, and others that would deny what is said of it."""

from torch import nn

from normlab.evidence.claims import faces_network as claims
from normlab.evidence.words import Word


def test_pooling_that_rounds_down_would_deny_the_drawing():
    assert claims.as_described(None)[0] is Word.REPRODUCED
    down = claims.as_described(None, lambda _: claims.shapes_of(False))
    assert down[0] is Word.NOT_REPRODUCED


def test_a_layer_that_keeps_nothing_would_deny_that_memory_is_short():
    assert claims.memory_is_short(None)[0] is Word.REPRODUCED
    none = claims.memory_is_short(None, norm=lambda _: nn.Identity())
    assert none[0] is Word.NOT_REPRODUCED


def test_bytes_kept_are_those_of_the_maps_and_not_of_the_weights():
    """A ReLU keeps its result; a convolution its input, which is the image here."""
    one = nn.Sequential(nn.Conv2d(1, 3, 1), nn.ReLU())
    pixels = claims.PIXELS**2
    assert claims.bytes_kept(one) == 4 * (1 + 3) * pixels
    assert claims.bytes_kept(one, images=5) == 4 * (1 + 3) * pixels
