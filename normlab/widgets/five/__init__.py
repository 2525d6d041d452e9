"""Five numbers that the reader drags through batch normalization."""

import torch
import traitlets
from matplotlib.figure import Figure

from normlab.figures.batch_norm_by_hand import five_numbers
from normlab.layers import batch_norm
from normlab.widgets.base import Control, Widget, module

START = (1.0, 2.0, 4.0, 5.0, 9.0)


class FiveNumbers(Widget):
    """Five draggable numbers, their normalized values, and sliders for gamma and beta.

    Args:
        values: five numbers from -10 to 10.
        gamma, beta: from -3 to 3.
    """

    _esm = module("five/widget")
    paints = ("none", "batch", "changed")

    values = traitlets.List(traitlets.Float(), list(START), 5, 5).tag(sync=True)
    gamma = traitlets.Float(2.0).tag(sync=True)
    beta = traitlets.Float(1.0).tag(sync=True)

    def __init__(self, **traits) -> None:
        super().__init__(
            controls={
                "values": Control("numbers", -10, 10, 0.1, length=5),
                "gamma": Control("gamma", -3, 3, 0.1),
                "beta": Control("beta", -3, 3, 0.1),
            },
            name="five-numbers",
            room=[575, 490],
            alt="Three rows of five dots joined by lines: off-centre and wide, then "
            "centred on zero with spread one, then stretched and shifted.",
            **traits,
        )

    def picture(self) -> Figure:
        """Draw the numbers, normalized, and scaled and shifted."""
        x = torch.tensor(self.values).view(-1, 1)
        gamma, beta = torch.tensor([self.gamma]), torch.tensor([self.beta])
        plain = batch_norm(x, None, None, training=True)
        output = batch_norm(x, None, None, gamma, beta, training=True)
        name = f"{self.gamma:g} · normalized + {self.beta:g}"
        rows = {"x": x, "normalized": plain, name: output}
        return five_numbers({name: row.flatten().numpy() for name, row in rows.items()})
