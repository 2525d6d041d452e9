"""What is done to gradients between the backward pass and the update.

For each a pure function, then the class around it. An object of it is called as a
recorder is: transform(step, model, batch, loss).
"""

from normlab.gradients.clipping import AdaptiveClipping, clip_adaptively
from normlab.gradients.decay import WeightDecay
from normlab.gradients.preconditioning import Preconditioning, precondition

__all__ = [
    "AdaptiveClipping",
    "Preconditioning",
    "WeightDecay",
    "clip_adaptively",
    "precondition",
]
