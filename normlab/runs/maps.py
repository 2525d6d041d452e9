"""The feature maps of a trained LeNet, image by image: what a batch is drawn from."""

import torch

from normlab.evaluation import to_float, tracking_layers
from normlab.recorders import inputs_of
from normlab.runs.config import Experiment, Outcome, Run
from normlab.runs.execute import data, train
from normlab.runs.protocol import BEST_RATE
from normlab.runs.rows import history_rows

IMAGES = 2000  # a batch of 1,024 is then about half of what it is drawn from
WHOLE = 8  # images whose maps are kept whole


def look(run: Run, device: str) -> Outcome:
    """Train the run; keep what enters its convolutions' normalizers in evaluation.

    Arrays, for convolution 1 and 2: "moments/1" (images, C, 2), the mean and the mean
    square of each map; "maps/1" (8, C, H, W); "running_mean/1", "running_var/1" (C,).
    The images are the training set's first.
    """
    model, history = train(run, device)
    (x, _), _ = data(run.evaluate_on)
    layers = list(tracking_layers(model).values())[:2]  # the convolutions'
    model.eval()
    with torch.no_grad(), inputs_of(layers) as met:
        model(to_float(x[:IMAGES].to(device), model))
    arrays = {}
    for number, (layer, values) in enumerate(met, start=1):
        moments = torch.stack(
            [values.mean((2, 3)), values.square().mean((2, 3))], -1
        )  # (images, C, 2)
        arrays |= {
            f"moments/{number}": moments,
            f"maps/{number}": values[:WHOLE],
            f"running_mean/{number}": layer.running_mean,
            f"running_var/{number}": layer.running_var,
        }
    found = {name: array.detach().cpu().numpy() for name, array in arrays.items()}
    return Outcome(history_rows(history), history.diverged, found)


MAPS = Experiment(
    name="maps",
    question="What does a trained convolution hand to its normalizer?",
    variants=(Run("lenet", "torch_batch", BEST_RATE["batch"], 256, epochs=5, seed=0),),
    seeds=1,
    carry_out=look,
)
