"""Single units of the paper's network in its first steps, trained when they are asked.

No recording has single units; these trainings take a fraction of a second each.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import torch
from torch import nn

from normlab.data import fashion_mnist
from normlab.evaluation import preserved
from normlab.evidence.records import Records
from normlab.evidence.rules import FEWEST
from normlab.models import gaussian, mlp
from normlab.recorders import Snapshots, captured
from normlab.training import Pair, fit

PROBE, STEPS, EVERY = 100, 120, 5  # images; updates; between two snapshots
NORMS = {"none": None, "torch_batch": nn.BatchNorm1d}


class LastUnits(Snapshots):
    """Percentiles 15, 50, 85 of each unit that enters the last sigmoids."""

    def __init__(self, probe: torch.Tensor) -> None:
        super().__init__(range(0, STEPS, EVERY))
        self.probe = probe

    @torch.no_grad()
    def look(self, model: nn.Module, batch: Pair) -> dict[str, np.ndarray]:
        """Send the probe through the network in training mode."""
        with preserved(model), captured(model) as met:
            model.train()(self.probe)
        return {"units": np.percentile(met["post"][-1], (15, 50, 85), axis=0).T}


@cache
def first_steps(norm: str, lr: float, seed: int) -> np.ndarray:
    """Train and return the last layer's percentiles, (units, snapshots, 3)."""
    x, y, _, _ = fashion_mnist()
    look = LastUnits(x[:PROBE] / 255)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = gaussian(mlp(4, 100, NORMS[norm], act=nn.Sigmoid), std=0.1)
        kwargs = {"seed": seed, "recorders": [look], "max_steps": STEPS}
        fit(model, (x, y), epochs=1, lr=lr, batch_size=60, **kwargs)
    return look.arrays()["units"].transpose(1, 0, 2)


@dataclass(frozen=True)
class MiddleUnit:
    """How far the median of the unit in the middle of all goes, by seed.

    Args:
        norm: "none" or "torch_batch".
        lr: learning rate.
        in_widths: in units of the width over the images that the unit has then.
    """

    norm: str
    lr: float = 0.1
    in_widths: bool = False

    def __call__(self, records: Records) -> pd.Series:
        """Return the ways by seed; records are not needed."""
        return pd.Series({seed: self._way(seed) for seed in range(FEWEST)})

    def _way(self, seed: int) -> float:
        low, median, high = np.moveaxis(first_steps(self.norm, self.lr, seed), -1, 0)
        far = np.abs(np.diff(median))  # (units, snapshots - 1)
        if self.in_widths:
            far = far / ((high - low) / 2)[:, :-1]
        return float(np.median(far.sum(1)))
