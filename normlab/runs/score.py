"""The score by which trainings that end or pause anywhere are compared.

Running statistics lag behind weights that move, by points of accuracy that say nothing
of what was learned. So they are recomputed before a network is scored, over training
images in batches of the training's own size. What evaluation mode makes of the network
as it is stands beside, and is not judged.
"""

import copy

from torch import nn

from normlab.evaluation import recompute_running, tracking_layers
from normlab.runs.config import Run
from normlab.runs.rows import evaluated
from normlab.training import Pair

RECOMPUTED_OVER = 10240  # training images


def scored(
    model: nn.Module, run: Run, training: Pair, held_out: Pair, **at: str | float
) -> list[dict]:
    """Return loss and accuracy with recomputed and with running statistics, as rows.

    A network that remembers nothing has the same score under both names, so that it can
    be compared with one that does.

    Args:
        model: the run's network, on any device; it is left as it was.
        run: says how many images share statistics.
        training: images and labels that statistics are recomputed over.
        held_out: images and labels that are scored.
        at: what ``rows.row`` takes by name.
    """
    running = evaluated(model, held_out, ("running",), **at)
    if not tracking_layers(model):
        return running + [row | {"statistics": "recomputed"} for row in running]
    fresh = copy.deepcopy(model)
    device = next(model.parameters()).device
    few = training[0][:RECOMPUTED_OVER].to(device)
    recompute_running(fresh, few, run.batch_size)
    again = evaluated(fresh, held_out, ("running",), **at)
    return running + [row | {"statistics": "recomputed"} for row in again]
