"""Self-checks of the chapter on PyTorch's layer."""

from collections.abc import Callable

import torch

from normlab.checks.verdict import Verdict, alike, check, random, undisturbed


@undisturbed()
def convert(function: Callable[[torch.nn.Module], torch.nn.Module]) -> Verdict:
    """Check a function that swaps every hand-written layer for PyTorch's."""
    from normlab.layers import BatchNorm
    from normlab.models import lenet

    def swapped() -> tuple[torch.nn.Module, torch.nn.Module]:
        model = lenet(BatchNorm)
        model(random(16, 1, 28, 28))  # so that the running statistics have moved
        copy = lenet(BatchNorm)
        copy.load_state_dict(model.state_dict())
        return model.eval(), function(copy).eval()

    def none_left() -> bool:
        return not any(isinstance(m, BatchNorm) for m in swapped()[1].modules())

    def same_output() -> bool:
        before, after = swapped()
        x = random(4, 1, 28, 28, seed=1)
        return alike(after(x.clone()), before(x), atol=1e-5)

    return check(
        {
            "no hand-written layer is left": none_left,
            "in eval mode the outputs are the same": same_output,
        }
    )
