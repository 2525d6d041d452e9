"""The widget on the race: what the page shows is what the recorded runs say."""

import numpy as np
import pytest
from hand import shown

from normlab import evidence
from normlab.evidence.claims.schedules import reached
from normlab.runs import source
from normlab.runs.contenders import BEST, CONTENDERS, SAME_ACTIVATION, entered
from normlab.runs.race import JUDGED
from normlab.widgets.race import OPENS_WITH

PAGE = "notebooks/small-batches.html"
NAME = "race"
HALF = 700  # updates
CELLS = [name for name in CONTENDERS if name != SAME_ACTIVATION]


@pytest.fixture
def widget(browser, address):
    with shown(browser, address + PAGE, NAME) as widget:
        yield widget


def where(name):
    return "race" if name in JUDGED else "race-others"


def settings(name):
    (run,) = entered(name, rates=BEST)
    fields = ("model", "norm", "lr", "transform")
    return {field: getattr(run, field) for field in fields}


def accuracies(name):
    """Test accuracy in per cent by seed, statistics recomputed."""
    told = settings(name)
    transform = told.pop("transform")
    if transform:  # a table reads an empty one as missing
        told["transform"] = transform
    at = {"split": "test", "statistics": "recomputed"}
    return 100 * evidence.values(where(name), "accuracy", **at, **told).to_numpy()


def curves(name):
    """Steps (T,) and accuracies by seed (seeds, T)."""
    told = settings(name)
    steps = evidence.recorded(where(name), "few/steps", **told)[0]
    return steps, evidence.recorded(where(name), "few/accuracy", **told)


def assert_updates(widget, name):
    """The cell says when every seed is at the level, or how many ever are."""
    steps, of_128 = curves("batch_128")
    level = of_128[:, steps == HALF].mean()
    steps, found = curves(name)
    updates = np.array([reached(steps, curve, level) for curve in found])
    if (updates < steps[-1]).all():
        mean = np.exp(np.log(updates).mean())
        assert widget.number(name) == pytest.approx(mean, abs=0.6)
    else:
        assert widget.value(name) == "–"


def drawn(widget):
    """The names of the curves that are drawn."""
    return set(
        widget.ask(
            ".",
            "(place) => [...place.querySelectorAll('[data-curve]')].filter((line) => "
            "line.getAttribute('d')).map((line) => line.dataset.curve)",
        )
    )


def lines(widget):
    """Name -> points (T, 2) of each curve that is drawn."""
    found = {}
    for line in widget.at.locator("[data-curve]").all():
        if d := line.get_attribute("d"):
            places = d.replace("L", "M").split("M")[1:]
            numbers = [[float(x) for x in place.split()] for place in places]
            found[line.get_attribute("data-curve")] = np.array(numbers)
    return found


def cell(widget, name):
    return widget.at.locator(f'button[data-cell="{name}"]')


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_is_the_mean_of_its_seeds(widget, name):
    seeds = accuracies(name)
    assert widget.number(name) == pytest.approx(seeds.mean(), abs=0.051)
    ends = [float(end) for end in widget.value(f"{name}-spread").split("–")]
    assert ends == pytest.approx([seeds.min(), seeds.max()], abs=0.051)


def test_it_says_where_its_numbers_come_from(widget):
    for name in ("race", "race-others", "race-cost"):
        assert source(name) in widget.at.inner_text()


def test_what_looks_at_one_image_alone_spans_all_columns(widget):
    for name in ("group", "filter_response", "instance", "scaled", "none"):
        box = cell(widget, name).locator("xpath=ancestor::td")
        assert box.get_attribute("colspan") == "5"


def test_a_cell_that_cannot_be_says_why(widget):
    row = widget.at.locator("tr", has_text="preconditioned gradients")
    assert "cannot, because" in row.inner_text()
    assert row.locator("button").count() == 1


def test_updates_to_the_target(widget):
    widget.choose("measure", "updates to target")
    for name in CELLS:
        assert_updates(widget, name)


@pytest.mark.parametrize(
    ("label", "measure", "unit"),
    [("time a step", "step_seconds_ratio", 1), ("memory a step", "bytes_kept", 1e6)],
)
def test_costs_are_those_that_are_recorded(widget, label, measure, unit):
    widget.choose("measure", label)
    for name in ("none", "batch_4", "renorm_128", "scaled"):
        told = {f: c for f, c in settings(name).items() if c and f != "lr"}
        told["lr"] = settings(name)["lr"]
        found = evidence.values("race-cost", measure, **told).median() / unit
        assert widget.number(name) == pytest.approx(found, abs=0.051)


def test_choosing_a_cell_draws_its_recorded_curve(widget):
    assert set(lines(widget)) == set(OPENS_WITH)
    cell(widget, "batch_4").click()
    widget.settle()
    places = lines(widget)["batch_4"]
    steps, accuracy = curves("batch_4")
    assert len(places) == len(steps)
    error = np.log(1 - accuracy.astype(float).mean(0))
    inside = places[:, 1] < places[:, 1].max()  # the rest is below the axis
    assert np.corrcoef(places[inside, 1], error[inside])[0, 1] > 0.9999
    assert np.corrcoef(places[:, 0], steps)[0, 1] > 0.9999


def test_keys_choose_a_cell_and_leave_it(widget):
    for expected in (False, True):
        widget.press(cell(widget, "batch_128"), "Enter")
        assert ("batch_128" in lines(widget)) is expected
        pressed = cell(widget, "batch_128").get_attribute("aria-pressed")
        assert pressed == str(expected).lower()


def test_a_finger_chooses_a_cell(widget):
    widget.swipe(cell(widget, "kalman_2"), 0)
    assert "kalman_2" in lines(widget)


def test_a_link_brings_cells_and_measure_back(widget, browser):
    cell(widget, "renorm_4").click()
    widget.choose("measure", "memory a step")
    with shown(browser, widget.link(), NAME) as again:
        assert set(lines(again)) == set(lines(widget)) == {*OPENS_WITH, "renorm_4"}
        table = again.at.locator("table").inner_text()
        assert table == widget.at.locator("table").inner_text()
