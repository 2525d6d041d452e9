"""``precondition``: against its matrices, against descent on normalized inputs.

The checks are a table, so that functions that are wrong on purpose have to fail them.
"""

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from normlab.gradients import precondition
from normlab.gradients.preconditioning import remember

EXACT = {"rtol": 0, "atol": 1e-10}  # float64; what is compared is of order 10
NEUTRAL = {"eps1": 0.0, "eps2": 0.0}


def draw(*shape):
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def arguments(out=4, inputs=3, *kernel):
    """Gradients of weight and bias, and mean and variance of the inputs."""
    mean, var = draw(inputs, 1)[:, 0] + 1, draw(inputs, 2)[:, 0].exp()
    return draw(out, inputs, *kernel), draw(out), mean, var


# Each yields pairs: what the function says, what it should be.


def the_matrices_of_the_paper(precondition):
    """P P^T g with P = U D, the bias before the weights."""
    g_weight, g_bias, mean, var = arguments()
    n = len(mean)
    u = torch.eye(1 + n, dtype=torch.float64)
    u[0, 1:] = -mean
    d = torch.diag(torch.cat([torch.ones(1), var.rsqrt()]))
    expected = u @ d @ (u @ d).T @ torch.cat([g_bias[None], g_weight.T])
    weight, bias = precondition(g_weight, g_bias, mean, var, **NEUTRAL)
    yield torch.cat([bias[None], weight.T]), expected


def mean_0_and_variance_1_change_nothing(precondition):
    for kernel in ((), (3,), (3, 3)):
        g_weight, g_bias, mean, var = arguments(4, 3, *kernel)
        found = precondition(
            g_weight, g_bias, 0 * mean, 0 * var + 1, examples=27, **NEUTRAL
        )
        yield from zip(found, (g_weight, g_bias), strict=True)


def descend(layer, inputs, parameters, rate):
    """The parameters after a step on a loss that the layer's outputs have."""
    leaves = [p.clone().requires_grad_() for p in parameters]
    outputs = layer(inputs, *leaves)
    loss = (outputs - draw(*outputs.shape)).square().mean() + outputs.sin().mean()
    gradients = torch.autograd.grad(loss, leaves)
    return [p - rate * g for p, g in zip(parameters, gradients, strict=True)], gradients


def descent_on_normalized_inputs(precondition):
    """The layer of (h - mean) / deviation, and the same layer of h, after a step."""
    for layer, shape, kernel in (
        (F.linear, (5, 3), ()),
        (F.conv1d, (5, 3, 6), (2,)),
        (F.conv2d, (5, 3, 6, 4), (3, 2)),
    ):
        weight, bias, mean, var = arguments(4, 3, *kernel)
        wide = (1, -1, *[1] * len(kernel))
        h, std = draw(*shape), var.sqrt()
        normalized = (h - mean.view(wide)) / std.view(wide)
        (moved_weight, moved_bias), _ = descend(layer, normalized, (weight, bias), 0.3)
        expected = moved_weight / std.view(wide)
        expected_bias = moved_bias - (expected * mean.view(wide)).flatten(1).sum(1)

        same = weight / std.view(wide)
        same_bias = bias - (same * mean.view(wide)).flatten(1).sum(1)
        _, gradients = descend(layer, h, (same, same_bias), 0.3)
        turned = precondition(*gradients, mean, var, **NEUTRAL)
        yield same - 0.3 * turned[0], expected
        yield same_bias - 0.3 * turned[1], expected_bias


def a_convolution_is_a_dense_layer_of_patches(precondition):
    g_weight, g_bias, mean, var = arguments(4, 3, 2, 5)
    for options in ({"examples": 7}, {"examples": 60, "eps1": 0.3, "eps2": 0.2}):
        weight, bias = precondition(g_weight, g_bias, mean, var, **options)
        patches = [m.repeat_interleave(10) for m in (mean, var)]
        flat, dense = precondition(g_weight.flatten(1), g_bias, *patches, **options)
        yield weight.flatten(1), flat
        yield bias, dense


def few_examples_divide_the_step(precondition):
    """Of 3 x 2 x 2 = 12 inputs: by 12/5, by 12 for one, by 1 from 12 examples on."""
    given = arguments(4, 3, 2, 2)
    weight, bias = precondition(*given)
    for examples, divisor in ((5, 12 / 5), (1, 12), (12, 1), (13, 1), (1000, 1)):
        found = precondition(*given, examples=examples)
        yield found[0] * divisor, weight
        yield found[1] * divisor, bias


def variances_have_a_floor(precondition):
    """One input never changes; its weights move as far as the largest floor lets."""
    g_weight, g_bias, mean, _ = arguments()
    var = torch.tensor([0.0, 4.0, 9.0], dtype=torch.float64)
    floored = var + 0.1 * 9 + 0.5
    found = precondition(g_weight, g_bias, mean, var, eps1=0.1, eps2=0.5)
    expected = precondition(g_weight, g_bias, mean, floored, **NEUTRAL)
    yield found[0], (g_weight - torch.outer(g_bias, mean)) / floored
    yield from zip(found, expected, strict=True)


CHECKS = [
    the_matrices_of_the_paper,
    mean_0_and_variance_1_change_nothing,
    descent_on_normalized_inputs,
    a_convolution_is_a_dense_layer_of_patches,
    few_examples_divide_the_step,
    variances_have_a_floor,
]


def passes(check, function):
    return all(torch.allclose(a, b, rtol=0, atol=1e-10) for a, b in check(function))


@pytest.mark.parametrize("check", CHECKS)
def test_precondition(check):
    for found, expected in check(precondition):
        assert_close(found, expected, **EXACT)


def textbook(
    divide=lambda var: var,
    bias_of=lambda g_bias, mean, new: g_bias - (mean * new).flatten(1).sum(1),
    centre=lambda g_weight, g_bias, mean: g_weight - mean * g_bias,
    floor=lambda var, eps1, eps2: var + eps1 * var.max() + eps2,
    q2=lambda inputs, examples: max(inputs / examples, 1.0),
):
    """The same in other words; each argument is one place to go wrong."""

    def function(g_weight, g_bias, mean, var, examples=None, eps1=1e-2, eps2=1e-4):
        wide = (1, -1, *[1] * (g_weight.dim() - 2))
        tall = (-1, *[1] * (g_weight.dim() - 1))
        divisor = 1.0
        if examples is not None:
            divisor = q2(g_weight[0].numel(), examples)
        mean, var = mean.view(wide), floor(var, eps1, eps2).view(wide)
        new = centre(g_weight, g_bias.view(tall), mean) / divisor / divide(var)
        return new, bias_of(g_bias / divisor, mean, new)

    return function


WRONG = {
    "divides by the deviation": (
        textbook(divide=lambda var: var.sqrt()),
        the_matrices_of_the_paper,
    ),
    "leaves the bias": (
        textbook(bias_of=lambda g_bias, mean, new: g_bias),
        the_matrices_of_the_paper,
    ),
    "adds to the bias": (
        textbook(bias_of=lambda g, mean, new: g + (mean * new).flatten(1).sum(1)),
        descent_on_normalized_inputs,
    ),
    "takes the mean over a kernel": (
        textbook(
            bias_of=lambda g, mean, new: (
                g - (mean * new).flatten(2).mean(2).sum(1)
                if new.dim() > 2
                else g - (mean * new).sum(1)
            )
        ),
        a_convolution_is_a_dense_layer_of_patches,
    ),
    "forgets the mean": (
        textbook(centre=lambda g_weight, g_bias, mean: g_weight),
        descent_on_normalized_inputs,
    ),
    "subtracts the mean from the gradient": (
        textbook(centre=lambda g_weight, g_bias, mean: g_weight - g_weight.mean()),
        mean_0_and_variance_1_change_nothing,
    ),
    "floors each by itself": (
        textbook(floor=lambda var, eps1, eps2: var * (1 + eps1) + eps2),
        variances_have_a_floor,
    ),
    "no floor": (
        textbook(floor=lambda var, eps1, eps2: var),
        variances_have_a_floor,
    ),
    "more examples, larger steps": (
        textbook(q2=lambda inputs, examples: inputs / examples),
        few_examples_divide_the_step,
    ),
    "counts no kernel": (
        textbook(q2=lambda inputs, examples: max(inputs / 4 / examples, 1.0)),
        few_examples_divide_the_step,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_function_is_found(name):
    wrong, check = WRONG[name]
    assert not passes(check, wrong)


@pytest.mark.parametrize("check", CHECKS)
def test_textbook_is_right_and_each_check_finds_something(check):
    assert passes(check, textbook())
    assert not all(passes(check, wrong) for wrong, _ in WRONG.values())


@pytest.mark.parametrize("kernel", [(), (2, 2)])
def test_gradcheck(kernel):
    given = [t.requires_grad_() for t in arguments(2, 3, *kernel)]
    given[3] = (given[3].detach().square() + 0.5).requires_grad_()
    assert torch.autograd.gradcheck(lambda *g: precondition(*g, examples=2), given)


# The memory


def shares(batches, momentum):
    """What share of the memory each value has, and of the start: exact by recursion."""
    of_start, of_values = 1.0, []
    for batch in batches:
        of_start *= 1 - momentum
        of_values = [w * (1 - momentum) for w in of_values]
        of_values += [momentum / len(batch)] * len(batch)
    return of_start, torch.tensor(of_values, dtype=torch.float64)[:, None]


@pytest.mark.parametrize("momentum", [0.01, 0.3, 1.0])
@pytest.mark.parametrize("sizes", [(1,) * 12, (5, 1, 8), (20,)])
def test_memory_has_the_moments_of_all_that_it_has_seen(momentum, sizes):
    """Weighted moments of the values, and of a start with mean 0 and variance 1."""
    values = draw(sum(sizes), 3) * 2 + 5
    batches = values.split(sizes)
    memory = torch.zeros(3).double(), torch.ones(3).double()
    for batch in batches:
        var, mean = torch.var_mean(batch, 0, correction=0)
        memory = remember(memory, (mean, var), momentum)
    of_start, of_values = shares(batches, momentum)
    mean = (of_values * values).sum(0)
    spread = (of_values * (values - mean).square()).sum(0)
    assert_close(memory[0], mean, **EXACT)
    assert_close(memory[1], spread + of_start * (1 + mean.square()), **EXACT)


def test_without_the_spread_of_means_a_stream_would_be_constant():
    """What the third term is for."""
    values = draw(400, 3)
    memory, without = [(torch.zeros(3).double(), torch.ones(3).double())] * 2
    for value in values:
        memory = remember(memory, (value, torch.zeros(3).double()), 0.05)
        without = (without[0], 0.95 * without[1])
    assert (without[1] < 1e-8).all()
    assert (memory[1] > 0.1).all()


# The door


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(half):
    """Under autocast too: half a unit in the last place of the result, no more.

    A dozen roundings in float32 of numbers of order 100 are below 1e-3.
    """
    g_weight, g_bias, mean, var = arguments(4, 3, 3, 3)
    given = (g_weight.to(half), g_bias.to(half), mean.float(), var.float())
    exact = precondition(*[g.double() for g in given])
    with torch.autocast("cpu", half):
        found = precondition(*given)
    for ours, expected in zip(found, exact, strict=True):
        assert ours.dtype == half
        allowed = torch.finfo(half).eps / 2 * expected.abs() + 1e-3
        assert ((ours.double() - expected).abs() <= allowed).all()


def test_memory_format_and_compilation_change_nothing():
    given = arguments(4, 3, 3, 3)
    expected = precondition(*given, examples=5)
    last = given[0].contiguous(memory_format=torch.channels_last)
    assert_close(precondition(last, *given[1:], examples=5), expected, **EXACT)
    compiled = torch.compile(precondition, fullgraph=True, backend="aot_eager")
    assert_close(compiled(*given, examples=5), expected, **EXACT)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({0: draw(4, 3).long()}, NotImplementedError, "float"),
        ({0: draw(4)}, RuntimeError, "2 axes"),
        ({1: draw(3)}, RuntimeError, r"bias_grad has shape \(3,\).*\(4,\)"),
        ({2: draw(4)}, RuntimeError, r"mean has shape \(4,\).*\(3,\)"),
        ({3: draw(1, 3)}, RuntimeError, r"var has shape \(1, 3\)"),
        ({4: 0}, ValueError, "examples is 0"),
        ({5: -1.0}, ValueError, "eps1 must not be negative"),
        ({6: -1e-3}, ValueError, "eps2 must not be negative"),
    ],
)
def test_bad_argument_is_named(change, error, words):
    given = dict(enumerate([*arguments(), None, 0.0, 0.0])) | change
    with pytest.raises(error, match=words):
        precondition(*given.values())
