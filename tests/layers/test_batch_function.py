"""``BatchNormFunction``: the hand-derived gradient, of every order."""

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck, gradgradcheck
from torch.testing import assert_close

from normlab.layers import BatchNormFunction, batch_function, batch_norm
from normlab.layers.batch import batch_stats
from normlab.layers.batch_function import batch_norm_backward

SHAPES = [(5, 3), (4, 3, 2), (2, 3, 2, 3), (2, 3, 1, 2, 2)]
AFFINE = [(True, True), (True, False), (False, True), (False, False)]
EPS = 1e-3
EXACT = {"rtol": 0, "atol": 1e-12}  # float64


def draw(shape, affine=(True, True)):
    """Float64 leaves: an input with unequal channels; a weight, a bias, or None."""
    generator = torch.Generator().manual_seed(sum(shape))
    x = torch.randn(shape, generator=generator, dtype=torch.float64)
    scale = per_channel(torch.arange(1.0, shape[1] + 1).double(), x)
    weight, bias = torch.randn(2, shape[1], generator=generator, dtype=torch.float64)
    weight, bias = weight if affine[0] else None, bias if affine[1] else None
    values = (x * scale + scale, weight, bias)
    return [v if v is None else v.clone().requires_grad_() for v in values]


def per_channel(v, x):
    return v.view(1, -1, *[1] * (x.dim() - 2))


def all_but_channels(x):
    return [d for d in range(x.dim()) if d != 1]


def torch_norm(x, weight, bias, eps):
    return F.batch_norm(x, None, None, weight, bias, training=True, eps=eps)


def composed(x, weight, bias, eps):
    """The same function from elementary operations: autograd knows all orders."""
    return batch_norm(x, None, None, weight, bias, training=True, eps=eps)


def outcome(function, given, eps=EPS):
    """Output and gradients for one random direction, as a list."""
    leaves = [g for g in given if g is not None]
    y = function(*given, eps)
    g = direction(y)
    return [y.detach(), *torch.autograd.grad(y, leaves, g)]


def direction(y):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(y.shape, generator=generator, dtype=torch.float64).to(y)


# The gradient, against differences of the function itself


@pytest.mark.parametrize("affine", AFFINE)
@pytest.mark.parametrize("shape", SHAPES)
def test_gradcheck(shape, affine):
    assert gradcheck(BatchNormFunction.apply, (*draw(shape, affine), EPS))


@pytest.mark.parametrize("affine", AFFINE)
@pytest.mark.parametrize("shape", SHAPES)
def test_gradgradcheck(shape, affine):
    assert gradgradcheck(BatchNormFunction.apply, (*draw(shape, affine), EPS))


def test_forward_mode_is_refused():
    """PyTorch compiles no function that has a rule for it."""
    x, weight, bias = (d.detach() for d in draw((4, 3, 2)))
    with pytest.raises(NotImplementedError, match="jvp"):
        torch.func.jvp(
            lambda x: BatchNormFunction.apply(x, weight, bias, EPS), (x,), (x,)
        )


def loss_of(function):
    return lambda x, w, b: (function(x, w, b, EPS) ** 3).sum()


TRANSFORMS = {
    "grad": lambda f: torch.func.grad(f, argnums=(0, 1, 2)),
    "grad of grad": lambda f: torch.func.grad(
        lambda *a: torch.func.grad(f)(*a).pow(2).sum(), argnums=(0, 1, 2)
    ),
    "reverse twice": lambda f: torch.func.jacrev(torch.func.jacrev(f)),
    "reverse thrice": lambda f: torch.func.jacrev(
        torch.func.jacrev(torch.func.jacrev(f))
    ),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_torch_func_sees_the_composed_maths(name):
    given = [d.detach() for d in draw((4, 2))]
    ours, theirs = (
        TRANSFORMS[name](loss_of(f))(*given)
        for f in (BatchNormFunction.apply, composed)
    )
    assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("axes", [(0, None, None), (1, 0, 0), (0, 0, None)])
def test_vmap_is_a_loop(axes):
    given = [
        d.detach() if axis is None else torch.stack([d, 2 * d + 1, -d], axis).detach()
        for d, axis in zip(draw((4, 3, 2)), axes, strict=True)
    ]

    def outcomes(x, w, b):
        f = loss_of(BatchNormFunction.apply)
        return BatchNormFunction.apply(x, w, b, EPS), torch.func.grad(f)(x, w, b)

    found = torch.vmap(outcomes, in_dims=axes)(*given)
    loop = [
        outcomes(
            *(
                g if a is None else g.select(a, i)
                for g, a in zip(given, axes, strict=True)
            )
        )
        for i in range(3)
    ]
    for stacked, singles in zip(found, zip(*loop, strict=True), strict=True):
        assert_close(stacked, torch.stack(singles), **EXACT)


@pytest.mark.parametrize("affine", AFFINE)
def test_compiles_as_one_graph(affine):
    compiled = torch.compile(
        lambda *a: BatchNormFunction.apply(*a, EPS), fullgraph=True, backend="aot_eager"
    )
    given = draw((4, 3, 2), affine)
    ours, theirs = (
        outcome(f, given) for f in (lambda *a: compiled(*a[:3]), torch_norm)
    )
    assert_close(ours, theirs, **EXACT)


def derivatives(function, orders):
    """d^k/dx^k of a sum of cubes, each order a gradient of the one before."""
    x, weight, bias = draw((6, 2))
    value, found = (function(x, weight, bias, EPS) ** 3).sum(), []
    for _ in range(orders):
        (gradient,) = torch.autograd.grad(value, x, create_graph=True)
        found.append(gradient.detach())
        value = (gradient**2).sum()
    return found


def test_every_order_equals_the_composed_maths():
    for ours, theirs in zip(
        derivatives(BatchNormFunction.apply, 4), derivatives(composed, 4), strict=True
    ):
        assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


# Against PyTorch's own layer


@pytest.mark.parametrize("eps", [1e-12, 1e-5, 0.3])
@pytest.mark.parametrize("affine", AFFINE)
@pytest.mark.parametrize("shape", [*SHAPES, (16, 3, 5, 6)])
def test_value_and_gradients_equal_torch(shape, affine, eps):
    given = draw(shape, affine)
    ours, theirs = (
        outcome(f, given, eps) for f in (BatchNormFunction.apply, torch_norm)
    )
    assert_close(ours, theirs, **EXACT)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(half):
    x, weight, bias = draw((64, 3, 4, 4))
    rounded = [x.to(half), weight.float(), bias.float()]
    rounded = [r.detach().requires_grad_() for r in rounded]
    exact = [r.detach().double().requires_grad_() for r in rounded]
    y = BatchNormFunction.apply(*rounded, EPS)
    g = direction(y)
    gradients = torch.autograd.grad(y, rounded, g)
    truth = torch.autograd.grad(torch_norm(*exact, EPS), exact, g.double())
    assert y.dtype == half
    # Of x it is rounded to half; of gamma and beta it is a sum of 1024, in ten rounds.
    sizes = g.double().abs().sum((0, 2, 3)).max().item()
    sums = 10 * torch.finfo(torch.float32).eps * sizes
    for found, right, leaf in zip(gradients, truth, rounded, strict=True):
        assert found.dtype == leaf.dtype
        step = torch.finfo(found.dtype).eps
        atol = step if found.dtype == half else sums
        assert_close(found.double(), right, rtol=2 * step, atol=atol)


def test_an_empty_batch_passes():
    x = torch.zeros(0, 3, requires_grad=True)
    weight = torch.ones(3, requires_grad=True)
    BatchNormFunction.apply(x, weight, None, EPS).sum().backward()
    assert x.grad.shape == (0, 3)
    assert_close(weight.grad, torch.zeros(3))


def test_weight_may_be_all_that_learns():
    x, weight, bias = draw((5, 3))
    y = BatchNormFunction.apply(x.detach(), weight, bias.detach(), EPS)
    (found,) = torch.autograd.grad(y, weight, direction(y))
    assert_close(found, outcome(torch_norm, draw((5, 3)))[2], **EXACT)


# The short form against the long one


def long_form(g, x, eps, weight):
    """dL/dx step by step, one line per node of the graph, nothing simplified."""
    axes, n = all_but_channels(x), x.numel() // x.shape[1]
    mean = x.mean(axes, keepdim=True)
    away = x - mean
    var = (away**2).mean(axes, keepdim=True)
    rstd = (var + eps) ** -0.5
    to_x_hat = g * per_channel(weight, x)
    to_rstd = (to_x_hat * away).sum(axes, keepdim=True)
    to_var = to_rstd * -0.5 * (var + eps) ** -1.5
    to_away = to_x_hat * rstd + to_var * 2 * away / n
    to_mean = -to_away.sum(axes, keepdim=True)
    return to_away + to_mean / n


@pytest.mark.parametrize("eps", [1e-12, 1e-5, 0.3])
@pytest.mark.parametrize("shape", SHAPES)
def test_short_form_equals_long_form(shape, eps):
    x, weight, _ = (d.detach() for d in draw(shape))
    g = direction(x)
    mean, var = x.mean(all_but_channels(x)), x.var(all_but_channels(x), correction=0)
    short, _, _ = batch_norm_backward(g, x, mean, (var + eps) ** -0.5, weight)
    assert_close(short, long_form(g, x, eps, weight), **EXACT)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradient_has_no_mean_and_no_part_along_x_hat(shape):
    x, weight, bias = draw(shape)
    y, gradient, *_ = outcome(BatchNormFunction.apply, [x, weight, bias], eps=1e-15)
    x_hat = (y - per_channel(bias, x)) / per_channel(weight, x)
    zero = torch.zeros(shape[1]).double()
    assert_close(gradient.sum(all_but_channels(x)), zero, **EXACT)
    assert_close((gradient * x_hat).sum(all_but_channels(x)), zero, **EXACT)
    assert gradient.abs().max() > 1e-3


def test_with_two_values_only_eps_lets_anything_through():
    x = torch.tensor([[-1.0], [1.0]]).double().requires_grad_()  # variance 1
    g = torch.tensor([[3.0], [0.5]]).double()
    for eps in (1e-2, 1e-4, 1e-6):
        y = BatchNormFunction.apply(x, None, None, eps)
        (gradient,) = torch.autograd.grad(y, x, g)
        # y = x / sqrt(1 + eps) at x = (-1, 1), and only the half difference counts
        expected = (g - g.mean()) * eps / (1 + eps) ** 1.5
        assert_close(gradient, expected, **EXACT)


# Mistakes that the checks must notice


def planted(*, forget_mean=False, forget_x_hat=False, unbiased=False):
    """Return ``batch_norm_backward`` with one mistake in the gradient of x."""

    def wrong(g, x, mean, rstd, weight=None):
        axes, n = all_but_channels(x), x.numel() // x.shape[1]
        x_hat = (x - per_channel(mean, x)) * per_channel(rstd, x)
        scale = rstd if weight is None else rstd * weight
        divisor = n - 1 if unbiased else n
        left = g
        if not forget_mean:
            left = left - g.mean(axes, keepdim=True)
        if not forget_x_hat:
            left = left - x_hat * (g * x_hat).sum(axes, keepdim=True) / divisor
        return left * per_channel(scale, x), (g * x_hat).sum(axes), g.sum(axes)

    return wrong


MISTAKES = {
    "the mean's term": {"forget_mean": True},
    "the x-hat term": {"forget_x_hat": True},
    "detached statistics": {"forget_mean": True, "forget_x_hat": True},
    "n - 1 for n": {"unbiased": True},
}


def passes(check, apply=BatchNormFunction.apply, shape=(4, 3, 2)):
    return check(apply, (*draw(shape), EPS), raise_exception=False)


def test_the_formula_planted_without_a_mistake_passes(monkeypatch):
    monkeypatch.setattr(batch_function, "batch_norm_backward", planted())
    assert passes(gradcheck) and passes(gradgradcheck)


@pytest.mark.parametrize("name", MISTAKES)
def test_gradcheck_notices(name, monkeypatch):
    monkeypatch.setattr(
        batch_function, "batch_norm_backward", planted(**MISTAKES[name])
    )
    assert not passes(gradcheck)


class Forgetful(BatchNormFunction):
    """Takes the statistics for constants where the gradient is differentiated."""

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        mean, var = batch_stats(x.detach())
        rstd = (var + EPS).rsqrt()
        return *batch_norm_backward(g, x, mean, rstd, weight), None


def test_gradgradcheck_notices_constant_statistics_and_gradcheck_does_not():
    assert passes(gradcheck, Forgetful.apply)
    assert not passes(gradgradcheck, Forgetful.apply)


def test_detached_statistics_are_another_gradient():
    """The control: constants in the place of the statistics give gamma g / std."""
    x, weight, bias = draw((16, 3))
    y, gradient, *_ = outcome(BatchNormFunction.apply, [x, weight, bias])
    g = direction(y)
    var, mean = torch.var_mean(x.detach(), 0, correction=0)
    detached = (x - mean) / (var + EPS).sqrt() * weight + bias
    (other,) = torch.autograd.grad(detached, x, g)
    assert_close(detached.detach(), y, **EXACT)
    assert_close(other, g * (weight / (var + EPS).sqrt()).detach(), **EXACT)
    assert (other - gradient).abs().max() > 0.1 * gradient.abs().max()


# Memory


def test_keeps_the_input_and_the_weight_alone():
    kept = {}

    def note(tensor):
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    x, weight, bias = draw((8, 3, 4, 4))
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        BatchNormFunction.apply(x, weight, bias, EPS)
    assert sum(kept.values()) == 8 * (x.numel() + 3)


# Wrong inputs

X, C3, C4 = torch.randn(5, 3), torch.ones(3), torch.ones(4)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ((X.long(), C3, C3, EPS), NotImplementedError, "int64"),
        ((X[0], C3, C3, EPS), RuntimeError, r"\(N, C, \*\)"),
        ((X, C4, C3, EPS), RuntimeError, "weight should contain 3 elements not 4"),
        ((X, C3, C4, EPS), RuntimeError, "bias should contain 3 elements not 4"),
        ((X, C3[:, None], C3, EPS), ValueError, r"weight has shape \(3, 1\)"),
        ((X, C3.double(), C3, EPS), RuntimeError, "mixed dtype"),
        ((X[:1], C3, C3, EPS), ValueError, "more than 1 value per channel"),
        ((X, C3, C3, 0.0), ValueError, "eps must be positive"),
        ((X, C3, C3, -1.0), ValueError, "eps must be positive"),
    ],
)
def test_wrong_input_is_named(given, error, words):
    with pytest.raises(error, match=words):
        BatchNormFunction.apply(*given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((X[:4], X, C3, C3, C3), r"grad_output has shape \(4, 3\), x \(5, 3\)"),
        ((X, X, X.mean(0, keepdim=True), C3, C3), r"mean has shape \(1, 3\)"),
        ((X, X, C3, C4, C3), r"rstd has shape \(4,\)"),
        ((X, X, C3, C3, C4), r"weight has shape \(4,\)"),
    ],
)
def test_wrong_shape_in_the_backward_is_named(given, words):
    with pytest.raises(ValueError, match=words):
        batch_norm_backward(*given)
