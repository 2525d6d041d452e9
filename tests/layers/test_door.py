"""What holds at the entry of every normalizer, each kind of case for all of them."""

import copy
import inspect
from importlib import import_module
from pkgutil import iter_modules

import pytest
import torch
import torch.nn.functional as F
from parity import error_of
from torch import nn
from torch.testing import assert_close

from normlab import layers
from normlab.layers import (
    BatchNorm,
    BatchNormFunction,
    BatchRenorm,
    GhostBatchNorm,
    GroupNorm,
    IndependentComponent,
    InstanceNorm,
    KalmanNorm,
    LayerNorm,
    batch_norm,
    batch_renorm,
    filter_response_norm,
    group_norm,
    instance_norm,
    layer_norm,
    rms_norm,
    thresholded_linear,
)
from normlab.layers.module import Normalizer

# Every normalizer as it comes, and where that says too little, as it may be too.
LAYERS = {
    name: thing
    for name, thing in vars(layers).items()
    if isinstance(thing, type) and issubclass(thing, Normalizer)
} | {
    "BatchRenorm, in parts with a rest": lambda c, **options: BatchRenorm(
        c, ghost_size=3, limits=lambda seen: (3.0, 5.0), **options
    ),
    "GhostBatchNorm": lambda c, **options: GhostBatchNorm(c, 4, **options),
    "GhostBatchNorm, with a rest": lambda c, **options: GhostBatchNorm(c, 3, **options),
    "GroupNorm, of 3": lambda c, **options: GroupNorm(c, 3, **options),
    # What it drops it drops at random: test_independent.py.
    "IndependentComponent": lambda c, **options: IndependentComponent(
        c, 0.0, **options
    ),
    "InstanceNorm, remembering": lambda c, **options: InstanceNorm(
        c, track_running_stats=True, **options
    ),
    "KalmanNorm, in parts": lambda c, **options: KalmanNorm(c, ghost_size=4, **options),
}
each_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS.keys())
FUNCTIONS = {
    "batch_norm": lambda x, w, b: batch_norm(x, None, None, w, b, training=True),
    "BatchNormFunction": lambda x, w, b: BatchNormFunction.apply(x, w, b, 1e-5),
    "batch_renorm": lambda x, w, b: batch_renorm(
        x, torch.zeros_like(w), torch.ones_like(w), w, b, True, r_max=3.0, d_max=5.0
    ),
    "filter_response_norm": lambda x, w, b: filter_response_norm(x, w, b),
    "group_norm": lambda x, w, b: group_norm(x, 3, w, b),
    "instance_norm": lambda x, w, b: instance_norm(x, weight=w, bias=b),
    "layer_norm": lambda x, w, b: layer_norm(
        x.movedim(1, -1), x.shape[1:2], w, b
    ).movedim(-1, 1),
    "rms_norm": lambda x, w, b: rms_norm(x.movedim(1, -1), x.shape[1:2], w).movedim(
        -1, 1
    ),
    "thresholded_linear": lambda x, w, b: thresholded_linear(x, w),
}
# What normalizes nothing: its own tests are beside those of its normalizer.
OTHERS = {"RandomShift", "ThresholdedLinearUnit", "renorm_limits"}
each_function = pytest.mark.parametrize("name", FUNCTIONS)
HALF = [torch.float16, torch.bfloat16]
MODES = [True, False]


def draw(*shape, offset=5.0):
    return torch.randn(shape, dtype=torch.float64) * 3 + offset


def learned(layer):
    """The same layer with gammas and betas that are not the start's."""
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(torch.randn(p.shape, dtype=torch.float64))
    return layer


def buffers(layer):
    return {name: b.clone() for name, b in layer.named_buffers()}


def running(layer):
    """What the layer remembers, but for the number of batches."""
    return {n: b for n, b in buffers(layer).items() if "running" in n}


def is_of_weights(module):
    """Whether it normalizes weights; test_weights.py and test_binary.py ask of it."""
    return module.__name__.rpartition(".")[2] in ("weights", "binary")


def test_every_normalizer_and_function_is_shown_and_tested_here():
    files = [m.name for m in iter_modules(layers.__path__) if m.name != "module"]
    modules = [import_module(f"{layers.__name__}.{file}") for file in files]
    written = {
        name
        for module in modules
        for name, thing in vars(module).items()
        if isinstance(thing, type) and issubclass(thing, Normalizer)
    }
    assert written - {"Normalizer", "TrackingNormalizer"} <= set(layers.__all__)
    of_weights = {
        name for module in modules if is_of_weights(module) for name in vars(module)
    }
    shown = set(LAYERS) | set(FUNCTIONS) | OTHERS | of_weights
    assert set(layers.__all__) <= shown


# Half precision is computed in float32


def allowed(exact, half):
    """Half a unit in the last place of the result, and what float32 adds to it.

    A float32 computation of a dozen roundings on numbers of this size is good to
    1e-5, far below the step of the coarser type.
    """
    return torch.finfo(half).eps / 2 * exact.abs() + 1e-4


def assert_rounded(found, exact, half, times=1):
    """So many roundings to the coarser type, one after the other."""
    error = (found.double() - exact).abs()
    most = times * allowed(exact, half)
    assert (error <= most).all(), (error - most).max()


@each_layer
@pytest.mark.parametrize("half", HALF)
@pytest.mark.parametrize("kept_in", ["float32", "half"])
@pytest.mark.parametrize("training", MODES)
def test_half_precision_is_computed_in_float32(make, half, kept_in, training):
    layer = learned(make(6)).to(half).train(training)
    exact = copy.deepcopy(layer).double()
    layer = layer.float() if kept_in == "float32" else layer
    x = draw(8, 6, 4, 4).to(half)
    found, expected = layer(x), exact(x.double())
    assert found.dtype == half
    assert_rounded(found, expected, half)
    for name, value in running(layer).items():
        # A ghost with a rest writes its memory twice.
        assert_rounded(value, dict(exact.named_buffers())[name], half, times=2)


@each_layer
@pytest.mark.parametrize("half", HALF)
@pytest.mark.parametrize("training", MODES)
def test_autocast_changes_nothing(make, half, training):
    """Large inputs too: in half precision their squares are infinite."""
    layer = learned(make(6)).train(training)
    twin = copy.deepcopy(layer)
    x = (300 * torch.randn(64, 6, 4, 4)).requires_grad_()
    with torch.autocast("cpu", half):
        found = layer(x)
    expected = twin(x)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)
    assert_close(buffers(layer), buffers(twin), rtol=0, atol=0)
    assert all(value.isfinite().all() for value in running(layer).values())


@each_function
@pytest.mark.parametrize("half", HALF)
@pytest.mark.parametrize("parameters", [torch.float32, None])
def test_functions_give_back_the_input_s_dtype(name, half, parameters):
    x, w, b = draw(8, 6, 4, 4).to(half), *draw(2, 6).to(half)
    exact = FUNCTIONS[name](x.double(), w.double(), b.double())
    kept = [p.to(parameters or half).requires_grad_() for p in (w, b)]
    leaf = x.clone().requires_grad_()
    with torch.autocast("cpu", half):
        found = FUNCTIONS[name](leaf, *kept)
    assert found.dtype == half
    assert_rounded(found.detach(), exact, half)
    found.sum().backward()
    assert leaf.grad.dtype == half
    used = [p for p in kept if p.grad is not None]  # not all have a beta
    assert used and [p.grad.dtype for p in used] == [p.dtype for p in used]


# The memory format of the input


FORMATS = {
    "channels last": ((8, 6, 4, 5), torch.channels_last),
    "channels last 3d": ((8, 6, 2, 4, 5), torch.channels_last_3d),
    "contiguous": ((8, 6, 4, 5), torch.contiguous_format),
}


@each_layer
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("training", MODES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_memory_format_is_kept(make, name, training, dtype):
    shape, memory_format = FORMATS[name]
    x = torch.randn(shape).to(dtype).contiguous(memory_format=memory_format)
    layer = learned(make(6)).train(training)
    plain = copy.deepcopy(layer)(x.contiguous())
    y = layer(x)
    assert y.stride() == x.stride()
    # Sums over another order of the same numbers may round otherwise.
    assert_close(y, plain)


@each_layer
def test_memory_format_changes_no_value(make):
    layer = learned(make(6)).double()
    x = draw(8, 6, 4, 5)
    twin = copy.deepcopy(layer)
    last = x.contiguous(memory_format=torch.channels_last)
    assert_close(twin(last), layer(x), rtol=0, atol=1e-12)


# Nothing in, nothing learned


EMPTY = [(0, 6, 4), (0, 6, 4, 4), (8, 6, 0), (8, 6, 0, 4), (12, 6, 3, 0)]


@each_layer
@pytest.mark.parametrize("shape", EMPTY)
@pytest.mark.parametrize("training", MODES)
def test_empty_input_gives_an_empty_output_and_moves_nothing(make, shape, training):
    layer = make(6).train(training)
    x = torch.randn(shape, requires_grad=True)
    before = running(layer)
    y = layer(x)
    assert y.shape == shape
    assert_close(running(layer), before, rtol=0, atol=0)
    y.sum().backward()
    assert x.grad.shape == shape
    assert all(not p.grad.any() for p in layer.parameters() if p.grad is not None)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda x: group_norm(x, 3), lambda x: F.group_norm(x, 3)),
        (instance_norm, F.instance_norm),
        (lambda x: layer_norm(x, (4,)), lambda x: F.layer_norm(x, (4,))),
    ],
)
def test_empty_batch_equals_torch(ours, theirs):
    x = torch.randn(0, 3, 4)
    assert_close(ours(x), theirs(x))


def test_ghosts_count_empty_batches_as_batch_norm_does():
    ghost, plain = GhostBatchNorm(3, 2), BatchNorm(3)
    for part in torch.randn(8, 3, 0, 4).split(2):
        plain(part)
    ghost(torch.randn(8, 3, 0, 4))
    assert ghost.num_batches_tracked == plain.num_batches_tracked == 4


# Everything is checked before anything moves


X = torch.randn(4, 3, 5)
REFUSED = {
    "batch_norm, gamma of another width": lambda m, v: batch_norm(
        X, m, v, torch.ones(4), training=True
    ),
    "batch_norm, beta of another width": lambda m, v: batch_norm(
        X, m, v, None, torch.ones(2), training=True
    ),
    "batch_norm, beta in float64": lambda m, v: batch_norm(
        X, m, v, None, torch.ones(3).double(), training=True
    ),
    "batch_norm, a variance of another width": lambda m, v: batch_norm(
        X, m, torch.ones(4), training=True
    ),
    "batch_norm, a variance with two axes": lambda m, v: batch_norm(
        X, m, torch.ones(1, 3), training=True
    ),
    "batch_norm, a variance in half precision": lambda m, v: batch_norm(
        X, m, torch.ones(3).half(), training=True
    ),
    "batch_norm, the mean alone": lambda m, v: batch_norm(X, m, None, training=True),
    "batch_norm, one value": lambda m, v: batch_norm(X[:1, :, :1], m, v, training=True),
    "batch_norm, eps 0": lambda m, v: batch_norm(X, m, v, training=True, eps=0.0),
    "batch_norm, no momentum": lambda m, v: batch_norm(
        X, m, v, training=True, momentum=None
    ),
    "instance_norm, the mean alone": lambda m, v: instance_norm(X, m),
    "instance_norm, the variance alone": lambda m, v: instance_norm(X, None, v),
    "instance_norm, gamma of another width": lambda m, v: instance_norm(
        X, m, v, torch.ones(4)
    ),
    "instance_norm, beta with three axes": lambda m, v: instance_norm(
        X, m, v, None, torch.ones(1, 3, 1)
    ),
    "instance_norm, a variance of another width": lambda m, v: instance_norm(
        X, m, torch.ones(4)
    ),
    "instance_norm, one value": lambda m, v: instance_norm(X[..., :1], m, v),
    "instance_norm, eps below 0": lambda m, v: instance_norm(X, m, v, eps=-1.0),
    "instance_norm, no momentum": lambda m, v: instance_norm(X, m, v, momentum=None),
    "instance_norm, integers": lambda m, v: instance_norm(X.long(), m, v),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_moves_nothing(name):
    mean, var = torch.zeros(3), torch.ones(3)
    with pytest.raises((RuntimeError, ValueError, TypeError, NotImplementedError)):
        REFUSED[name](mean, var)
    assert torch.equal(mean, torch.zeros(3)) and torch.equal(var, torch.ones(3))


@pytest.mark.parametrize("shape", [(8, 3), (9, 3, 2), (9, 3, 1, 1, 1, 1)])
def test_a_ghost_that_is_refused_moves_nothing(shape):
    """Also where only the rest, or only the last check, would say no."""
    layer = GhostBatchNorm(4, 2)
    before = buffers(layer)
    with pytest.raises((RuntimeError, ValueError)):
        layer(torch.randn(shape))
    assert_close(buffers(layer), before, rtol=0, atol=0)


def test_gamma_of_another_shape_serves_as_in_torch():
    """PyTorch counts its elements."""
    x, gamma = torch.randn(4, 3, 5, 5), torch.randn(1, 3, 1, 1)
    sides = []
    for function in (batch_norm, F.batch_norm):
        running_mean, running_var = torch.zeros(3), torch.ones(3)
        y = function(x, running_mean, running_var, gamma, gamma, training=True)
        sides.append((y, running_mean, running_var))
    assert_close(*sides)


SAME_ERROR = {
    "one value a group": lambda f: f.group_norm(torch.randn(1, 3), 3),
    "one value a group of maps": lambda f: f.group_norm(torch.randn(1, 6, 1, 1), 6),
    "several examples, one value a group": lambda f: f.group_norm(torch.randn(2, 3), 3),
    "group, gamma with two axes": lambda f: f.group_norm(X, 3, torch.ones(1, 3)),
    "group, gamma in float64": lambda f: f.group_norm(X, 3, torch.ones(3).double()),
    "group, gamma and beta unlike": lambda f: f.group_norm(
        X.half(), 3, torch.ones(3).half(), torch.ones(3)
    ),
    "group, complex": lambda f: f.group_norm(X.to(torch.complex64), 3),
    "layer, gamma with two axes": lambda f: f.layer_norm(X, (5,), torch.ones(1, 5)),
    "layer, gamma in float32": lambda f: f.layer_norm(X.double(), (5,), torch.ones(5)),
    "layer, one value": lambda f: f.layer_norm(torch.randn(3, 1), (1,)),
    "instance, mean alone": lambda f: f.instance_norm(X, torch.zeros(3)),
    "instance, variance alone": lambda f: f.instance_norm(X, None, torch.ones(3)),
    "instance, no statistics": lambda f: f.instance_norm(X, use_input_stats=False),
    "instance, gamma in float32": lambda f: f.instance_norm(
        X.double(), weight=torch.ones(3)
    ),
}


class Ours:
    group_norm = staticmethod(group_norm)
    layer_norm = staticmethod(layer_norm)
    instance_norm = staticmethod(instance_norm)


@pytest.mark.parametrize("name", SAME_ERROR)
def test_what_torch_refuses_is_refused_alike(name):
    assert error_of(lambda: SAME_ERROR[name](Ours)) is error_of(
        lambda: SAME_ERROR[name](F)
    )


@pytest.mark.parametrize("call", [FUNCTIONS["group_norm"], FUNCTIONS["layer_norm"]])
def test_a_negative_eps_is_refused(call):
    """PyTorch takes it, and gives NaN."""
    with pytest.raises(ValueError, match="eps must not be negative, but got -1"):
        group_norm(X, 3, eps=-1.0)
    with pytest.raises(ValueError, match="eps must not be negative, but got -1"):
        layer_norm(X, (5,), eps=-1.0)


# All of PyTorch's options


TWINS = {
    "batch 1d": (BatchNorm, nn.BatchNorm1d, (8, 6)),
    "batch 2d": (BatchNorm, nn.BatchNorm2d, (8, 6, 4, 4)),
    "batch 3d": (BatchNorm, nn.BatchNorm3d, (8, 6, 2, 4, 4)),
    "group": (GroupNorm, nn.GroupNorm, (8, 6, 4, 4)),
    "layer": (LayerNorm, nn.LayerNorm, (8, 6)),
    "instance 1d": (InstanceNorm, nn.InstanceNorm1d, (8, 6, 4)),
    "instance 2d": (InstanceNorm, nn.InstanceNorm2d, (8, 6, 4, 4)),
    "instance 3d": (InstanceNorm, nn.InstanceNorm3d, (8, 6, 2, 4, 4)),
}
# The names that PyTorch has for the number of features.
FIRST = {"num_channels", "normalized_shape"}


def options(layer):
    return dict(list(inspect.signature(layer.__init__).parameters.items())[1:])


@pytest.mark.parametrize("name", TWINS)
def test_every_option_of_torchs_layer_is_there(name):
    """A new option of a new PyTorch is noticed here."""
    ours, theirs, _ = TWINS[name]
    mine = options(ours)
    assert set(options(theirs)) - FIRST <= set(mine)
    assert next(iter(mine)) == "num_features"
    for option, parameter in options(theirs).items():
        own_default = option in FIRST | {"num_groups"} or (option, ours) == (
            "affine",
            InstanceNorm,  # one would not put it in batch normalization's place
        )
        if not own_default:
            assert mine[option].default == parameter.default
            assert mine[option].kind == parameter.kind


SWITCHES = [
    {},
    {"bias": False},
    {"affine": False},
    {"dtype": torch.float64, "bias": False},
    {"device": "meta"},
    {"track_running_stats": True},
    {"track_running_stats": True, "momentum": None, "bias": False},
]


def torch_arguments(theirs):
    return {nn.GroupNorm: (2, 6)}.get(theirs, (6,))


def given_to(theirs, switches):
    """The switches under the names of that layer; None if it lacks one."""
    names = {"affine": "elementwise_affine"} if theirs is nn.LayerNorm else {}
    named = {names.get(k, k): v for k, v in switches.items()}
    if set(named) - set(options(theirs)):
        return None
    affine = {"affine": True} if "InstanceNorm" in theirs.__name__ else {}
    return affine | named


PAIRS = [
    pytest.param(name, given, id=f"{name} {given}")
    for name, (_, theirs, _) in TWINS.items()
    for given in (given_to(theirs, switches) for switches in SWITCHES)
    if given is not None
]


@pytest.mark.parametrize(("name", "given"), PAIRS)
def test_each_option_does_what_torchs_does(name, given):
    ours, theirs, shape = TWINS[name]
    mine, torchs = ours(6, **given), theirs(*torch_arguments(theirs), **given)
    state = torchs.state_dict()
    assert list(mine.state_dict()) == list(state)
    for key, value in mine.state_dict().items():
        assert (value.dtype, value.device) == (state[key].dtype, state[key].device)
    if given.get("device") == "meta":
        return
    for p in torchs.parameters():
        nn.init.normal_(p)
    mine.load_state_dict(torchs.state_dict())
    for training in (True, False):
        x = torch.randn(shape).to(given.get("dtype"))
        found = [layer.train(training).double()(x.double()) for layer in (mine, torchs)]
        assert_close(*found, rtol=0, atol=1e-10)
        assert_close(running(mine), running(torchs), rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", TWINS)
def test_reset_parameters_returns_to_the_start(name):
    ours, _, shape = TWINS[name]
    layer = learned(ours(6))
    layer(torch.randn(shape))
    layer.reset_parameters()
    assert_close(dict(layer.state_dict()), dict(ours(6).state_dict()))


@pytest.mark.parametrize("name", TWINS)
def test_gamma_alone_can_be_learned(name):
    ours, _, shape = TWINS[name]
    layer = ours(6, bias=False)
    assert layer.gamma is layer.weight and layer.beta is layer.bias is None
    layer(torch.randn(shape)).square().sum().backward()
    assert set(dict(layer.named_parameters())) == {"weight"}
    assert "bias=False" in repr(layer)


@each_layer
def test_layers_are_compiled_as_one_graph(make):
    layer = learned(make(6))
    twin = copy.deepcopy(layer)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    x = torch.randn(12, 6, 4, 4)
    assert_close(compiled(x), twin(x))
    assert_close(running(layer), running(twin))
