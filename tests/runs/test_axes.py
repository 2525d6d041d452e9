"""The experiment on which values share a mean, against the same done by hand."""

import pytest
import torch
import torch.nn.functional as F

from normlab.evaluation import loss_and_accuracy
from normlab.layers import GroupNorm, InstanceNorm, LayerNorm
from normlab.models import lenet, xavier
from normlab.runs import Run, axes, build, execute
from normlab.runs.axes import NORMS, RATES, WHICH_AXES, measure

RUN = Run(
    "lenet", "torch_group", 0.5, 50, 3, 1, evaluate_on="validation", dtype="float64"
)
CLOSE = {"rel": 1e-9}  # in float64 all roundings of a training together are less


@pytest.fixture
def few(fashion, monkeypatch):
    """200 images to train on, and others for validation and for test."""
    train_x, train_y, test_x, test_y = fashion
    training = train_x[:200], train_y[:200]
    held_out = {
        "validation": (train_x[-100:], train_y[-100:]),
        "test": (test_x[:150], test_y[:150]),
    }
    for module in (execute, axes):
        monkeypatch.setattr(module, "data", lambda split: (training, held_out[split]))
    return training, held_out


def numbers(rows):
    scores = [r for r in rows if r["measure"] != "step_loss"]
    names = ("split", "statistics", "measure", "epoch")
    found = {tuple(r[name] for name in names): r["value"] for r in scores}
    assert len(found) == len(scores)
    return found


def trained(norms, few):
    """The same network trained step by step, the last epoch at a tenth of the rate."""
    torch.manual_seed(RUN.seed)
    model, (x, y) = xavier(lenet(**norms)).double(), few[0]
    losses = []
    for epoch in range(RUN.epochs):
        slow = epoch == RUN.epochs - 1
        if epoch == 0 or slow:
            order = torch.Generator().manual_seed(RUN.seed + 1000 * slow)
        rate = RUN.lr / 10 if slow else RUN.lr
        optimizer = torch.optim.SGD(model.parameters(), lr=rate)
        for index in torch.randperm(len(y), generator=order).split(RUN.batch_size):
            loss = F.cross_entropy(model(x[index].double() / 255), y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return model, losses


@pytest.mark.parametrize(
    ("norm", "own"),
    [
        ("torch_group", {"norm": GroupNorm}),
        ("torch_layer", {"norm": LayerNorm}),
        ("torch_instance", {"norm": InstanceNorm, "dense_norm": None}),
    ],
)
def test_each_normalizer_trains_as_the_hand_written_one(few, norm, own):
    run = Run(**{**vars(RUN), "norm": norm})
    outcome = measure(run, "cpu")
    model, losses = trained(own, few)
    steps = [r["value"] for r in outcome.rows if r["measure"] == "step_loss"]
    assert steps == pytest.approx(losses, **CLOSE)
    found = numbers(outcome.rows)
    for split, pair in few[1].items():
        loss, accuracy = loss_and_accuracy(model, *pair)
        ours = found[split, "running", "loss", RUN.epochs]
        assert ours == pytest.approx(loss, **CLOSE)
        assert found[split, "running", "accuracy", RUN.epochs] == accuracy


def test_the_control_normalizes_where_instance_normalization_does():
    def places(norm):
        layers = [type(m).__name__ for m in build(Run(**{**vars(RUN), "norm": norm}))]
        return [i for i, name in enumerate(layers) if "Norm" in name]

    assert places("torch_batch_maps") == places("torch_instance") != []
    assert set(places("torch_instance")) < set(places("torch_batch"))


@pytest.mark.parametrize("norm", NORMS)
def test_two_kinds_of_statistics_where_there_are_two(few, norm):
    found = numbers(measure(Run(**{**vars(RUN), "norm": norm}), "cpu").rows)
    both = {split for split, kind, *_ in found if kind == "batch"}
    has_running = norm in ("torch_batch", "torch_batch_maps")
    assert both == ({"validation", "test"} if has_running else set())
    for split, epochs in (("validation", {1, 2, 3}), ("test", {3})):
        at = {e for s, kind, _, e in found if (s, kind) == (split, "running")}
        assert at == epochs


def test_a_diverged_training_says_so(few):
    outcome = measure(Run(**{**vars(RUN), "norm": "none", "lr": 1e308}), "cpu")
    assert "step" in outcome.diverged


def test_every_normalizer_has_every_rate_and_the_test_images_choose_none():
    assert {(r.norm, r.lr) for r in WHICH_AXES.variants} == {
        (norm, rate) for norm in NORMS for rate in RATES
    }
    assert {r.evaluate_on for r in WHICH_AXES.variants} == {"validation"}
