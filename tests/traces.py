"""What a function leaves behind in a model: nothing, it is hoped."""

import torch


def left_behind(model):
    """Parameters, gradients, buffers and modes."""
    tensors = {k: v.clone() for k, v in model.state_dict().items()}
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            tensors[f"gradient of {name}"] = parameter.grad
    return tensors, [m.training for m in model.modules()]


def assert_same_trace(some, others):
    assert some[0].keys() == others[0].keys()
    assert all(torch.equal(some[0][k], others[0][k]) for k in some[0])
    assert some[1] == others[1]


def hooks(model):
    """How many functions wait to be called by the model's modules."""
    return sum(
        len(m._forward_pre_hooks) + len(m._forward_hooks) + len(m._backward_hooks)
        for m in model.modules()
    )
