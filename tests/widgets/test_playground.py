"""The playground: its worker is the engine, its numbers PyTorch's, its stories true."""

import html
import itertools
import json
import math
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest
import torch

from normlab.evaluation import preserved
from normlab.playground import STORIES, playground_images
from normlab.playground.networks import batches, held_out, networks, train
from normlab.playground.normalizers import NORMALIZERS
from normlab.playground.normalizers.kind import PerUnit
from normlab.playground.normalizers.scaled import GAMMAS, makes_up
from normlab.playground.stories import USUAL
from normlab.widgets import Playground
from normlab.widgets.base import module
from normlab.widgets.playground import CONTROLS
from normlab.widgets.playground.data import quantize

from . import playground
from .node import call, pack, run, unpack
from .reference import build, state

SEEDS = range(3)
EXACT = {"rtol": 0, "atol": 1e-10}  # float64
SMALL = USUAL | {"width": 16, "batch_size": 32, "seed": 3}
ENGINE_NAMES = {"initial_scale": "initScale", "learning_rate": "learningRate"}
REMEMBER = [name for name, kind in NORMALIZERS.items() if kind.remembers]
NOT_THE_NETWORKS = {"batch_size", "order", "evaluation"}


def linked():
    """The settings of every link in the chapter that sets the playground."""
    text = (Path(__file__).parents[2] / "notebooks" / "playground.md").read_text()
    for query in re.findall(r'href="#widget-playground\?([^"]*)"', text):
        pairs = parse_qs(html.unescape(query)).items()
        yield {name: json.loads(value) for name, (value,) in pairs}


@pytest.fixture(scope="module")
def images():
    """What the page unpacks: training and held-out images, 0 to 1, and labels."""
    train_x, train_y, test_x, test_y = playground_images()
    x, held = (quantize(part).flatten(1) / 15 for part in (train_x, test_x))
    return x, train_y, held, test_y


# The worker


def config_of(settings):
    """The same settings under the engine's names."""
    return {
        ENGINE_NAMES.get(name, name): value
        for name, value in settings.items()
        if name not in NOT_THE_NETWORKS
    }


@pytest.mark.parametrize("order", ["shuffled", "sorted"])
@pytest.mark.parametrize("normalizer", NORMALIZERS)
def test_worker_s_losses_are_the_engine_s(images, normalizer, order):
    settings = SMALL | {"normalizer": normalizer, "order": order}
    (ours,) = playground.train([(settings, 12)])
    job = {
        "config": config_of(settings),
        "images": pack(images[0]),
        "labels": pack(images[1].to(torch.uint8)),
        "steps": 12,
        "batchSize": settings["batch_size"],
        "order": order,
    }
    (engine,) = run("playground/engine", [("train", job)])
    assert ours.losses == [report["loss"] for report in engine["reports"]]
    assert ours.layers == engine["layers"]
    for name, value in ours.values.items():
        assert np.array_equal(value, unpack(engine["values"][name])), name


@pytest.fixture(scope="module")
def trained():
    """Normalizer -> a network whose running statistics still lag."""
    runs = [(SMALL | {"normalizer": name}, 15) for name in REMEMBER]
    return dict(zip(REMEMBER, playground.train(runs), strict=True))


@torch.no_grad()
def accuracy(normalizer, trained, x, y, size, training):
    """PyTorch's accuracy with the weights and statistics that the page has."""
    sizes = {"inputs": 196, "classes": 10, "normalizer": normalizer}
    model = build({**config_of(SMALL), **sizes}).double()
    for name, value in state(model).items():
        value.copy_(torch.tensor(trained.values[name]).view_as(value))
    set_steps(model, len(trained.losses))
    model.train(training)
    said = []
    for part in torch.tensor(x).double().split(size):
        with preserved(model):
            said.append(model(part).argmax(1))
    return (torch.cat(said) == y).double().mean().item()


def set_steps(model, steps):
    """For layers with a schedule."""
    for name, value in model.named_buffers():
        if name.endswith("num_batches_tracked"):
            value.fill_(steps)


def labels_of(mixed, images):
    """Find each mixed image among the held-out ones."""
    _, _, held, labels = images
    found = torch.cdist(torch.tensor(mixed).double(), held.double()).argmin(1)
    assert (held[found] == torch.tensor(mixed)).all()
    assert len(set(found.tolist())) == len(held)
    return labels[found]


@pytest.mark.parametrize("name", REMEMBER)
def test_accuracy_is_pytorch_s_in_every_way_of_testing(trained, images, name):
    _, _, held, labels = images
    found = trained[name]
    mixed = labels_of(found.mixed, images)
    expected = {
        "running": accuracy(name, found, held.numpy(), labels, 500, False),
        "mixed": accuracy(name, found, found.mixed, mixed, 50, True),
        "class": accuracy(name, found, held.numpy(), labels, 50, True),
    }
    assert found.held == pytest.approx(expected)
    assert len(set(expected.values())) == 3


def test_mixed_batches_hold_many_classes(trained, images):
    mixed = labels_of(trained["batch"].mixed, images)
    assert all(len(batch.unique()) >= 8 for batch in mixed.split(50))


@pytest.mark.parametrize("normalizer", sorted(NORMALIZERS.keys() - REMEMBER))
def test_others_are_tested_in_one_way_only(normalizer):
    (result,) = playground.train([(SMALL | {"normalizer": normalizer}, 5)])
    assert len(set(result.held.values())) == 1


def test_before_the_first_step_the_rows_show_what_it_will_meet():
    before, after = playground.train([(SMALL, 0), (SMALL, 1)])
    assert before.layers == after.layers
    assert before.losses == []


@pytest.mark.parametrize("normalizer", NORMALIZERS)
def test_parameters_are_counted_as_in_pytorch(normalizer):
    settings = SMALL | {"normalizer": normalizer}
    (result,) = playground.train([(settings, 0)])
    model = build(config_of(settings) | {"inputs": 196, "classes": 10})
    assert result.parameters == sum(p.numel() for p in model.parameters())


# What the page draws


def page(*calls, module="playground/widget"):
    return call(module, list(calls))


@pytest.mark.parametrize("name", STORIES)
def test_story_is_known_by_its_settings(name):
    story, given = STORIES[name], Playground().stories
    turned = [settings for _, settings in story.arms()]
    other = story.settings | {"depth": 9}
    found = page(*(("storyOf", given, settings) for settings in [*turned, other]))
    *same, none = found
    assert [one["label"] for one in same] == [story.label] * len(turned)
    assert none is None


def test_run_before_is_named_by_what_differed():
    before = SMALL | {"learning_rate": 3, "normalizer": "none"}
    many = before | {"depth": 9, "seed": 1}
    found = page(("differences", SMALL, before), ("differences", SMALL, many))
    assert found == [", learning rate 3", ", other settings"]


def test_axis_of_steps_doubles():
    calls = [("endOfAxis", steps) for steps in (0, 100, 101, 3000)]
    ends = page(*calls, module="playground/charts")
    assert ends == [100, 100, 200, 3200]


def test_thinned_line_keeps_the_extremes():
    losses = np.random.default_rng(0).normal(size=1003)
    calls = [("thinned", losses.tolist(), most) for most in (5000, 90)]
    short, long = page(*calls, module="playground/charts")
    assert short == [[i + 1, loss] for i, loss in enumerate(losses)]
    steps, values = np.array(long).T
    assert len(long) <= 92
    assert (np.diff(steps) > 0).all()
    assert values.tolist() == losses[steps.astype(int) - 1].tolist()
    for start in range(0, 1003, 23):
        part = values[(steps > start) & (steps <= start + 23)]
        assert [part.min(), part.max()] == [
            losses[start : start + 23].min(),
            losses[start : start + 23].max(),
        ]


def test_smoothed_line_is_the_mean_of_a_window():
    losses = np.random.default_rng(0).normal(size=60)
    sums = [0, *itertools.accumulate(losses)]
    (points,) = page(("smoothed", sums, 20, 1000), module="playground/charts")
    expected = [losses[max(0, i - 10) : i + 11].mean() for i in range(60)]
    assert [step for step, _ in points] == list(range(1, 61))
    assert [value for _, value in points] == pytest.approx(expected)


@pytest.mark.parametrize("most", [-20, 0, 1])
def test_lines_end_where_there_is_no_room(most):
    numbers = [float(i) for i in range(9)]
    calls = [("thinned", numbers, most), ("smoothed", numbers, 4, most)]
    for points in page(*calls, module="playground/charts"):
        assert 0 < len(points) < 9


def test_outline_is_as_high_as_the_counts():
    calls = ("outline", [0, 2, 4, 0], [10, 50], 30, 20), ("outline", [0], [0, 9], 9, 9)
    d, empty = page(*calls, module="playground/layers")
    assert d == "M10.0 30.0H20.0V20.0H30.0V10.0H40.0V30.0H50.0V30.0Z"
    assert empty == ""


def test_states_are_said_plainly():
    session = {"steps": 1234, "parameters": 5, "problem": "forbidden", "away": False}
    said = page(
        ("sentence", session | {"state": "paused", "ended": True}),
        ("sentence", session | {"state": "paused"}),
        ("sentence", session | {"state": "paused", "away": True}),
        ("sentence", session | {"state": "diverged"}),
        ("sentence", session | {"state": "failed"}),
    )
    ended, *said = said
    assert ended.startswith("Paused at step 1,234, where the story")
    assert said[0] == "Paused at step 1,234."
    assert "out of view" in said[1]
    assert "no longer a finite number" in said[2] and "Restart" in said[2]
    assert "Web Worker" in said[3] and "forbidden" in said[3]


def test_worker_s_text_is_whole():
    """A kernel's front end and the site get one file without imports."""
    for name in ("playground/widget", "playground/worker"):
        text = module(name)
        assert "import {" not in text
        assert "\nexport const" not in text.split("playground")[0]


# The stories


def test_controls_allow_every_setting_of_a_story():
    for story in STORIES.values():
        for _, settings in story.arms():
            assert settings.keys() == CONTROLS.keys()
            for name, value in settings.items():
                assert value in [option for option, _ in CONTROLS[name].options]


def test_chapter_links_to_every_story_and_sets_all_controls():
    links = list(linked())
    assert all(story.settings in links for story in STORIES.values())
    for settings in links:
        assert settings.keys() == CONTROLS.keys()
        Playground(**settings)  # refuses what no control allows


def test_it_opens_with_the_first_story():
    widget = Playground()
    first = next(iter(STORIES.values()))
    assert {name: getattr(widget, name) for name in CONTROLS} == first.settings
    assert widget.defaults == first.settings


def in_two(runs):
    """Train the even and the odd ones at the same time."""
    with ThreadPoolExecutor(2) as pool:
        halves = pool.map(playground.train, (runs[::2], runs[1::2]))
    return [r for pair in itertools.zip_longest(*halves) for r in pair if r]


@pytest.fixture(scope="module")
def told():
    """(story, arm) -> three runs of the page's own worker, one a seed."""
    jobs = {
        (name, arm, seed): (settings | {"seed": seed}, story.steps)
        for name, story in STORIES.items()
        for arm, settings in story.arms()
        for seed in SEEDS
        if "evaluation" not in arm or arm == "evaluation class"  # one training, 3 ways
    }
    results = dict(zip(jobs, in_two(list(jobs.values())), strict=True))
    return {key[:2]: [results[*key[:2], seed] for seed in SEEDS] for key in results}


def scores(told, name, arm, way="running"):
    """Held-out accuracies in per cent, one a seed."""
    return 100 * np.array([result.held[way] for result in told[name, arm]])


def last_losses(told, name, arm):
    """The mean of the last 20 losses, one a seed."""
    return np.array([np.mean(result.losses[-20:]) for result in told[name, arm]])


def test_tiny_weights_are_dead_without_and_alive_with_batch_norm(told):
    for result in told["tiny", "normalizer none"]:
        assert np.abs(np.array(result.losses) - math.log(10)).max() < 0.02
        gradients = [np.array(layer["gradients"]) for layer in result.layers]
        assert gradients[0][1:].sum() == 0  # the first layer's are all below 1e-13
        assert gradients[-1][:20].sum() == 0
    assert (scores(told, "tiny", "normalizer none") == 10).all()
    assert (scores(told, "tiny", "normalizer batch") > 55).all()
    assert (last_losses(told, "tiny", "normalizer batch") < 1.4).all()
    assert (scores(told, "tiny", "normalizer layer") < 35).all()


def test_layer_norm_learns_where_its_steps_are_smaller():
    layer = STORIES["tiny"].settings | {"normalizer": "layer"}
    changes = {"learning_rate": 0.001}, {"initial_scale": 1.4}
    runs = [(layer | change | {"seed": s}, 150) for change in changes for s in SEEDS]
    held = [result.held["running"] for result in in_two(runs)]
    slow, large = np.array(held).reshape(2, -1)
    assert slow.mean() > 0.3
    assert large.min() > 0.45


def test_gradients_fade_by_the_factor_of_the_first_exercise():
    """Of 13 layers: the mean exponents of the first and the last hidden row."""
    scale = 0.5
    settings = STORIES["tiny"].settings | {"initial_scale": scale}
    (result,) = playground.train([(settings, 0)])
    first, *_, last = [np.array(layer["gradients"]) for layer in result.layers]
    exponents = -14 + 16 * (np.arange(len(first)) + 0.5) / len(first)
    fell = np.average(exponents, weights=last) - np.average(exponents, weights=first)
    assert fell == pytest.approx(-13 * math.log10(scale / 2**0.5), abs=0.5)


def test_the_rate_that_breaks_the_others_is_fine_with_batch_norm(told):
    for result in told["rate", "normalizer none"]:
        assert result.diverged
        assert len(result.losses) < 15
    assert (scores(told, "rate", "normalizer layer") < 20).all()
    assert (scores(told, "rate", "normalizer batch") > 50).all()
    assert (scores(told, "rate", "learning_rate 0.1") > 45).all()


def test_batch_norm_is_the_worst_choice_in_a_batch_of_two(told):
    batch = scores(told, "two", "normalizer batch")
    for other in ("none", "layer"):
        assert (scores(told, "two", f"normalizer {other}") - batch > 15).all()


def test_one_class_a_batch_hides_what_was_learned(told):
    assert (scores(told, "eval", "evaluation class", "class") < 25).all()
    assert (scores(told, "eval", "evaluation class", "running") > 65).all()
    assert (scores(told, "eval", "evaluation class", "mixed") > 65).all()
    assert (last_losses(told, "eval", "evaluation class") < 0.8).all()


def test_sorted_batches_hide_the_class_from_batch_norm(told):
    batch = scores(told, "sorted", "order sorted")
    assert (last_losses(told, "sorted", "order sorted") > 2.2).all()
    assert (scores(told, "sorted", "normalizer none") - batch > 15).all()
    assert (scores(told, "sorted", "normalizer layer") - batch > 15).all()
    assert (scores(told, "sorted", "order shuffled") > 60).all()


# The same networks in PyTorch, for the still and the chapter


def alone(model, number, settings):
    """Copy one of the networks side by side into PyTorch's own layers."""
    one = build(config_of(settings) | {"inputs": 196, "classes": 10}).double()
    parts = [p for p in model.parameters()]
    with torch.no_grad():
        for mine, theirs in zip(one.parameters(), parts, strict=True):
            if mine.dim() == 2:
                mine.copy_(theirs[number].T)
            else:
                mine.copy_(theirs.view(-1, len(mine))[number])
    return one


@pytest.mark.parametrize("placement", ["before", "after"])
@pytest.mark.parametrize("normalizer", NORMALIZERS)
def test_networks_side_by_side_are_each_pytorch_s(images, normalizer, placement):
    settings = SMALL | {"normalizer": normalizer, "placement": placement}
    generators = [torch.Generator().manual_seed(seed) for seed in range(3)]
    model = networks(settings, generators, 196).double()
    with torch.no_grad():
        for parameter in model.parameters():  # gamma and beta differ too
            parameter += 0.1 * torch.randn_like(parameter)
    set_steps(model, 30)
    x = images[0][:24].view(3, 8, 196).double()
    for mode in (True, False):
        model.train(mode)
        logits = model(x)
        for number in range(3):
            one = alone(model, number, settings).train(mode)
            set_steps(one, 30)
            if not mode:
                copy_statistics(model, one, number)
            torch.testing.assert_close(logits[number], one(x[number]), **EXACT)


def copy_statistics(model, one, number):
    norms = [layer.norm for layer in model if isinstance(layer, PerUnit)]
    mine = [layer for layer in one if list(layer.buffers())]
    for many, single in zip(norms, mine, strict=True):
        for name, buffer in single.named_buffers():
            rows = getattr(many, name).view(-1, *buffer.shape)
            buffer.copy_(rows[number if len(rows) > 1 else 0])


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_scaled_weights_make_up_for_the_activation(activation):
    z = torch.randn(10**6, generator=torch.Generator().manual_seed(0)).double()
    values = GAMMAS[activation] * getattr(torch, activation)(z)
    assert values.std().item() == pytest.approx(1, rel=0.01)


def test_the_quadrature_is_exact():
    """ReLU has a kink, which the rule of trapezoids meets at a node."""
    assert makes_up(torch.relu) == pytest.approx(GAMMAS["relu"], rel=1e-5)


@pytest.fixture
def in_float64():
    """New tensors are of float64."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_a_seed_does_not_depend_on_its_neighbours(in_float64):
    settings = SMALL | {"learning_rate": 0.3}
    together = train(settings, playground_images(), 20, seeds=[4, 7])
    single = train(settings, playground_images(), 20, seeds=[7])
    torch.testing.assert_close(together.losses[1], single.losses[0], **EXACT)
    for way, scores_found in together.accuracy.items():
        assert scores_found[1] == single.accuracy[way][0]


def test_weights_start_as_in_the_page():
    generators = [torch.Generator().manual_seed(0)]
    model = networks(SMALL | {"initial_scale": 0.1, "width": 64}, generators, 196)
    first, second, *_ = [layer for layer in model if hasattr(layer, "weight")]
    for layer, fan_in in ((first, 196), (second, 64)):
        assert layer.weight.std().item() == pytest.approx(0.1 / fan_in**0.5, rel=0.05)
        assert not layer.bias.any()


@pytest.mark.parametrize("order", ["shuffled", "sorted"])
def test_batches_queue_up_as_in_the_page(order):
    labels = torch.arange(4).repeat(5)
    settings = {"batch_size": 8, "order": order}
    generators = [torch.Generator().manual_seed(seed) for seed in (0, 1)]
    drawn = torch.cat(list(batches(settings, labels, 5, generators)), 1)
    assert drawn.shape == (2, 40)
    for queue in drawn:
        for epoch in queue.split(20):
            assert sorted(epoch.tolist()) == list(range(20))
            in_order = labels[epoch].diff().min() >= 0
            assert in_order == (order == "sorted")
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0, :20], drawn[0, 20:])


def test_testing_leaves_the_networks_as_they_are(images):
    _, _, held, labels = images
    generators = [torch.Generator().manual_seed(0)]
    model = networks(SMALL, generators, 196)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = held_out(model, held, labels, 1)
    assert model.training
    assert found.keys() == {"running", "mixed", "class"}
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_still_is_the_same_every_time():
    first = Playground().stills()
    assert first == Playground().stills()
    assert b"batch normalization" in first["svg"]
