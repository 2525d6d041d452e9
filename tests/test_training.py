"""``fit`` against a loop written out by hand, and its promises one by one."""

import copy
import math
import random
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from pairs import BAD_PAIRS, X, Y
from torch import nn
from torch.testing import assert_close

from normlab.evaluation import loss_and_accuracy
from normlab.layers import BatchNorm, GhostBatchNorm
from normlab.models import TorchBatchNorm, gamma_and_beta, lenet, mlp, xavier
from normlab.training import History, fit

SIZE = 600  # images; batches of 128 leave a last one of 88
BATCH = 128
CLOSE = {"rel": 1e-9}  # float64
STEPS = 5  # an epoch


def network(norm=BatchNorm, seed=0):
    """In float64: in float32 a rounding can move a maximum of max-pooling."""
    torch.manual_seed(seed)
    return xavier(lenet(norm)).double()


def short(model, images, **changes):
    """One small training; changes are arguments of ``fit``."""
    settings = {"epochs": 2, "lr": 0.5, "batch_size": BATCH}
    return fit(model, images, **(settings | changes))


class Recording:
    """A recorder that keeps a copy of what it is given."""

    def __init__(self):
        self.steps, self.batches, self.losses = [], [], []

    def __call__(self, step, model, batch, loss):
        self.steps.append(step)
        self.batches.append(tuple(t.clone() for t in batch))
        self.losses.append(loss.item())


def state(model):
    return {k: v.clone() for k, v in model.state_dict().items()}


def assert_identical(some, others):
    assert some.keys() == others.keys()
    assert all(torch.equal(some[k], others[k]) for k in some)


# The same numbers


def test_same_seed_gives_the_same_numbers(images):
    models = [network(), network()]
    histories = [short(m, images, seed=7) for m in models]
    assert histories[0].step_losses == histories[1].step_losses
    assert [(e.loss, e.accuracy) for e in histories[0].epochs] == [
        (e.loss, e.accuracy) for e in histories[1].epochs
    ]
    assert_identical(state(models[0]), state(models[1]))


def test_another_seed_orders_the_examples_otherwise(images):
    one, two = (short(network(), images, seed=s).step_losses for s in (1, 2))
    assert one[0] != two[0]


def test_order_depends_on_the_seed_alone(images):
    torch.manual_seed(1)
    one = short(network(), images).step_losses
    model = network()
    torch.manual_seed(2)  # the caller's generator is in another state
    assert short(model, images).step_losses == one


def test_order_leaves_the_callers_random_numbers_alone(images):
    model = network()
    before = torch.get_rng_state()
    short(model, images)
    assert torch.equal(torch.get_rng_state(), before)


def by_hand(model, batches, lr, momentum, weight_decay):
    """Gradient descent without torch.optim; return the loss of every step."""
    model.train()
    losses = []
    velocity = [torch.zeros_like(p) for p in model.parameters()]
    for x, y in batches:
        log_p = model(x).log_softmax(1)
        loss = -log_p[torch.arange(len(y)), y].mean()
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():
            for p, g, v in zip(model.parameters(), gradients, velocity, strict=True):
                v.mul_(momentum).add_(g + weight_decay * p)
                p.sub_(lr * v)
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize(
    ("momentum", "weight_decay"), [(0.0, 0.0), (0.9, 0.0), (0.0, 0.1), (0.9, 0.1)]
)
@pytest.mark.parametrize("norm", [None, BatchNorm])
def test_equals_a_loop_written_by_hand(images, norm, momentum, weight_decay):
    images = (images[0].double() / 255, images[1])
    seen = Recording()
    model, twin = network(norm), network(norm)
    options = {"momentum": momentum, "weight_decay": weight_decay}
    history = short(model, images, lr=0.1, recorders=[seen], **options)
    losses = by_hand(twin, seen.batches, 0.1, **options)
    assert history.step_losses == pytest.approx(losses, abs=1e-9)
    assert_close(state(model), state(twin), rtol=0, atol=1e-9)


def test_each_update_has_its_own_rate(images):
    """Without gradients weight decay alone moves: by 1 - rate * decay at each step."""

    def stop(step, model, batch, loss):
        for p in model.parameters():
            p.grad.zero_()

    model = network(None)
    before = state(model)
    rates = [0.5, 0.1, 0.2, 0.4, 0.3, 0.25]
    options = {"weight_decay": 0.2, "recorders": [stop], "max_steps": 6}
    short(model, images, lr=lambda step: rates[step], **options)
    left = math.prod(1 - 0.2 * rate for rate in rates)
    for name, now in state(model).items():
        assert_close(now, left * before[name], rtol=1e-12, atol=0)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf, None])
def test_a_schedule_with_a_bad_end_is_refused_before_the_first_step(images, bad):
    model = network()
    before = state(model)
    with pytest.raises(ValueError, match=r"lr\(9\).* learning rate is positive"):
        short(model, images, lr=lambda step: 0.5 if step < 9 else bad)
    assert_identical(state(model), before)


def test_what_is_called_after_an_update_sees_its_weights(images):
    seen, counts = [], []

    def look(step, model, batch, loss):
        seen.append(model[0].weight.detach().clone())

    def after(done, model):
        counts.append((done, model[0].weight.detach().clone()))

    short(network(), images, epochs=1, recorders=[look], after=[after])
    assert [done for done, _ in counts] == [1, 2, 3, 4, 5]
    for (_, left), found in zip(counts, seen[1:], strict=False):
        assert torch.equal(left, found)


def test_scoring_after_updates_changes_no_number(images):
    def score(done, model):
        loss_and_accuracy(model, *images)
        loss_and_accuracy(model, *images, statistics="batch", batch_size=50)

    one, two = network(), network()
    first, second = short(one, images), short(two, images, after=[score])
    assert first.step_losses == second.step_losses
    assert_identical(state(one), state(two))


def test_the_last_batch_may_be_left_out(images):
    seen = Recording()
    history = short(network(), images, recorders=[seen], drop_last=True)
    assert [len(y) for _, y in seen.batches] == [BATCH] * 8
    assert len(history.step_losses) == 8
    whole = Recording()
    short(network(), images, recorders=[whole])
    for epoch in (0, 1):  # the order is the same, only its end is missing
        for place in range(4):
            one, other = (
                s.batches[n * epoch + place] for s, n in ((seen, 4), (whole, 5))
            )
            assert torch.equal(one[0], other[0])


def test_nothing_may_be_left_over_of_nothing(images):
    with pytest.raises(ValueError, match="drop_last leaves nothing of 600 images"):
        short(network(), images, batch_size=601, drop_last=True)


def test_weight_decay_can_spare_gamma_and_beta(images):
    """With gradients of 0 a step shrinks exactly what is decayed."""

    def stop(step, model, batch, loss):
        for p in model.parameters():
            p.grad.zero_()

    model = network(BatchNorm)
    before = state(model)
    short(
        model,
        images,
        max_steps=1,
        lr=0.5,
        weight_decay=0.2,
        decay_norms=False,
        recorders=[stop],
    )
    norms = {id(p) for p in gamma_and_beta(model)}
    assert len(norms) == 8
    for name, p in model.named_parameters():
        shrunk = 1.0 if id(p) in norms else 0.9
        assert_close(p.detach(), shrunk * before[name])


def test_gamma_and_beta_are_those_of_the_normalizers():
    assert gamma_and_beta(network(None)) == []
    for norm in (BatchNorm, TorchBatchNorm):
        model = network(norm)
        found = {id(p) for p in gamma_and_beta(model)}
        named = {
            id(p)
            for layer in model
            if hasattr(layer, "running_mean")
            for p in (layer.weight, layer.bias)
        }
        assert found == named


def test_loss_falls_on_real_images(fashion):
    train = (fashion[0][:2000], fashion[1][:2000])
    history = fit(network(), train, epochs=3, lr=1.0, batch_size=64)
    first, *_, last = history.epochs
    assert last.loss < 0.8 * first.loss
    assert last.accuracy > first.accuracy


def losses_with(norm, fashion):
    """The losses of 20 steps."""
    train = (fashion[0][:1280], fashion[1][:1280])
    return fit(network(norm), train, epochs=1, lr=0.5, batch_size=64).step_losses


def test_hand_written_and_built_in_layer_agree(fashion):
    ours, theirs = (losses_with(norm, fashion) for norm in (BatchNorm, TorchBatchNorm))
    assert len(ours) == 20
    assert ours == pytest.approx(theirs, abs=1e-9)


# Which examples


def test_every_example_once_an_epoch_and_the_last_batch_kept():
    number = torch.arange(SIZE, dtype=torch.float32)
    images = number.view(-1, 1, 1, 1).expand(-1, 1, 28, 28).div(SIZE)
    seen = Recording()
    history = short(
        mlp(1, 1), (images, torch.zeros(SIZE).long()), recorders=[seen], lr=1e-3
    )
    sizes = [len(y) for _, y in seen.batches]
    assert sizes == [128, 128, 128, 128, 88] * 2
    assert len(history.step_losses) == 2 * STEPS
    order = [
        torch.cat([x[:, 0, 0, 0] for x, _ in seen.batches[e : e + STEPS]])
        for e in (0, STEPS)
    ]
    for epoch in order:
        assert_close(epoch.sort().values, number / SIZE)
    assert not torch.equal(order[0], order[1])


def test_bytes_and_floats_are_the_same_images(images):
    x, y = images
    floats = (x.double() / 255, y)
    assert short(network(), images).step_losses == short(network(), floats).step_losses


def test_training_data_is_left_as_it_was(images):
    before = [t.clone() for t in images]
    short(network(), images, evaluate={"same": images})
    assert all(torch.equal(a, b) for a, b in zip(images, before, strict=True))


@pytest.fixture(scope="module")
def whole(fashion):
    """The losses of a training without a limit."""
    return short(network(), (fashion[0][:SIZE], fashion[1][:SIZE])).step_losses


@pytest.mark.parametrize("limit", [1, STEPS, STEPS + 2, 100])
def test_max_steps_stops_there(images, whole, limit):
    history = short(network(), images, max_steps=limit)
    assert history.step_losses == whole[:limit]
    assert len(history.epochs) == min(2, math.ceil(limit / STEPS))


# What the history says


def test_epoch_means_count_examples_not_batches(images):
    seen = Recording()
    hits = []

    def count_hits(step, model, batch, loss):
        with torch.no_grad():
            hits.append((model(batch[0]).argmax(1) == batch[1]).sum().item())

    history = short(network(None), images, recorders=[seen, count_hits])
    for number, epoch in enumerate(history.epochs):
        steps = range(number * STEPS, (number + 1) * STEPS)
        total = sum(seen.losses[s] * len(seen.batches[s][1]) for s in steps)
        assert epoch.loss == pytest.approx(total / SIZE)
        assert epoch.accuracy == pytest.approx(sum(hits[s] for s in steps) / SIZE)


def test_step_losses_are_those_recorded(images):
    seen = Recording()
    history = short(network(), images, recorders=[seen])
    assert history.step_losses == seen.losses
    assert seen.steps == list(range(2 * STEPS))


def test_fit_prints_nothing(images, capfd):
    short(network(), images, evaluate={"same": images})
    assert capfd.readouterr() == ("", "")


# Recorders


def test_recorder_sees_gradients_before_the_update(images):
    model = network()
    before = copy.deepcopy(model)
    found = {}

    def look(step, model, batch, loss):
        if step == 0:
            found["gradients"] = [p.grad.clone() for p in model.parameters()]
            found["weights"] = [p.detach().clone() for p in model.parameters()]
            found["batch"], found["loss"] = batch, loss.detach()

    short(model, images, recorders=[look])
    x, y = found["batch"]
    assert (x.dtype, y.dtype) == (torch.float64, torch.int64)
    assert 0.9 < x.max() <= 1
    loss = F.cross_entropy(before(x), y)
    assert_close(found["loss"], loss.detach())
    weights = list(before.parameters())
    assert_close(found["weights"], [w.detach() for w in weights])
    assert_close(found["gradients"], list(torch.autograd.grad(loss, weights)))


def test_recording_changes_no_number(images):
    plain, recorded = network(), network()
    one = short(plain, images)
    two = short(recorded, images, recorders=[Recording(), Recording()])
    assert one.step_losses == two.step_losses
    assert_identical(state(plain), state(recorded))


def test_recorders_may_come_from_a_generator(images):
    seen = Recording()
    short(network(), images, recorders=(r for r in [seen]))
    assert seen.steps == list(range(2 * STEPS))


# Divergence


def test_huge_learning_rate_ends_with_a_sentence(images):
    history = short(network(None), images, epochs=4, lr=1e308)
    first = next(i for i, v in enumerate(history.step_losses) if not math.isfinite(v))
    assert len(history.epochs) < 4
    assert f"step {first}" in history.diverged
    assert "1e+308" in history.diverged


def test_infinite_image_ends_with_a_sentence(images):
    x, y = images[0].double() / 255, images[1]
    x[10] = torch.inf
    history = short(network(), (x, y), epochs=4)
    assert len(history.epochs) == 1
    assert "nan" in history.diverged


def test_a_history_goes_on_with_a_later_one(images):
    model = network()
    parts = [short(model, images, epochs=1, seed=seed) for seed in (1, 2)]
    whole = History()
    for part in parts:
        whole.extend(part)
    assert whole.epochs == parts[0].epochs + parts[1].epochs
    assert whole.step_losses == parts[0].step_losses + parts[1].step_losses
    assert whole.diverged is None
    whole.extend(History(diverged="at step 1"))
    whole.extend(parts[0])
    assert whole.diverged == "at step 1"


def test_finite_training_has_not_diverged(images):
    assert short(network(), images).diverged is None


# Evaluation


def test_running_and_batch_statistics_differ(images):
    history = short(
        network(), images, evaluate={"same": images}, statistics=["running", "batch"]
    )
    scores = history.epochs[0].evaluated
    assert set(scores) == {("same", "running"), ("same", "batch")}
    assert scores["same", "running"][0] != pytest.approx(
        scores["same", "batch"][0], rel=1e-3
    )


def test_evaluation_batch_matters_for_batch_statistics_only(images):
    model = network()
    history = short(
        model,
        images,
        epochs=1,
        evaluate={"same": images},
        statistics=["running", "batch"],
        eval_batch_size=10,
    )
    scores = history.epochs[0].evaluated
    whole = loss_and_accuracy(model, *images)
    assert scores["same", "running"] == pytest.approx(whole, **CLOSE)
    parts = [
        loss_and_accuracy(model, x, y, statistics="batch")[0]
        for x, y in zip(images[0].split(10), images[1].split(10), strict=True)
    ]
    assert scores["same", "batch"][0] == pytest.approx(sum(parts) / 60, **CLOSE)
    together = loss_and_accuracy(model, *images, statistics="batch")
    assert scores["same", "batch"][0] != pytest.approx(together[0], rel=1e-2)


def test_evaluation_does_not_change_training(images):
    plain, evaluated = network(), network()
    one = short(plain, images)
    two = short(
        evaluated, images, evaluate={"a": images}, statistics=("running", "batch")
    )
    assert one.step_losses == two.step_losses
    assert_identical(state(plain), state(evaluated))


def test_each_epoch_is_evaluated_as_it_left_the_model(images):
    model = network()
    history = short(model, images, evaluate={"one": images, "two": images})
    assert list(history.epochs[-1].evaluated) == [
        ("one", "running"),
        ("two", "running"),
    ]
    expected = loss_and_accuracy(model, *images)
    assert history.epochs[-1].evaluated["one", "running"] == pytest.approx(
        expected, **CLOSE
    )
    assert history.epochs[0].evaluated["one", "running"] != expected


def test_statistics_may_come_from_a_generator(images):
    history = short(
        network(),
        images,
        evaluate={"one": images, "two": images},
        statistics=(s for s in ["running", "batch"]),
    )
    assert [len(e.evaluated) for e in history.epochs] == [4, 4]


# Bad arguments


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("epochs", 0),
        ("epochs", -1),
        ("batch_size", 0),
        ("eval_batch_size", 0),
        ("lr", 0.0),
        ("lr", -0.1),
        ("lr", math.nan),
        ("lr", math.inf),
        ("max_steps", 0),
        ("momentum", -0.1),
        ("weight_decay", -0.1),
        ("momentum", math.nan),
        ("weight_decay", math.inf),
        ("epochs", 1.5),
        ("batch_size", 64.5),
        ("eval_batch_size", 64.5),
        ("max_steps", 2.5),
        ("seed", 0.5),
        ("lr", "0.1"),
        ("statistics", ("running", "population")),
        ("statistics", "population"),
    ],
)
def test_bad_argument_is_named_before_any_training(images, name, bad):
    model = network()
    before = state(model)
    with pytest.raises(ValueError, match=name):
        short(model, images, evaluate={"same": images}, **{name: bad})
    assert_identical(state(model), before)


def refused(model, images, error=ValueError, **changes):
    """Return the words of a refusal that came before the first step."""
    before, modes = state(model), [m.training for m in model.modules()]
    steps = Recording()
    options = {"recorders": [steps]} | changes
    with pytest.raises(error) as caught:
        short(model, images, **options)
    assert not steps.steps
    assert_identical(state(model), before)
    assert [m.training for m in model.modules()] == modes
    return str(caught.value)


@pytest.mark.parametrize(("pair", "words"), BAD_PAIRS.values(), ids=BAD_PAIRS)
def test_bad_training_set_is_refused_before_the_first_step(pair, words):
    message = refused(network(), pair)
    assert words in message and "train" in message


@pytest.mark.parametrize("statistics", ["running", "batch"])
@pytest.mark.parametrize(("pair", "words"), BAD_PAIRS.values(), ids=BAD_PAIRS)
def test_bad_evaluation_set_is_refused_before_the_first_step(pair, words, statistics):
    evaluate = {"good": (X, Y), "odd": pair}
    message = refused(network(), (X, Y), evaluate=evaluate, statistics=statistics)
    assert words in message and "evaluate['odd']" in message


@pytest.mark.parametrize(
    ("argument", "bad"),
    [
        ("train", X),
        ("train", (X.numpy(), Y.numpy())),
        ("train", (X, Y, Y)),
        ("evaluate", (X, Y)),
        ("evaluate", {"test": X}),
        ("evaluate", {"test": (X, Y.tolist())}),
        ("recorders", print),
        ("recorders", ["a recorder"]),
    ],
)
def test_argument_of_a_wrong_kind_is_named(argument, bad):
    given = {"train": (X, Y), argument: bad}
    images = given.pop("train")
    assert argument in refused(network(), images, TypeError, **given)


def test_bytes_serve_as_labels():
    numbers = [short(network(), (X, y)).step_losses for y in (Y, Y.byte())]
    assert numbers[0] == numbers[1]


# One image left over


def of_maps_alone(seed=0):
    """Normalizers after convolutions alone: one image gives them many values."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 4, 5),
        BatchNorm(4),
        nn.ReLU(),
        nn.Dropout(),
        nn.Flatten(),
        nn.Linear(4 * 24 * 24, 10),
    )


@pytest.mark.parametrize("norm", [BatchNorm, TorchBatchNorm, GhostBatchNorm])
def test_one_image_left_over_is_refused_before_the_first_step(images, norm):
    x, y = images
    message = refused(network(norm), (x[:257], y[:257]), batch_size=256)
    assert "1 of the 257 images of train" in message
    assert "batch_size=256" in message and "Expected more than 1 value" in message


@pytest.mark.parametrize("norm", [BatchNorm, TorchBatchNorm])
def test_one_image_left_over_in_evaluation_is_refused(images, norm):
    x, y = images
    evaluate = {"odd": (x[:101], y[:101])}
    options = {"evaluate": evaluate, "eval_batch_size": 50}
    message = refused(network(norm), images, statistics=("running", "batch"), **options)
    assert "1 of the 101 images of evaluate['odd']" in message
    assert "eval_batch_size=50" in message and "statistics='batch'" in message
    short(network(norm), images, max_steps=1, **options)  # running ones do not mind


def test_a_batch_of_one_is_refused_where_it_cannot_be(images):
    assert "batch_size=1," in refused(network(), images, batch_size=1)


def test_a_part_of_one_is_refused(images):
    message = refused(network(partial(GhostBatchNorm, ghost_size=1)), images)
    assert "128 of the 600 images of train" in message


@pytest.mark.parametrize("model", [of_maps_alone, partial(network, None)])
@pytest.mark.parametrize("batch_size", [64, 1])
def test_one_image_left_over_trains_where_it_can(images, model, batch_size):
    few = (images[0][:65], images[1][:65])
    options = {"evaluate": {"same": few}, "statistics": ("running", "batch")}
    history = short(
        model(), few, lr=0.01, batch_size=batch_size, eval_batch_size=32, **options
    )
    assert len(history.step_losses) == 2 * math.ceil(65 / batch_size)
    assert len(history.epochs[-1].evaluated) == 2


def test_one_image_left_over_does_not_matter_if_it_never_comes(images):
    few = (images[0][:257], images[1][:257])
    history = short(network(), few, batch_size=128, epochs=3, max_steps=2)
    assert len(history.step_losses) == 2
    refused(network(), few, batch_size=128, epochs=3, max_steps=3)


# Models that cannot be trained


@pytest.mark.parametrize(
    "model", [nn.Flatten(), nn.Sequential(nn.BatchNorm2d(1, affine=False))]
)
def test_model_without_parameters_is_refused(model):
    assert "no parameters" in refused(model, (X, Y))
    with pytest.raises(ValueError, match="no parameters"):
        loss_and_accuracy(model, X, Y)


@pytest.mark.parametrize("grad_mode", [torch.no_grad, torch.inference_mode])
def test_training_without_gradients_is_refused(grad_mode):
    with grad_mode():
        assert "gradient" in refused(network(), (X, Y))
    assert "gradient" in refused(network().requires_grad_(False), (X, Y))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (nn.Conv2d(1, 10, 3), "(20, 10, 26, 26)"),
        (nn.Sequential(nn.Flatten(0), nn.Linear(20 * 784, 10)), "shape (10,)"),
        (nn.MultiheadAttention(8, 2), "TypeError"),
    ],
)
def test_model_that_gives_no_logits_is_refused(model, words):
    assert words in refused(model, (X, Y))


# The door leaves no trace


class Drawing(nn.Module):
    """A layer that draws from every generator, and counts what it saw."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        self.seen += len(x)
        return x + torch.randn(()) + np.random.standard_normal() + random.gauss(0, 1)


def drawing(norm=BatchNorm, seed=0):
    model = network(norm, seed)
    return nn.Sequential(*model[:-1], Drawing(), nn.Dropout(0.3), model[-1])


def by_hand_in_order(model, images, epochs, lr, batch_size, seed):
    """Plain descent over the shuffled images, with not one pass more."""
    x, y = images[0].double() / 255, images[1]
    order = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    model.train()
    for _ in range(epochs):
        for index in torch.randperm(len(y), generator=order).split(batch_size):
            optimizer.zero_grad()
            F.cross_entropy(model(x[index]), y[index]).backward()
            optimizer.step()


def seeded(number):
    torch.manual_seed(number)
    np.random.seed(number)
    random.seed(number)


def draws():
    return torch.rand(()).item(), np.random.random(), random.random()


def test_not_a_bit_differs_from_a_loop_without_a_door(images):
    """Weights, buffers, and the numbers that every generator gives next."""
    ends = []
    for loop in (short, by_hand_in_order):
        model = drawing()
        seeded(3)
        loop(model, images, epochs=2, lr=0.5, batch_size=BATCH, seed=7)
        ends.append((state(model), draws()))
    assert_identical(ends[0][0], ends[1][0])
    assert ends[0][1] == ends[1][1]


def test_a_refusal_moves_no_generator(images):
    model = drawing()
    seeded(5)
    expected = draws()
    seeded(5)
    refused(model, images, batch_size=599)
    assert draws() == expected


def test_lazy_layers_draw_their_weights_as_without_a_door(images):
    """Their first batch is the training's own; what comes after it too."""
    ends = []
    for loop in (short, by_hand_in_order):
        torch.manual_seed(2)
        model = nn.Sequential(
            nn.LazyConv2d(3, 5),
            nn.LazyBatchNorm2d(),
            nn.Flatten(),
            nn.Dropout(),
            nn.LazyLinear(10),
        ).double()
        loop(model, images, epochs=1, lr=0.1, batch_size=BATCH, seed=7)
        ends.append((state(model), draws()[0]))
    assert_identical(ends[0][0], ends[1][0])
    assert ends[0][1] == ends[1][1]


def test_the_door_costs_one_pass_for_each_size_that_comes(images):
    model, sizes, learns = network(), [], []

    def watch(layer, given, out):
        sizes.append(len(out))
        learns.append(out.requires_grad)

    model.register_forward_hook(watch)
    few = (images[0][:300], images[1][:300])
    options = {"evaluate": {"same": few}, "eval_batch_size": 200}
    short(model, few, epochs=1, statistics=("running", "batch"), **options)
    door = [128, 44, 100, 200, 100]  # training, running, batch statistics
    assert sizes == door + [128, 128, 44] + [200, 100] * 2
    assert learns == [False] * 5 + [True] * 3 + [False] * 4  # known by its gradients


# Gradients that are changed, images that are, and orders that are


def test_a_transform_changes_what_recorders_and_the_update_see(images):
    def halve(step, model, batch, loss):
        for parameter in model.parameters():
            parameter.grad *= 0.5

    seen = []

    def look(step, model, batch, loss):
        seen.append(model[0].weight.grad.clone())

    halved, slower = network(), network()
    short(halved, images, max_steps=1, transforms=[halve], recorders=[look])
    short(slower, images, max_steps=1, lr=0.25)
    assert_close(halved[0].weight, slower[0].weight)
    short(network(), images, max_steps=1, recorders=[look])
    assert torch.equal(2 * seen[0], seen[1])


def test_adam_is_pytorchs_at_each_updates_own_rate(images):
    x, y = images
    model, by_hand = network(), network()
    short(model, images, max_steps=3, optimizer="adam", lr=lambda s: 0.01 / (s + 1))
    updater = torch.optim.Adam(by_hand.parameters())
    order = torch.randperm(SIZE, generator=torch.Generator().manual_seed(0))
    by_hand.train()
    for step, index in enumerate(order.split(BATCH)[:3]):
        updater.param_groups[0]["lr"] = 0.01 / (step + 1)
        updater.zero_grad()
        F.cross_entropy(by_hand(x[index].double() / 255), y[index]).backward()
        updater.step()
    assert_identical(state(model), state(by_hand))


def test_momentum_is_not_adams(images):
    with pytest.raises(ValueError, match=r"momentum is 0\.9 with"):
        short(network(), images, optimizer="adam", momentum=0.9)
    with pytest.raises(ValueError, match="optimizer='lion'; use"):
        short(network(), images, optimizer="lion")


def twice(images, generator):
    """Each image as it is, and at another brightness."""
    drawn = torch.rand(len(images), 1, 1, 1, generator=generator, dtype=images.dtype)
    return torch.stack([images, drawn * images], dim=1).flatten(0, 1)


def test_the_model_sees_what_augment_makes_with_labels_in_the_same_order(images):
    plain, seen = Recording(), Recording()
    short(network(), images, recorders=[plain], epochs=1)
    history = short(network(), images, recorders=[seen], epochs=1, augment=twice)
    for (x, y), (more, labels) in zip(plain.batches, seen.batches, strict=True):
        assert torch.equal(more[::2], x)
        assert not torch.equal(more[1::2], x)
        assert torch.equal(labels[::2], y) and torch.equal(labels[1::2], y)
    weights = [len(y) for _, y in seen.batches]
    mean = np.average(history.step_losses, weights=weights)
    assert history.epochs[0].loss == pytest.approx(mean, **CLOSE)
    assert 0 <= history.epochs[0].accuracy <= 1


def test_augmentation_depends_on_the_seed_and_leaves_the_order_alone(images):
    batches = []
    for seed in (0, 0, 1):
        seen = Recording()
        options = {"augment": twice, "recorders": [seen]}
        torch.manual_seed(len(batches))  # the caller's numbers do not matter
        short(network(None), images, seed=seed, **options)
        batches.append([x for x, _ in seen.batches])
    assert all(map(torch.equal, batches[0], batches[1]))
    assert not torch.equal(batches[0][0], batches[2][0])
    assert not torch.equal(batches[0][0], batches[0][STEPS])  # new in every epoch


def test_an_augment_that_does_nothing_changes_no_number(images):
    one, other = network(), network()
    short(one, images)
    short(other, images, augment=lambda images, generator: images)
    assert_identical(state(one), state(other))


@pytest.mark.parametrize("wrong", [lambda x: x[:-1], lambda x: torch.cat([x, x[:3]])])
def test_images_that_belong_to_no_label_are_refused_before_the_first_step(
    images, wrong
):
    with pytest.raises(ValueError, match="images of 128; it must"):
        short(network(), images, augment=lambda x, _: wrong(x), recorders=[forbidden])


def forbidden(*_):
    raise AssertionError("a step was made")


def test_arrange_orders_each_epoch_with_the_orders_generator(images):
    seen, given = Recording(), []

    def by_label(labels, batch_size, generator):
        given.append((len(labels), batch_size))
        mixed = torch.randperm(len(labels), generator=generator)
        return mixed[labels[mixed].argsort(stable=True)]

    short(network(None), images, arrange=by_label, recorders=[seen])
    assert given == [(SIZE, BATCH)] * 2
    labels = torch.cat([y for _, y in seen.batches])
    assert torch.equal(labels[:SIZE], images[1].sort().values)
    assert torch.equal(labels[SIZE:], images[1].sort().values)
    assert not torch.equal(seen.batches[0][0], seen.batches[STEPS][0])


@pytest.mark.parametrize(
    "order",
    [torch.arange(SIZE - 1), torch.zeros(SIZE, dtype=torch.int64), torch.ones(SIZE)],
)
def test_an_order_that_is_none_is_refused(images, order):
    with pytest.raises(ValueError, match="arrange gave"):
        short(network(), images, arrange=lambda *_: order)
