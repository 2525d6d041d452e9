"""A network in both modes: its scores, the statistics between them, and swaps."""

from normlab.evaluation.scores import (
    EVAL_BATCH,
    checked_kinds,
    kinds_of_statistics,
    loss_and_accuracy,
    preserved,
    to_float,
    tracking_layers,
)
from normlab.evaluation.statistics import (
    Statistics,
    average,
    batch_norms,
    freeze_statistics,
    observe_batches,
    recompute_running,
)
from normlab.evaluation.swaps import (
    PARTS,
    normalized_with,
    over_orders,
    score_states,
)

__all__ = [
    "EVAL_BATCH",
    "PARTS",
    "Statistics",
    "average",
    "batch_norms",
    "checked_kinds",
    "freeze_statistics",
    "kinds_of_statistics",
    "loss_and_accuracy",
    "normalized_with",
    "observe_batches",
    "over_orders",
    "preserved",
    "recompute_running",
    "score_states",
    "to_float",
    "tracking_layers",
]
