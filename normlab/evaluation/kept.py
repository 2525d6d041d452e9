"""How much memory a pass through a network leaves for the way back."""

import torch
from torch import Tensor, nn


def bytes_for_backward(network: nn.Module, input: Tensor) -> int:
    """Return the bytes that autograd keeps between the two passes, weights left out.

    What several operations keep together counts once.
    """
    weights = {p.untyped_storage().data_ptr() for p in network.parameters()}
    kept = {}

    def note(tensor: Tensor) -> Tensor:
        memory = tensor.untyped_storage()
        if memory.data_ptr() not in weights:
            kept[memory.data_ptr()] = memory.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        network(input)
    return sum(kept.values())
