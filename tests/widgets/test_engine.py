"""The playground's engine: PyTorch's numbers, and training as one expects it."""

import itertools
import math

import numpy as np
import pytest
import torch

from normlab.layers import BatchNorm
from normlab.models import mlp
from normlab.playground.normalizers import NORMALIZERS

from .node import pack, run, unpack
from .reference import (
    ACTIVATIONS,
    build,
    case,
    differences,
    disagreements,
    given,
    state,
)

SMALL = {"inputs": 20, "classes": 10, "width": 9}


def network(normalizer="none", placement="before", activation="tanh", depth=5, **more):
    kinds = {"normalizer": normalizer, "placement": placement, "activation": activation}
    # Deep networks have large gradients: small steps, or three of them are chaos.
    return SMALL | kinds | {"depth": depth, "learningRate": 0.1 / depth**3} | more


def title(config, batch_size, seen=0):
    """``batch-before-tanh-15-n2`` and what is not as usual."""
    kinds = (config[k] for k in ("normalizer", "placement", "activation", "depth"))
    usual = network(depth=config["depth"])
    more = (f"{k}={config[k]}" for k in config if config[k] != usual.get(k))
    more = [m for m in more if m.split("=")[0] not in KINDS]
    more += [f"seen={seen}"] * bool(seen)
    return "-".join(map(str, (*kinds, f"n{batch_size}", *more)))


KINDS = ("normalizer", "placement", "activation", "depth")
FIRST = ("none", "batch", "layer")
PLACES = [  # a normalizer, and where it may stand
    (name, placement)
    for name, kind in NORMALIZERS.items()
    for placement in (("before", "after") if kind.norm else ("before",))
]
COMBINATIONS = [
    (network(normalizer, placement, activation, depth), batch_size)
    for normalizer, placement in PLACES
    for activation in ACTIVATIONS
    for depth in (1, 2, 5, 15)
    for batch_size in (2, 7, 64)
    # alone in its layer a normalizer is no other than with one more
    if (normalizer in FIRST or (depth in (2, 5) and batch_size != 2))
    # the deepest cost most, and many layers do with a batch what five do
    and (depth < 15 or batch_size == 7)
]
PLAYGROUND = {"inputs": 196, "width": 64}
SPECIAL = [
    # the size of the playground, and its deepest network
    (network("batch", depth=15, **PLAYGROUND), 64),
    (network("layer", depth=20, **PLAYGROUND), 64),
    # all edges of the blocks in a product
    *(
        (network("batch", depth=3, inputs=n, width=n, classes=n), n)
        for n in range(4, 9)
    ),
    *((network("layer", depth=3), n) for n in range(1, 5)),
    (network("none", depth=3), 1),
    (network("batch", depth=1), 1),
    (network("batch", depth=3, momentum=0.3, eps=1e-3), 16),
    # parts of four, the last one larger or not
    *((network("ghost", depth=3, eps=1e-3), n) for n in (3, 4, 5, 8, 10)),
    # while the limits are shut, half open and open
    *(
        (network("renorm", placement, depth=depth, momentum=0.3, eps=1e-3), 16, seen)
        for placement, depth in (("before", 3), ("after", 5))
        for seen in (9, 10, 11, 30, 50, 79, 300)
    ),
    *((network("rms", depth=3, eps=1e-3), n) for n in (1, 4)),
    *((network("scaled", depth=3, eps=1e-3), n) for n in (1, 4)),
]
CASES = {title(*setting): setting for setting in COMBINATIONS + SPECIAL}


# The same numbers as PyTorch: loss, accuracy, gradients, updated weights, running
# statistics, evaluation in both modes, three steps in a row


@pytest.fixture(scope="module")
def parity():
    """Name of the case -> steps of the engine, steps of PyTorch, bounds."""
    made = {name: case(*setting) for name, setting in CASES.items()}
    results = run("playground/engine", [("parity", job) for job, *_ in made.values()])
    return {
        name: ([given(step) for step in result], *expected)
        for (name, (_, *expected)), result in zip(made.items(), results, strict=True)
    }


@pytest.mark.parametrize("name", CASES)
def test_network_equals_pytorch(parity, name):
    assert disagreements(*parity[name]) == {}


def test_every_gradient_and_statistic_was_compared(parity):
    name = title(network("batch", depth=15), 7)
    for step in parity[name][1]:
        names = set(differences(step, step))
        assert len([n for n in names if n.startswith("gradient")]) == 15 * 2 + 14 * 2
        assert len([n for n in names if "running_" in n]) == 14 * 2


@pytest.mark.parametrize(("normalizer", "placement"), PLACES)
def test_parameters_are_named_as_in_the_state_dict(normalizer, placement):
    config = network(normalizer, placement, depth=4)
    (entries,) = run("playground/engine", [("entries", {"config": config})])
    theirs = [[name, list(value.shape)] for name, value in state(build(config)).items()]
    assert entries == theirs


def test_parameters_are_named_as_in_the_book_s_network():
    config = network("batch", activation="relu", depth=4)
    (entries,) = run("playground/engine", [("entries", {"config": config})])
    model = mlp(4, config["width"], BatchNorm, inputs=config["inputs"])
    assert [name for name, _ in entries] == list(state(model))


# The comparison has teeth


@pytest.mark.parametrize("kind", ["gradient", "value", "eval logits"])
def test_an_error_of_a_thousandth_is_seen(parity, kind):
    ours, theirs, bounds = parity[title(network("batch", depth=5), 64)]
    for name in (n for n in theirs[1] if n.startswith(kind)):
        if name.endswith(("1.bias", "4.bias", "7.bias", "10.bias")):
            continue  # 0 before batch normalization: a thousandth of it is nothing
        wrong = dict(ours[1])
        wrong[name] = wrong[name].copy()
        wrong[name][np.abs(theirs[1][name]).argmax()] *= 1.001
        found = disagreements([ours[0], wrong], theirs[:2], bounds[:2])
        assert list(found) == [f"step 1: {name}"]


# Normalizer -> what is wrong with it -> (right, wrong)
MISTAKES = {
    "batch": {
        "no mean in the gradient of a normalizer": ("sumD[g] / sizes[g] +", "0 +"),
        "no projection on xhat": ("hat[i] * (sumDHat[g] / sizes[g])", "0"),
        "gamma left out of the gradient": ("gamma[feature[i]] * dOut[i]", "dOut[i]"),
        "gradient of gamma without xhat": (
            "dOut[i] * hat[i];\n      bias",
            "dOut[i];\n bias",
        ),
        "unbiased variance normalizes": (
            "** 2 / sizes[group[i]]",
            "** 2 / (sizes[group[i]] - 1)",
        ),
        "biased running variance": ("n / (n - 1)", "1"),
        "momentum the wrong way round": ("this.momentum *", "(1 - this.momentum) *"),
        "eps outside the root": (
            "Math.sqrt(variance[g] + this.eps)",
            "(Math.sqrt(variance[g]) + this.eps)",
        ),
        "batch statistics in evaluation": ("if (training) {", "if (true) {"),
        "whoever looks in training mode moves the statistics": (
            "super.statistics(x, n);\n    } else",
            "super.statistics(x, n);\n this.updateRunning();\n    } else",
        ),
        "slope of tanh": ("1 - y * y", "1 - y"),
        "sum of the batch, not mean": ("? 1 : 0)) / n", "? 1 : 0))"),
        "bias never added": ("out[i + j] += bias[j]", ";"),
        "gradient uphill": ("value[i] -= learningRate", "value[i] += learningRate"),
        "a block that forgets the edge": ("Math.min(left, columns - 4)", "left"),
    },
    "layer": {"a row and its neighbour": ("return 1;", "return 2;")},
    "ghost": {
        "one part": ("training ? GHOST : n", "n"),
        "parts in evaluation too": ("training ? GHOST : n", "GHOST"),
        "a rest that is a part": ("Math.floor(n / part)", "Math.ceil(n / part)"),
        "the first part alone is remembered": (
            "first < this.parts * outputs",
            "first < outputs",
        ),
    },
    "renorm": {
        "r left out of the gradient": ("= r[feature[i]] * dOut[i]", "= dOut[i]"),
        "d left out of the gradient of gamma": ("+ d[f] * sum", ""),
        "gradient of beta times r": ("biasSum[f] / r[f]", "biasSum[f]"),
        "limits that stay shut": ("limits(this.seen)", "limits(0)"),
        "limits that open one step later": (
            "limits(this.seen)",
            "limits(this.seen - 1)",
        ),
        "r without its limits": (
            "Math.min(Math.max(ratio, 1 / most.r), most.r)",
            "ratio",
        ),
        "d without its limits": ("Math.min(Math.max(shift, -most.d), most.d)", "shift"),
        "a variance remembered": (
            "this.runningSpread.value, this.std",
            "this.runningSpread.value, this.variance",
        ),
        "r and d in evaluation": (
            "training ? limits(this.seen) :",
            "true ? limits(50) :",
        ),
    },
    "rms": {
        "a mean in the gradient": ("this.sumD.fill(0);", ""),
        "a sum of squares": ("x[i] ** 2 / sizes[group[i]]", "x[i] ** 2"),
    },
    "scaled": {
        "no mean in the gradient": ("- sumD / inputs)", ")"),
        "no projection": ("hat[i] * along", "0"),
        "gain left out of the gradient": ("const d = gain *", "const d ="),
        "nothing makes up for the activation": ("isFirst ? 1 :", "true ? 1 :"),
        "images as if behind an activation": ("isFirst ? 1 :", ""),
        "eps inside a root": ("std[unit] + eps", "Math.sqrt(std[unit] ** 2 + eps)"),
        "fan-in left out": ("/ Math.sqrt(inputs)", ""),
    },
}
EXAMPLES = {"batch": 7, "layer": 7, "ghost": 10, "renorm": 16, "rms": 7, "scaled": 7}
PLANTED = [(name, mistake) for name, found in MISTAKES.items() for mistake in found]


@pytest.fixture(scope="module")
def examples():
    """Normalizer -> a case; early in a schedule, when all its limits are met."""
    return {
        name: case(network(name, depth=3, eps=1e-3), size, 14 * (name == "renorm"))
        for name, size in EXAMPLES.items()
    }


@pytest.mark.parametrize("name", EXAMPLES)
def test_without_a_mistake_nothing_is_found(examples, name):
    job, answer, bounds = examples[name]
    (result,) = run("playground/engine", [("parity", job)])
    assert disagreements([given(step) for step in result], answer, bounds) == {}


@pytest.mark.parametrize(("name", "mistake"), PLANTED)
def test_a_planted_mistake_is_caught(examples, name, mistake):
    job, answer, bounds = examples[name]
    (result,) = run("playground/engine", [("parity", job)], MISTAKES[name][mistake])
    ours = [given(nan_for_null(step)) for step in result]
    assert disagreements(ours, answer, bounds)


def test_every_normalizer_has_its_mistakes():
    assert MISTAKES.keys() == NORMALIZERS.keys() - {"none"}


def test_page_and_pytorch_have_the_same_normalizers():
    (found,) = run("playground/normalizers", [("constants", {})])
    assert list(found["NORMALIZERS"]) == list(NORMALIZERS)


@pytest.mark.parametrize("name", NORMALIZERS)
def test_page_and_pytorch_agree_on_what_is_remembered(name):
    (entries,) = run("playground/engine", [("entries", {"config": network(name)})])
    assert (
        any("running_" in entry for entry, _ in entries) == NORMALIZERS[name].remembers
    )


def nan_for_null(step):
    """JSON has no NaN."""
    return {k: math.nan if v is None else v for k, v in step.items()}


# Training


def toy(examples=320, inputs=20, noise=0.2):
    """Ten clouds of points that a plane can tell from each other."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(10, inputs, generator=generator)
    labels = torch.arange(examples) % 10
    images = centres[labels]
    images += noise * torch.randn(images.shape, generator=generator)
    return {"images": pack(images), "labels": pack(labels.to(torch.uint8))}


def training(steps=200, batch_size=32, order="shuffled", fill=None, **config):
    settings = SMALL | {"width": 16, "seed": 1} | config
    batches = {"steps": steps, "batchSize": batch_size, "order": order}
    return toy() | batches | {"config": settings, "fill": fill or {}}


TINY = {
    "depth": 15,
    "width": 32,
    "weightStd": 0.05,
    "activation": "tanh",
    "learningRate": 0.03,
}
TRAININGS = {
    **{
        f"{normalizer}-{placement}-{activation}": training(
            normalizer=normalizer,
            placement=placement,
            activation=activation,
            depth=3,
            learningRate=0.5,
        )
        for normalizer, placement in PLACES
        for activation in ACTIVATIONS
    },
    "tiny": training(normalizer="none", **TINY),
    "tiny, batch": training(normalizer="batch", **TINY),
    "exploding": training(20, learningRate=1e30),
    "again": training(30, normalizer="batch", depth=4),
    "and again": training(30, normalizer="batch", depth=4),
    "other seed": training(30, normalizer="batch", depth=4, seed=2),
    "without": training(30, normalizer="none", depth=4),
    "scaled": training(1, depth=2, width=400, initScale=3),
    "absolute": training(1, depth=2, width=400, weightStd=0.7),
    "batch, described": training(5, 24, normalizer="batch", depth=4),
    "layer, described": training(
        5, 24, normalizer="layer", placement="after", activation="relu", depth=4
    ),
    "rms, described": training(5, 24, normalizer="rms", depth=4),
    "scaled, described": training(5, 24, normalizer="scaled", depth=4),
    "dead": training(
        1, activation="relu", depth=3, fill={"1.bias": -1e3, "3.bias": 1e3}
    ),
    "no step": training(0, depth=3),
}


@pytest.fixture(scope="module")
def trained():
    """Name -> what came of it; all in one process."""
    results = run("playground/engine", [("train", job) for job in TRAININGS.values()])
    return dict(zip(TRAININGS, results, strict=True))


def losses(result):
    return [report["loss"] for report in result["reports"]]


@pytest.mark.parametrize("name", [n for n in TRAININGS if n.count("-") == 2])
def test_training_learns_separable_data(trained, name):
    first, last = losses(trained[name])[0], np.mean(losses(trained[name])[-10:])
    assert last < 0.3 * first
    assert trained[name]["evaluation"]["accuracy"] > 0.95


def test_fifteen_layers_of_tiny_weights_stand_still(trained):
    assert np.abs(np.array(losses(trained["tiny"])) - math.log(10)).max() < 0.02
    assert trained["tiny"]["evaluation"]["accuracy"] < 0.2


def test_batch_norm_moves_them(trained):
    assert np.mean(losses(trained["tiny, batch"])[-10:]) < 0.5
    assert trained["tiny, batch"]["evaluation"]["accuracy"] > 0.9


def test_same_seed_gives_the_same_numbers(trained):
    for key in ("reports", "first", "values", "layers", "evaluation"):
        assert trained["again"][key] == trained["and again"][key]
    assert trained["again"]["first"] != trained["other seed"]["first"]
    assert losses(trained["again"]) != losses(trained["other seed"])


def test_a_normalizer_draws_no_random_number(trained):
    def weights(result):
        entries = result["first"].items()
        return [v for k, v in entries if len(unpack(v)) > 16]

    assert weights(trained["again"]) == weights(trained["without"])
    assert len(weights(trained["again"])) == 4


def test_steps_make_no_array(trained):
    assert all(result["grown"] <= 0 for result in trained.values())


def test_loss_that_is_not_finite_is_reported(trained):
    reports = trained["exploding"]["reports"]
    assert reports[0]["finite"]
    assert not reports[-1]["finite"]
    assert all("error" not in report for report in reports)
    assert not trained["exploding"]["evaluation"]["finite"]
    assert all(layer["notFinite"] for layer in trained["exploding"]["layers"])


# The start


@pytest.mark.parametrize(
    ("name", "entry", "std"),
    [
        ("scaled", "1.weight", 3 / math.sqrt(20)),
        ("scaled", "3.weight", 3 / math.sqrt(400)),
        ("absolute", "1.weight", 0.7),
        ("absolute", "3.weight", 0.7),
    ],
)
def test_weights_have_the_spread_asked_for(trained, name, entry, std):
    weights = unpack(trained[name]["first"][entry])
    assert abs(weights.mean()) < 4 * std / math.sqrt(len(weights))
    assert weights.std() == pytest.approx(std, rel=4 / math.sqrt(2 * len(weights)))


def test_the_rest_starts_as_in_pytorch(trained):
    for name, value in trained["again"]["first"].items():
        if name.endswith(("bias", "running_mean")):
            assert not unpack(value).any()
        elif len(unpack(value)) == 16:  # gamma, running variance
            assert (unpack(value) == 1).all()


def sfc32(seed):
    """Doty-Humphrey's generator, from its definition; numbers in [0, 1)."""
    a, b, c, counter = 0, seed % 2**32, 0, 1
    for i in itertools.count():
        result = (a + b + counter) % 2**32
        counter += 1
        a = b ^ (b >> 9)
        b = (c + (c << 3)) % 2**32
        c = (((c << 21) | (c >> 11)) + result) % 2**32
        if i >= 12:
            yield result / 2**32


@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**32 - 1])
def test_random_numbers_are_sfc32(seed):
    (ours,) = run("random", [("uniform", {"seed": seed, "count": 1000})])
    assert ours == list(itertools.islice(sfc32(seed), 1000))


def test_weights_are_box_and_muller_s(trained):
    uniform = sfc32(1)
    pairs = ((next(uniform), next(uniform)) for _ in range(20))
    gaussian = [
        math.sqrt(-2 * math.log(1 - u)) * math.cos(2 * math.pi * v) for u, v in pairs
    ]
    weights = unpack(trained["again"]["first"]["1.weight"])[:20]
    assert weights == pytest.approx(np.array(gaussian) / math.sqrt(20), rel=1e-5)


# What happens inside


@pytest.fixture(scope="module")
def constants():
    return run("playground/engine", [("constants", {})])[0]


def histogram(values, edges):
    """Counts in the bins; what lies beyond goes into the outer ones."""
    edges = np.array(edges)
    inside = np.clip(values, edges[0], np.nextafter(edges[-1], -np.inf))
    return np.histogram(inside, edges)[0].tolist()


def met(result, k, config, n):
    """What layer k of the last step met: inputs, outputs, gradients, (n, width)."""
    parts = 2 if config["normalizer"] == "none" else 3
    before = config["normalizer"] != "none" and config["placement"] == "before"
    act = parts * k + (2 if before else 1)
    arrays = result["outs"][act - 1], result["outs"][act], result["gradients"][act]
    width = config["width"]
    return [unpack(a)[: n * width].reshape(n, width).astype(float) for a in arrays]


@pytest.mark.parametrize("name", ["batch, described", "layer, described"])
@pytest.mark.parametrize("k", range(3))
def test_description_counts_what_the_layer_met(trained, constants, name, k):
    config = {"placement": "before", "activation": "relu"} | TRAININGS[name]["config"]
    layer = trained[name]["layers"][k]
    inputs, outputs, gradients = met(trained[name], k, config, 24)
    sizes = np.abs(gradients[gradients != 0])
    assert layer["inputs"] == histogram(inputs, constants["INPUT_EDGES"])
    assert layer["gradients"] == histogram(np.log10(sizes), constants["GRADIENT_EDGES"])
    assert layer["zeroGradients"] == (gradients == 0).sum()
    assert layer["notFinite"] == 0
    assert layer["saturated"] == pytest.approx((outputs == 0).mean())
    assert layer["dead"] == pytest.approx((outputs == 0).all(0).mean())
    values = trained[name]["values"]
    norm = 3 * k + (2 if config["placement"] == "before" else 3)
    for key, entry in (("gamma", "weight"), ("beta", "bias")):
        numbers = unpack(values[f"{norm}.{entry}"])
        assert layer[key] == [float(numbers.min()), float(numbers.max())]


@pytest.mark.parametrize(
    ("activation", "far"), [("sigmoid", 5.99), ("tanh", 2.99), ("relu", 0.0)]
)
def test_saturated_is_where_the_slope_is_a_hundredth(constants, activation, far):
    near = far - 0.02 if far else 1e-3
    beyond = far + 0.02 if far else -1e-3
    for value, share in ((near, 0.0), (beyond, 1.0)):
        config = {"activation": activation, "depth": 2, "weightStd": 0}
        job = training(1, fill={"1.bias": value}, **config)
        (result,) = run("playground/engine", [("train", job)])
        assert result["layers"][0]["saturated"] == share
        assert result["layers"][0]["dead"] == share


def test_dead_units_and_far_values(trained):
    first, second = trained["dead"]["layers"]
    assert (first["saturated"], first["dead"]) == (1, 1)
    assert first["inputs"][0] == first["zeroGradients"] == 32 * 16
    assert (second["saturated"], second["dead"]) == (0, 0)
    assert second["inputs"][-1] == 32 * 16
    assert first["gamma"] is None


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("rms, described", ["2.weight", "5.weight", "8.weight"]),
        ("scaled, described", ["1.gain", "3.gain", "5.gain"]),
    ],
)
def test_what_has_no_beta_shows_what_stretches(trained, name, entries):
    for layer, entry in zip(trained[name]["layers"], entries, strict=True):
        numbers = unpack(trained[name]["values"][entry])
        assert layer["gamma"] == [float(numbers.min()), float(numbers.max())]
        assert layer["beta"] is None


def test_before_the_first_step_there_is_nothing_to_describe(trained):
    for layer in trained["no step"]["layers"]:
        assert sum(layer["inputs"]) == sum(layer["gradients"]) == 0
        assert layer["saturated"] == layer["dead"] == 0


@pytest.mark.parametrize("name", ["batch, described", "layer, described"])
def test_evaluation_leaves_the_description(trained, name):
    assert trained[name]["layersAfterEvaluation"] == trained[name]["layers"]


def test_edges_are_fixed(constants):
    assert constants["INPUT_EDGES"] == np.linspace(-8, 8, 65).tolist()
    assert constants["GRADIENT_EDGES"] == np.linspace(-14, 2, 65).tolist()


# Batches


def samples(order, size=8, count=5, seed=0):
    labels = [i % 4 for i in range(20)]
    job = {"labels": labels, "order": order, "seed": seed, "size": size, "count": count}
    (result,) = run("playground/engine", [("samples", job)])
    return result["batches"], result["epoch"]


def test_an_epoch_has_every_image_once():
    batches, epoch = samples("shuffled")
    drawn = list(itertools.chain(*batches))
    assert epoch == 2
    for part in (drawn[:20], drawn[20:]):
        assert sorted(part) == list(range(20))
        assert part != list(range(20))
    assert drawn[:20] != drawn[20:]


def test_sorted_batches_come_class_by_class():
    batches, epoch = samples("sorted")
    drawn = list(itertools.chain(*batches))
    assert epoch == 2
    for part in (drawn[:20], drawn[20:]):
        assert sorted(part) == list(range(20))
        assert [i % 4 for i in part] == sorted(i % 4 for i in range(20))
    assert drawn[:20] != drawn[20:]


def test_a_batch_may_be_larger_than_an_epoch():
    (batch,), epoch = samples("shuffled", size=50, count=1)
    assert (len(batch), epoch) == (50, 3)


def test_sampler_s_seed_decides():
    assert samples("shuffled", seed=1) == samples("shuffled", seed=1)
    assert samples("shuffled", seed=1) != samples("shuffled", seed=2)


# What the engine refuses


@pytest.mark.parametrize(
    ("job", "error"),
    [
        ({"size": 1}, "BatchTooSmall"),
        ({"size": 1, "mode": "train"}, "BatchTooSmall"),
        ({"size": 0}, "RangeError"),
        ({"size": 17}, "RangeError"),
    ],
)
@pytest.mark.parametrize("normalizer", ["batch", "ghost", "renorm"])
def test_impossible_batch_is_refused_by_name(normalizer, job, error):
    config = network(normalizer, depth=3, maxBatch=16)
    (result,) = run("playground/engine", [("once", job | {"config": config})])
    assert result["error"] == error
    assert "batch" in result["message"]


@pytest.mark.parametrize(
    "job",
    [
        {"config": network("batch", depth=3), "size": 1, "mode": "eval"},
        {"config": network("layer", depth=3), "size": 1},
        {"config": network("ghost", depth=3), "size": 1, "mode": "eval"},
        {"config": network("rms", depth=3), "size": 1},
        {"config": network("scaled", depth=3), "size": 1},
        {"config": network("batch", depth=1), "size": 1},
    ],
)
def test_one_image_is_enough_elsewhere(job):
    (result,) = run("playground/engine", [("once", job)])
    assert result["finite"]


@pytest.mark.parametrize(
    "setting",
    [
        {"depth": 0},
        {"depth": 2.5},
        {"width": 3},
        {"activation": "gelu"},
        {"normalizer": "group"},
        {"placement": "within"},
        {"learning_rate": 0.1},
    ],
)
def test_wrong_setting_is_refused_by_name(setting):
    (result,) = run("playground/engine", [("once", {"config": SMALL | setting})])
    assert result["error"] == "RangeError"
    (key,) = setting
    assert result["message"].startswith(key)
