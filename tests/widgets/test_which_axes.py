"""Which values share a mean: the page's arithmetic against PyTorch's normalizers."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from normlab.widgets.which_axes import NORMALIZERS, recorded_block

from .node import call

SHAPE = (3, 4, 2, 5)
GROUPS = (1, 2, 4)
TORCH = {
    "batch": lambda x, groups: F.batch_norm(x, None, None, training=True),
    "layer": lambda x, groups: F.layer_norm(x, x.shape[1:]),
    "channels": lambda x, groups: F.layer_norm(x.movedim(1, -1), x.shape[1:2]).movedim(
        -1, 1
    ),
    "group": F.group_norm,
    "instance": lambda x, groups: F.instance_norm(x),
}
CASES = [(name, g) for name in TORCH for g in (GROUPS if name == "group" else (2,))]
each_case = pytest.mark.parametrize(("name", "groups"), CASES)


def normalized(name, groups, x):
    """What the page computes from x (N, C, H, W)."""
    (reach,) = call("which_axes/mean", [("reachOf", name, groups, x.shape)])
    values = x.flatten().tolist()
    (found,) = call("which_axes/mean", [("normalize", values, x.shape, reach)])
    return torch.tensor(found, dtype=torch.float64).view(x.shape)


def test_every_normalizer_is_compared():
    assert TORCH.keys() == NORMALIZERS.keys()


@each_case
def test_normalized_is_torchs(name, groups):
    x = 3 * torch.randn(SHAPE, dtype=torch.float64) + 1
    torch.testing.assert_close(normalized(name, groups, x), TORCH[name](x, groups))


@pytest.mark.parametrize("images", [1, 4])
@each_case
def test_normalized_record_is_torchs(name, groups, images):
    x = torch.from_numpy(recorded_block()[:images]).double()
    torch.testing.assert_close(normalized(name, groups, x), TORCH[name](x, groups))


def alike(name, groups, cell):
    """Whose gradient reaches a normalized value: the values that share its mean."""
    x = torch.randn(SHAPE, dtype=torch.float64, requires_grad=True)
    TORCH[name](x, groups)[cell].backward()
    return x.grad != 0


@each_case
def test_the_lit_values_are_those_that_a_normalized_one_depends_on(name, groups):
    cell = (1, 2, 1, 3)
    (reach,) = call("which_axes/mean", [("reachOf", name, groups, SHAPE)])
    counts, start = call(
        "which_axes/mean", [("counts", SHAPE, reach), ("startOf", cell, reach)]
    )
    lit = np.zeros(SHAPE, bool)
    lit[tuple(slice(a, a + r) for a, r in zip(start, reach, strict=True))] = True
    np.testing.assert_array_equal(lit, alike(name, groups, cell).numpy())
    assert counts == {"pairs": lit.size / lit.sum(), "each": lit.sum()}


@each_case
def test_mean_and_variance_are_those_of_the_lit_values(name, groups):
    cell, x = (2, 3, 0, 4), torch.randn(SHAPE, dtype=torch.float64)
    (reach,) = call("which_axes/mean", [("reachOf", name, groups, SHAPE)])
    job = ("moments", x.flatten().tolist(), SHAPE, reach, cell)
    (found,) = call("which_axes/mean", [job])
    values = x[alike(name, groups, cell)]
    assert found["mean"] == pytest.approx(values.mean().item())
    assert found["variance"] == pytest.approx(values.var(correction=0).item())


def test_equal_values_become_zero():
    assert normalized("batch", 1, torch.full(SHAPE, 7.0)).abs().max() == 0
