"""The playground's networks, images and stories in PyTorch; the page has its own."""

from normlab.playground.images import playground_images
from normlab.playground.stories import STORIES
from normlab.playground.told import told

__all__ = ["STORIES", "playground_images", "told"]
