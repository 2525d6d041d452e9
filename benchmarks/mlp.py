"""What the layer costs between wide layers: the network that source 003 timed."""

import torch

from benchmarks.timing import repeated, take_turns, training_step
from normlab.data import fashion_mnist
from normlab.layers import BatchNorm
from normlab.models import TorchBatchNorm, gaussian, mlp

DEPTHS = (3, 15)  # weight layers
WIDTH, BATCH = 1000, 128
STEPS = 20  # per timed round
NORMS = {"none": None, "hand": BatchNorm, "builtin": TorchBatchNorm}


def layer_in_mlp(device: str) -> dict[str, float]:
    """Time training steps of MLPs without, with hand-written, with built-in layers."""
    train_x, train_y, _, _ = fashion_mnist()
    x = (train_x[:BATCH].float() / 255).to(device)
    y = train_y[:BATCH].to(device)
    result = {}
    for depth in DEPTHS:
        sides = {}
        for name, norm in NORMS.items():
            torch.manual_seed(0)
            model = gaussian(mlp(depth, WIDTH, norm), std=0.01).to(device)
            step = training_step(model, x, y, lr=0.1, momentum=0.9)
            sides[name] = repeated(step, STEPS)
        seconds = take_turns(sides, device)
        result[f"mlp_{depth}_step_ms_none"] = 1000 * seconds["none"] / STEPS
        for name in ("hand", "builtin"):
            result[f"mlp_{depth}_{name}_over_none"] = seconds[name] / seconds["none"]
    return result
