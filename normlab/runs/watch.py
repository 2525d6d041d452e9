"""Scores on the way of a training, from few images where many would cost too much."""

import copy
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from torch import nn

from normlab.evaluation import loss_and_accuracy, recompute_running, tracking_layers
from normlab.randomness import random_numbers_kept
from normlab.runs.config import Outcome, Run
from normlab.runs.early import ending, first_losses, train_while_finite
from normlab.runs.execute import build, data, updates
from normlab.training import Pair

EVERY = 50  # updates, from one look to the next
FEW, OVER = 2000, 2048  # a curve's validation images, training images behind it


@dataclass
class Watch:
    """Scores a network while it trains: few images often, all of them seldom.

    With recomputed statistics, which are those of few images here.

    Args:
        run: says how many images share statistics.
        training: images and labels that statistics are recomputed over.
        held_out: images and labels that are scored.
        few_at: updates after which the first ``FEW`` are.
        whole_at: those of them after which the others are too.
    """

    run: Run
    training: Pair
    held_out: Pair
    few_at: Collection[int]
    whole_at: Collection[int] = ()
    few: dict[int, float] = field(default_factory=dict)
    whole: dict[int, float] = field(default_factory=dict)

    def __call__(self, step: int, model: nn.Module) -> None:
        """Score the network if it is time to."""
        if step not in self.few_at:
            return
        with random_numbers_kept():  # dropout must not notice
            fresh = self._with_statistics_of_now(model)
            x, y = self.held_out
            _, few = loss_and_accuracy(fresh, x[:FEW], y[:FEW])
            self.few[step] = few
            if step in self.whole_at:
                _, rest = loss_and_accuracy(fresh, x[FEW:], y[FEW:])
                self.whole[step] = (FEW * few + (len(y) - FEW) * rest) / len(y)

    def _with_statistics_of_now(self, model: nn.Module) -> nn.Module:
        if not tracking_layers(model):
            return model
        fresh = copy.deepcopy(model)
        recompute_running(fresh, self.training[0][:OVER], self.run.batch_size)
        return fresh

    def arrays(self) -> dict[str, np.ndarray]:
        """Return "few/steps", "few/accuracy", and the same of "whole" if it was asked.

        Steps are int32, accuracies float32.
        """
        found = {}
        for name, scores, at in (
            ("few", self.few, self.few_at),
            ("whole", self.whole, self.whole_at),
        ):
            if at:
                found[f"{name}/steps"] = np.array(list(scores), dtype=np.int32)
                found[f"{name}/accuracy"] = np.array(list(scores.values()), np.float32)
        return found


def follow(run: Run, device: str) -> Outcome:
    """Train the run, looking at few images on the way; score it at its end.

    A training that breaks off guesses from there on, and its curve ends.
    """
    model, (training, held_out) = build(run), data(run.evaluate_on)
    last = updates(run)
    pairs = (tuple(t.to(device) for t in pair) for pair in (training, held_out))
    watch = Watch(run, *pairs, few_at=range(EVERY, last + 1, EVERY))
    history = train_while_finite(model, run, device, after=[watch])
    rows = ending(model, run, history, on=("validation", "test"))
    return Outcome([*first_losses(history), *rows], history.diverged, watch.arrays())
