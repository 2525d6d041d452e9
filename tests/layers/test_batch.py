"""``batch_norm`` and ``BatchNorm`` against PyTorch's, and against definitions."""

import copy
import io
import pickle

import pytest
import torch
import torch.nn.functional as F
from parity import error_of
from torch import nn
from torch.testing import assert_close

from normlab.layers import BatchNorm, batch_norm

DEVICES = ["cpu"] + (["cuda"] if torch.cuda.is_available() else [])
SHAPES = [(8, 3), (4, 3, 5), (4, 3, 5, 6), (3, 3, 4, 2, 5), (2, 3, 2, 3, 2, 2)]
TORCH_LAYER = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d}
TORCH_LAYER[5] = nn.BatchNorm3d
EXACT = {"rtol": 0, "atol": 1e-10}  # float64


def draw(shape, offset=0.0):
    """Float64 values whose channels differ in mean and spread."""
    channels = torch.arange(1.0, shape[1] + 1).double()
    spread = channels.view(1, -1, *[1] * (len(shape) - 2))
    return torch.randn(shape, dtype=torch.float64) * spread + 3 * spread + offset


def arguments(shape, affine=(True, True), offset=0.0):
    """(input, running_mean, running_var, weight, bias), in float64."""
    c = shape[1]
    mean = torch.randn(c, dtype=torch.float64) + offset
    var = torch.rand(c, dtype=torch.float64) + 0.5
    learned = [torch.randn(c, dtype=torch.float64) if a else None for a in affine]
    return [draw(shape, offset), mean, var, *learned]


def upstream(y):
    """The gradient that comes back to y."""
    torch.manual_seed(1)
    return torch.randn(y.shape, dtype=torch.float64).to(y)


def outcome(function, given, dtype=None, parameter_dtype=None, **options):
    """Everything that one call leaves behind, by name; ``given`` stays unchanged."""
    dtypes = [dtype] + [parameter_dtype or dtype] * 4
    x, mean, var, weight, bias = (
        None if g is None else g.detach().clone().to(d or g.dtype)
        for g, d in zip(given, dtypes, strict=True)
    )
    leaves = {"x": x, "weight": weight, "bias": bias}
    leaves = {k: v.requires_grad_() for k, v in leaves.items() if v is not None}
    y = function(x, mean, var, weight, bias, **options)
    y.backward(upstream(y))
    gradients = {f"gradient of {k}": v.grad for k, v in leaves.items()}
    left = {"y": y.detach(), "running mean": mean, "running var": var, **gradients}
    return {k: v for k, v in left.items() if v is not None}


# The function, against PyTorch's


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("affine", [(1, 1), (1, 0), (0, 1), (0, 0)])
@pytest.mark.parametrize("shape", SHAPES)
def test_function_equals_torch(shape, affine, training, device):
    """PyTorch's on the CPU: on a GPU it knows neither 6 axes nor beta alone."""
    given = arguments(shape, affine)
    options = {"training": training, "momentum": 0.3, "eps": 1e-3}
    theirs = outcome(F.batch_norm, given, **options)
    there = [a if a is None else a.to(device) for a in given]
    ours = outcome(batch_norm, there, **options)
    assert_close({k: v.cpu() for k, v in ours.items()}, theirs, **EXACT)


@pytest.mark.parametrize("momentum", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("eps", [1e-12, 1e-5, 2.0])
def test_momentum_and_eps_equal_torch(momentum, eps):
    given = arguments((4, 3, 5, 6))
    options = {"training": True, "momentum": momentum, "eps": eps}
    ours, theirs = (outcome(f, given, **options) for f in (batch_norm, F.batch_norm))
    assert_close(ours, theirs, **EXACT)


def test_defaults_equal_torch():
    given = arguments((4, 3, 5, 6))
    assert_close(outcome(batch_norm, given), outcome(F.batch_norm, given), **EXACT)
    options = {"training": True}
    ours, theirs = (outcome(f, given, **options) for f in (batch_norm, F.batch_norm))
    assert_close(ours, theirs, **EXACT)


def test_batch_statistics_without_running_ones():
    x, _, _, weight, bias = arguments((4, 3, 5, 6))
    given = [x, None, None, weight, bias]
    ours, theirs = (
        outcome(f, given, training=True) for f in (batch_norm, F.batch_norm)
    )
    assert_close(ours, theirs, **EXACT)


def a_rounded_mean(x, running_mean, running_var, weight, bias, unit, training=True):
    """What changes, by name, when the mean is a unit off: float32 holds no better one.

    In float64, by the formulas; the change is that of the largest number.
    """
    if not training:
        return {}
    axes = [0, *range(2, x.dim())]
    var, mean = torch.var_mean(x, axes, correction=0, keepdim=True)
    gamma, g = weight.view_as(mean) / (var + 1e-5).sqrt(), upstream(x)

    def left(mean):
        hat = (x - mean) / (var + 1e-5).sqrt()
        along = (g * hat).mean(axes, keepdim=True)
        gradient = gamma * (g - g.mean(axes, keepdim=True) - hat * along)
        return {"y": gamma * (x - mean), "gradient of x": gradient} | {
            "gradient of weight": (g * hat).sum(axes),
            "running mean": 0.1 * mean,
        }

    moved = left(mean * (1 + unit))
    return {k: (moved[k] - v).abs().max() for k, v in left(mean).items()}


def no_worse_than_torch(given, dtype, parameter_dtype=None, **options):
    """Compare errors against float64 on the same rounded numbers.

    Both are draws of roundings: ours may be twice PyTorch's, and more by what one unit
    does in the mean and eight of them, one an operation, in the result.
    """
    unit = torch.finfo(torch.float32).eps
    rounded = [None if g is None else g.to(dtype).double() for g in given]
    exact = outcome(F.batch_norm, rounded, **options)
    rounding = {"dtype": dtype, "parameter_dtype": parameter_dtype, **options}
    ours, theirs = (outcome(f, rounded, **rounding) for f in (batch_norm, F.batch_norm))
    means = a_rounded_mean(*rounded, unit, **options)
    for name, truth in exact.items():
        error, theirs_off = (
            (found[name].double() - truth).abs().max() for found in (ours, theirs)
        )
        assert ours[name].dtype == theirs[name].dtype
        allowed = 2 * theirs_off + means.get(name, 0) + 8 * unit * truth.abs().max()
        assert error <= allowed, (name, error, allowed)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("offset", [0.0, 1e2, 1e4, 1e6])
@pytest.mark.parametrize("shape", [(64, 3), (32, 3, 12, 12)])
def test_float32_is_as_accurate_as_torch(shape, offset, training):
    for seed in range(5):
        torch.manual_seed(seed)
        given = arguments(shape, offset=offset)
        no_worse_than_torch(given, torch.float32, training=training)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("parameters", [torch.float32, None])
@pytest.mark.parametrize("offset", [0.0, 1e2])
@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_precision_is_as_accurate_as_torch(half, offset, parameters, training):
    given = arguments((32, 3, 6, 6), offset=offset)
    no_worse_than_torch(given, half, parameters, training=training)


def test_double_backward_equals_torch():
    x, mean, var, weight, bias = arguments((4, 3, 5, 6))
    found = []
    for function in (batch_norm, F.batch_norm):
        leaves = [t.clone().requires_grad_() for t in (x, weight, bias)]
        y = function(leaves[0], mean.clone(), var.clone(), *leaves[1:], training=True)
        torch.manual_seed(1)
        loss = (y**3 * torch.randn_like(y)).sum()
        first = torch.autograd.grad(loss, leaves, create_graph=True)
        again = sum((g * torch.randn_like(g)).sum() for g in first)
        found.append([*first, *torch.autograd.grad(again, leaves)])
    assert_close(found[0], found[1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("shape", [(0, 3), (0, 3, 4, 4), (2, 3, 0)])
@pytest.mark.parametrize("training", [True, False])
def test_empty_batch_equals_torch(shape, training):
    given = arguments(shape)
    options = {"training": training}
    ours, theirs = (outcome(f, given, **options) for f in (batch_norm, F.batch_norm))
    assert_close(ours, theirs, **EXACT)


@pytest.mark.parametrize("training", [True, False])
def test_nan_stays_in_its_channel(training):
    given = arguments((4, 3, 5, 6))
    given[0][2, 1, 0, 0] = torch.nan
    options = {"training": training}
    ours, theirs = (outcome(f, given, **options) for f in (batch_norm, F.batch_norm))
    assert_close(ours, theirs, equal_nan=True, **EXACT)
    assert ours["y"][:, [0, 2]].isfinite().all()
    assert ours["y"][:, 1].isnan().all() == training


# Layouts


def layouts():
    flat, images, volumes = (
        torch.randn(s, dtype=torch.float64)
        for s in [(6, 5, 4), (6, 3, 5, 4), (2, 3, 4, 2, 5)]
    )
    return {
        "transposed": flat.transpose(1, 2),
        "permuted": images.permute(0, 3, 1, 2),
        "every other": images[::2, :, 1:, ::2],
        "expanded": images[:1].expand(6, -1, -1, -1),
        "channels last": images.contiguous(memory_format=torch.channels_last),
        "channels last 3d": volumes.contiguous(memory_format=torch.channels_last_3d),
        "contiguous": images,
    }


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", layouts())
def test_layout_changes_no_value(name, training):
    x = layouts()[name]
    given = [x, *arguments(x.shape)[1:]]
    leaves = [x.detach().requires_grad_() for _ in range(2)]
    found = []
    for function, leaf in zip((batch_norm, F.batch_norm), leaves, strict=True):
        running = [g.clone() for g in given[1:3]]
        y = function(leaf, *running, *given[3:], training=training)
        torch.manual_seed(1)
        y.backward(torch.randn(y.shape, dtype=y.dtype))
        found.append([y.detach(), leaf.grad, *running])
    assert_close(found[0], found[1], **EXACT)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", ["channels last", "channels last 3d", "contiguous"])
def test_output_has_the_layout_of_torchs(name, training):
    x = layouts()[name]
    mean, var = torch.zeros(3).double(), torch.ones(3).double()
    ours, theirs = (
        f(x, mean.clone(), var.clone(), training=training)
        for f in (batch_norm, F.batch_norm)
    )
    assert ours.stride() == theirs.stride()


# Errors


def zeros_ones(channels, dtype=torch.float32):
    return torch.zeros(channels, dtype=dtype), torch.ones(channels, dtype=dtype)


X = torch.randn(4, 3)
BAD_CALLS = {
    "running channels": lambda f: f(X, *zeros_ones(2), training=True),
    "running channels in evaluation": lambda f: f(X, *zeros_ones(4)),
    "weight channels": lambda f: f(X, *zeros_ones(3), torch.ones(2)),
    "bias channels": lambda f: f(X, *zeros_ones(3), None, torch.ones(4)),
    "no dimension": lambda f: f(torch.tensor(1.0), *zeros_ones(1)),
    "one dimension": lambda f: f(torch.randn(3), *zeros_ones(3)),
    "one dimension in training": lambda f: f(
        torch.randn(3), *zeros_ones(3), training=True
    ),
    "integers": lambda f: f(X.long(), *zeros_ones(3)),
    "bytes in training": lambda f: f(X.byte(), *zeros_ones(3), training=True),
    "booleans": lambda f: f(X > 0, None, None, training=True),
    "complex": lambda f: f(X.to(torch.complex64), *zeros_ones(3), training=True),
    "float64 input": lambda f: f(X.double(), *zeros_ones(3), training=True),
    "float64 input in evaluation": lambda f: f(X.double(), *zeros_ones(3)),
    "float64 statistics": lambda f: f(X, *zeros_ones(3, torch.float64)),
    "float64 weight": lambda f: f(X, *zeros_ones(3), torch.ones(3).double()),
    "half statistics, float weight": lambda f: f(
        X.half(), *zeros_ones(3, torch.half), torch.ones(3), training=True
    ),
    "half with bfloat16": lambda f: f(X.half(), *zeros_ones(3, torch.bfloat16)),
    "no statistics": lambda f: f(X, None, None),
    "no running variance": lambda f: f(X, torch.zeros(3), None),
    "no running mean": lambda f: f(X, None, torch.ones(3)),
    "only a mean in training": lambda f: f(X, torch.zeros(3), None, training=True),
    "only a variance in training": lambda f: f(X, None, torch.ones(3), training=True),
    "eps zero": lambda f: f(X, None, None, training=True, eps=0.0),
    "eps negative": lambda f: f(X, None, None, training=True, eps=-1e-5),
    "eps negative in evaluation": lambda f: f(X, *zeros_ones(3), eps=-1e-5),
    "no momentum": lambda f: f(X, *zeros_ones(3), training=True, momentum=None),
    "one vector": lambda f: f(X[:1], *zeros_ones(3), training=True),
    "one pixel": lambda f: f(X[:1, :, None, None], None, None, training=True),
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_bad_call_raises_what_torch_raises(name):
    call = BAD_CALLS[name]
    theirs = error_of(lambda: call(F.batch_norm))
    assert theirs is not None  # a call that PyTorch accepts does not belong here
    assert error_of(lambda: call(batch_norm)) is theirs


def test_eps_zero_is_legal_in_evaluation():
    x, running = X.double(), zeros_ones(3, torch.float64)
    y = batch_norm(x, *running, eps=0.0)
    assert_close(y, F.batch_norm(x, *running, eps=0.0), **EXACT)


@pytest.mark.parametrize("shape", [(3,), (2, 3, 2, 2, 2, 2)])
def test_layer_refuses_wrong_rank(shape):
    assert error_of(lambda: nn.BatchNorm2d(3)(torch.randn(shape))) is ValueError
    with pytest.raises(ValueError, match=f"{len(shape)}D"):
        BatchNorm(3)(torch.randn(shape))


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 1, 1), (4, 2), (4, 3, 2)])
def test_batches_are_counted_as_torch_counts(shape):
    """Also on the failing call: PyTorch counts before it looks at the shape."""
    ours, theirs = BatchNorm(3), TORCH_LAYER[len(shape)](3)
    for layer in (ours, theirs):
        layer(torch.randn(4, 3, *[2] * (len(shape) - 2)))
    errors = [error_of(lambda x=x: x(torch.randn(shape))) for x in (ours, theirs)]
    assert errors[0] is errors[1]
    assert ours.num_batches_tracked == theirs.num_batches_tracked


def test_one_value_per_channel_leaves_running_statistics_alone():
    layer = BatchNorm(3)
    with pytest.raises(ValueError, match="1 value per channel"):
        layer(torch.randn(1, 3))
    assert_close(layer.running_mean, torch.zeros(3))
    assert_close(layer.running_var, torch.ones(3))


def test_one_image_is_legal():
    x = draw((1, 3, 4, 4))
    assert_close(BatchNorm(3).double()(x), nn.BatchNorm2d(3).double()(x), **EXACT)


# The layer, against PyTorch's


def twins(shape, **settings):
    """Our layer and PyTorch's, both in float64, with the same random state."""
    ours = BatchNorm(shape[1], dtype=torch.float64, **settings)
    theirs = TORCH_LAYER[len(shape)](shape[1], dtype=torch.float64, **settings)
    state = {
        k: v if v.dtype == torch.long else torch.rand_like(v) + 0.5
        for k, v in theirs.state_dict().items()
    }
    theirs.load_state_dict(state)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def assert_same_behaviour(ours, theirs, shape, batches=3):
    """Feed both the same batches; compare outputs, gradients and state."""
    for _ in range(batches):
        x = draw(shape)
        leaves = [x.clone().requires_grad_() for _ in range(2)]
        outputs = [m(v) for m, v in zip((ours, theirs), leaves, strict=True)]
        assert_close(outputs[0], outputs[1], **EXACT)
        upstream = torch.randn_like(x)
        for layer, y in zip((ours, theirs), outputs, strict=True):
            layer.zero_grad()
            y.backward(upstream)
        assert_close(leaves[0].grad, leaves[1].grad, **EXACT)
        assert_close(
            {k: p.grad for k, p in ours.named_parameters()},
            {k: p.grad for k, p in theirs.named_parameters()},
            **EXACT,
        )
    assert_close(dict(ours.state_dict()), dict(theirs.state_dict()), **EXACT)


SETTINGS = [
    {},
    {"momentum": None},
    {"momentum": 0.0},
    {"momentum": 1.0},
    {"eps": 0.1},
    {"affine": False},
    {"track_running_stats": False},
    {"affine": False, "track_running_stats": False},
]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("shape", SHAPES[:4])
def test_layer_equals_torch(shape, settings, training):
    ours, theirs = twins(shape, **settings)
    assert_same_behaviour(ours.train(training), theirs.train(training), shape)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_training_then_evaluation_equals_torch(settings):
    ours, theirs = twins((6, 3), **settings)
    assert_same_behaviour(ours, theirs, (6, 3))
    assert_same_behaviour(ours.eval(), theirs.eval(), (6, 3))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_fresh_layers_have_the_same_state(settings):
    ours, theirs = BatchNorm(3, **settings), nn.BatchNorm1d(3, **settings)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert_close(dict(ours.state_dict()), dict(theirs.state_dict()))
    assert (
        dict(ours.named_parameters()).keys() == dict(theirs.named_parameters()).keys()
    )
    assert all(p.requires_grad for p in ours.parameters())


def test_arguments_have_torchs_order():
    given = (3, 0.2, 0.3, False, False, "cpu", torch.float64)
    ours, theirs = BatchNorm(*given), nn.BatchNorm1d(*given[:5])
    names = ("num_features", "eps", "momentum", "affine", "track_running_stats")
    assert [getattr(ours, n) for n in names] == [getattr(theirs, n) for n in names]
    assert BatchNorm(3, device="meta", dtype=torch.float64).weight.is_meta
    assert BatchNorm(3, dtype=torch.float64).running_var.dtype == torch.float64


def test_evaluation_before_training_is_almost_the_identity():
    x = draw((4, 3, 5, 5))
    y = BatchNorm(3, dtype=torch.float64).eval()(x)
    assert_close(y, x / (1 + 1e-5) ** 0.5, **EXACT)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("momentum", [0.1, None])
@pytest.mark.parametrize("built_with", [True, False])
def test_tracking_toggled_after_construction(built_with, momentum, training):
    settings = {"track_running_stats": built_with, "momentum": momentum}
    ours, theirs = twins((6, 3), **settings)
    for layer in (ours, theirs):
        layer.track_running_stats = not built_with
        layer.train(training)
    assert_same_behaviour(ours, theirs, (6, 3))


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_layer_in_half_precision_keeps_its_types(half):
    layer = BatchNorm(3).to(half)
    assert layer(torch.randn(8, 3, dtype=half)).dtype == half
    assert layer.running_mean.dtype == half
    mixed = BatchNorm(3)
    assert mixed(torch.randn(8, 3, dtype=half)).dtype == half
    assert mixed.running_mean.dtype == torch.float32


def test_layer_counts_an_empty_batch_as_torch_does():
    ours, theirs = twins((8, 3))
    for layer in (ours, theirs):
        layer(torch.randn(0, 3, dtype=torch.float64))
    assert_close(dict(ours.state_dict()), dict(theirs.state_dict()))


def test_reset_returns_to_the_start():
    layer = BatchNorm(3)
    layer(torch.randn(8, 3))
    with torch.no_grad():
        layer.weight.mul_(2), layer.bias.add_(1)
    layer.reset_running_stats()
    fresh = BatchNorm(3)
    assert_close(dict(layer.named_buffers()), dict(fresh.named_buffers()))
    assert_close(layer.weight, 2 * fresh.weight)
    layer.reset_parameters()
    assert_close(dict(layer.state_dict()), dict(fresh.state_dict()))


def test_gamma_and_beta_are_weight_and_bias():
    layer = BatchNorm(3)
    assert layer.gamma is layer.weight and layer.beta is layer.bias
    assert BatchNorm(3, affine=False).gamma is None


def test_printing_shows_the_settings():
    shown = repr(BatchNorm(7, eps=0.25, momentum=None, affine=False))
    for setting in ("7", "eps=0.25", "momentum=None", "affine=False"):
        assert setting in shown


# Saving and copying


@pytest.mark.parametrize("shape", SHAPES[1:4])
def test_state_dict_goes_to_torch_and_back(shape):
    ours, theirs = BatchNorm(3), TORCH_LAYER[len(shape)](3)
    for _ in range(2):
        ours(torch.randn(shape))
    with torch.no_grad():
        ours.weight.uniform_(), ours.bias.uniform_()
    theirs.load_state_dict(ours.state_dict())
    assert_close(dict(theirs.state_dict()), dict(ours.state_dict()))
    again = BatchNorm(3)
    again.load_state_dict(theirs.state_dict())
    x = draw(shape)
    assert_close(again.double().eval()(x), theirs.double().eval()(x), **EXACT)


def version_one():
    """A state dict of PyTorch before 0.4.1: no count, no version 2."""
    state = nn.BatchNorm1d(3).state_dict()
    state["running_mean"] += 5
    del state["num_batches_tracked"]
    state._metadata[""]["version"] = 1
    return state


def test_version_one_state_dict_loads():
    ours, theirs = BatchNorm(3), nn.BatchNorm1d(3)
    for layer in (ours, theirs):
        layer(torch.randn(8, 3))
        layer.load_state_dict(version_one())
    assert_close(dict(ours.state_dict()), dict(theirs.state_dict()))


def test_version_one_state_dict_loads_inside_a_network():
    state = {f"1.{k}": v for k, v in version_one().items()}  # a plain dict
    network = nn.Sequential(nn.Identity(), BatchNorm(3))
    network.load_state_dict(state)
    assert_close(network[1].running_mean, torch.full((3,), 5.0))


def test_version_two_state_dict_must_have_the_count():
    state = BatchNorm(3).state_dict()
    del state["num_batches_tracked"]
    for layer in (BatchNorm(3), nn.BatchNorm1d(3)):
        with pytest.raises(RuntimeError, match="num_batches_tracked"):
            layer.load_state_dict(state)


def through_a_file(layer):
    file = io.BytesIO()
    torch.save(layer, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m)), through_a_file],
)
def test_copy_behaves_alike_and_apart(duplicate):
    layer = BatchNorm(3, momentum=None)
    layer(torch.randn(8, 3))
    twin = duplicate(layer)
    x = torch.randn(8, 3)
    assert_close(twin(x), layer(x))
    before = layer.running_mean.clone()
    twin(x + 5)
    assert_close(layer.running_mean, before)
    assert not torch.allclose(twin.running_mean, before)


# One test a trap: where well-known teaching versions differ from PyTorch


def test_running_var_is_unbiased():
    x = draw((5, 3))
    layer = BatchNorm(3, momentum=1.0, dtype=torch.float64)
    layer(x)
    assert_close(layer.running_var, x.var(0, correction=1), **EXACT)


def test_normalizes_with_biased_variance():
    x = draw((5, 3))
    y = batch_norm(x, None, None, training=True, eps=1e-15)
    assert_close(y.var(0, correction=0), torch.ones(3).double(), **EXACT)


def test_variance_does_not_cancel():
    x = torch.randn(4096, 1) + 1e4
    y = batch_norm(x, None, None, training=True)
    exact = (x.double() - x.double().mean()) / x.double().std(correction=0)
    assert (y.double() - exact).abs().max() < 0.01  # rounding of x itself: 0.001


def test_running_stats_do_not_keep_the_graph():
    layer = BatchNorm(3)
    for _ in range(2):
        layer(torch.randn(8, 3, requires_grad=True)).pow(3).sum().backward()
    assert layer.running_mean.grad_fn is None and layer.running_var.grad_fn is None
    assert not layer.running_mean.requires_grad


def test_momentum_weighs_the_new_batch():
    x = draw((8, 3), 7)
    layer = BatchNorm(3, momentum=0.25, dtype=torch.float64)
    layer(x)
    assert_close(layer.running_mean, 0.25 * x.mean(0), **EXACT)  # from 0
    assert_close(layer.running_var, 0.75 + 0.25 * x.var(0), **EXACT)  # from 1


def test_momentum_none_is_the_plain_average():
    layer = BatchNorm(1, momentum=None)
    for mean in (1.0, 2.0, 6.0):
        layer(torch.tensor([[mean - 1], [mean + 1]]))
    assert_close(layer.running_mean, torch.tensor([3.0]))
    assert_close(layer.running_var, torch.tensor([2.0]))


def test_running_stats_are_in_the_state_dict():
    layer = BatchNorm(3)
    layer(torch.randn(8, 3) + 5)
    fresh = BatchNorm(3)
    fresh.load_state_dict(layer.state_dict())
    x = torch.randn(4, 3)
    assert_close(fresh.eval()(x), layer.eval()(x))


def test_running_stats_follow_the_layer():
    layer = BatchNorm(3).to(torch.float64).to("meta")
    assert layer.running_mean.is_meta and layer.running_var.is_meta
    assert layer.running_mean.dtype == torch.float64


def test_running_stats_are_not_learned():
    names = {name for name, _ in BatchNorm(3).named_parameters()}
    assert names == {"weight", "bias"}


def test_mode_follows_training_flag_not_grad_mode():
    x, zero = draw((8, 3), 9), torch.zeros(3).double()
    trained, evaluated = BatchNorm(3).double(), BatchNorm(3).double().eval()
    with torch.no_grad():
        assert_close(trained(x).mean(0), zero, **EXACT)
    assert_close(trained.running_mean, 0.1 * x.mean(0), **EXACT)
    assert_close(evaluated(x.requires_grad_()), x / (1 + 1e-5) ** 0.5, **EXACT)
    assert_close(evaluated.running_mean, zero, **EXACT)


def test_training_uses_batch_statistics():
    x = draw((64, 3, 4, 4))
    layer = BatchNorm(3, dtype=torch.float64)
    layer.running_mean.fill_(100), layer.running_var.fill_(1e6)
    y = layer(x)
    zero, one = torch.zeros(3).double(), torch.ones(3).double()
    assert_close(y.mean((0, 2, 3)), zero, **EXACT)
    assert_close(y.var((0, 2, 3), correction=0), one, rtol=0, atol=1e-4)  # eps


def test_evaluation_leaves_the_state_alone():
    layer = BatchNorm(3).eval()
    before = copy.deepcopy(layer.state_dict())
    layer(torch.randn(8, 3) + 5)
    assert_close(dict(layer.state_dict()), dict(before))


def test_statistics_are_shared_by_all_pixels_of_a_channel():
    x = draw((4, 3, 5, 6))
    swapped = x.transpose(0, 2).flatten(2).transpose(1, 2).reshape(-1, 3)
    y = batch_norm(x, None, None, training=True)
    rows = batch_norm(swapped, None, None, training=True)
    assert_close(y.transpose(0, 2).flatten(2).transpose(1, 2).reshape(-1, 3), rows)


def test_eps_is_inside_the_square_root():
    x = torch.tensor([[-1.0], [1.0]]).double()
    y = batch_norm(x, None, None, training=True, eps=3.0)
    assert_close(y, x / 2, **EXACT)  # sqrt(1 + 3)


def test_gradient_flows_through_the_statistics():
    """Then it has no mean and no component along the normalized output."""
    x = draw((16, 3)).requires_grad_()
    y = batch_norm(x, None, None, training=True, eps=1e-15)
    (gradient,) = torch.autograd.grad(y, x, torch.randn_like(y))
    zero = torch.zeros(3).double()
    assert_close(gradient.sum(0), zero, **EXACT)
    assert_close((gradient * y).sum(0), zero, **EXACT)
    assert gradient.abs().max() > 1e-3


def test_scale_and_shift_of_the_input_change_nothing():
    x = draw((16, 3, 2))
    y = batch_norm(x, None, None, training=True, eps=1e-15)
    moved = batch_norm(7 * x - 3, None, None, training=True, eps=1e-15)
    assert_close(y, moved, **EXACT)
