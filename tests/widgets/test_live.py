"""Train in a kernel: the chosen point is trained, and the panel hears of it."""

import pytest
import torch

from normlab.evaluation import loss_and_accuracy
from normlab.runs import store
from normlab.runs.config import Run
from normlab.runs.execute import build
from normlab.training import fit
from normlab.widgets import BatchSizeExplorer, live

from .test_explorer import record

WAIT = 60  # seconds; a few updates take less than one


@pytest.fixture
def few(fashion, monkeypatch):
    """200 images to train on, 100 to test on; every step is reported."""
    train_x, train_y, test_x, test_y = fashion
    pairs = (train_x[:200], train_y[:200]), (test_x[:100], test_y[:100])
    monkeypatch.setattr(live, "data", lambda which: pairs)
    monkeypatch.setattr(live, "INTERVAL", 0)
    return pairs


@pytest.fixture
def explorer(results):
    values = {b: [0.8, 0.75, 0.5, 4.0, 0.5] for b in ("epochs", "updates")}
    for norm in ("torch_batch", "none"):
        record(norm, 16, 0, values)
    store.merge("batch-size")
    return BatchSizeExplorer()


def tell(explorer, what):
    """A message as a front end sends it."""
    explorer._handle_custom_msg({"do": what}, [])


def trained(explorer, steps=3):
    explorer.live_steps = steps
    tell(explorer, "train")
    explorer.training.wait(WAIT)
    return explorer.live[-1]


def test_a_hello_is_answered(explorer, monkeypatch):
    answers = []
    monkeypatch.setattr(explorer, "send", answers.append)
    tell(explorer, "hello")
    assert answers == [{"kernel": True}]


def test_training_lands_in_the_trait(explorer, few):
    end = trained(explorer)
    run = Run("lenet", "torch_batch", 1 / 16, 16, epochs=1, seed=1)
    model = build(run)
    history = fit(
        model, few[0], epochs=1, max_steps=3, lr=1 / 16, batch_size=16, seed=1
    )
    assert end["key"] == "torch_batch/16/0.0625"
    assert end["seed"] == 1  # none of the recorded
    assert end["done"] and end["step"] == end["steps"] == 3
    assert end["curve"]["by"] == 1
    assert end["curve"]["mean"] == [round(loss, 4) for loss in history.step_losses]
    assert end["accuracy"] == loss_and_accuracy(model, *few[1])[1]
    own = loss_and_accuracy(model, *few[1], statistics="batch", batch_size=16)
    assert end["own"] == own[1]


def test_the_chosen_point_is_trained(explorer, few):
    explorer.norm, explorer.rule, explorer.live_rate = "none", "fixed", 0.25
    first, second = trained(explorer), trained(explorer)
    assert (first["rate"], first["key"]) == (0.25, "none/16/1")
    assert [first["seed"], second["seed"]] == [1, 2]
    assert len(explorer.live) == 2


def test_an_epoch_and_ghost_batches(explorer):
    explorer.view, explorer.ghost, explorer.size = "ghost", "statistics", 4
    explorer.live_steps = 0
    run = explorer.chosen()
    assert (run.norm, run.batch_size, run.lr, run.epochs) == ("ghost_4", 256, 1.0, 1)
    explorer.size, explorer.live_steps = 64, 1200
    assert explorer.chosen().epochs == 6  # 235 updates each
    explorer.size = 8
    assert explorer.chosen() is None
    tell(explorer, "train")
    assert explorer.live == []


def test_progress_is_reported_on_the_way(explorer, few):
    seen = []
    explorer.observe(lambda change: seen.append(change["new"][-1]), "live")
    trained(explorer, steps=5)
    steps = [news["step"] for news in seen if news.get("said") == "training"]
    assert steps == sorted(steps) and len(steps) >= 4
    assert all(not news["done"] for news in seen[1:-1])


def test_stop_ends_it_and_keeps_the_curve(explorer, few, monkeypatch):
    explorer.observe(lambda change: tell(explorer, "stop"), "live")
    end = trained(explorer, steps=10_000)
    assert end["done"] and end["said"].startswith("stopped after")
    assert 0 < end["step"] < 10_000
    assert len(end["curve"]["mean"]) > 0
    assert "accuracy" not in end


def test_one_training_at_a_time(explorer, few):
    explorer.live_steps = 20
    tell(explorer, "train")
    tell(explorer, "train")
    explorer.training.wait(WAIT)
    assert len(explorer.live) == 1


def test_after_a_stop_one_can_train_again(explorer, few):
    explorer.observe(lambda change: tell(explorer, "stop"), "live")
    trained(explorer, steps=10_000)
    explorer.unobserve_all("live")
    assert trained(explorer)["said"] == "trained for 3 updates"


def test_errors_are_said(explorer, monkeypatch):
    def missing(which):
        raise FileNotFoundError("the images are not here; run `make data`")

    monkeypatch.setattr(live, "data", missing)
    end = trained(explorer)
    assert end["done"]
    assert end["said"] == "FileNotFoundError: the images are not here; run `make data`"


def test_the_notebooks_random_numbers_stay(explorer, few):
    before = torch.random.get_rng_state()
    trained(explorer)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_curve_is_thin():
    found = live.curve([float(i) for i in range(125)])
    assert found == {"by": 3, "mean": [3.0 * i + 1 for i in range(41)]}
    assert live.curve([float("nan"), 1.0]) == {"by": 1, "mean": [None, 1.0]}
    assert live.curve([]) == {"by": 1, "mean": []}
