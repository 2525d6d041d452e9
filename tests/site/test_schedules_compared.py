"""The widget on schedules: what the page shows is what the recorded runs say."""

import numpy as np
import pytest
from hand import shown

from normlab import evidence
from normlab.evidence.claims.schedules import reached, settings
from normlab.runs import source
from normlab.runs.schedules import (
    ARMS,
    EARLY,
    EIGHT,
    ENDS,
    LAYER,
    PLAIN,
    trained,
    tuned,
)

PAGE = "notebooks/schedules.html"
NAME = "schedules"
SPANS = {"the first 1,000 updates": "few", "all of them": "whole"}
LINES = {"original": 0, "multistep": 1, "short_step": 2, "plain": 3}


@pytest.fixture
def widget(browser, address):
    with shown(browser, address + PAGE, NAME) as widget:
        yield widget


def experiment_of(run):
    """The experiment that has a run."""
    if run.model == EIGHT:
        return "schedules-switches"
    arm = (run.model, run.norm, run.schedule)
    if arm in (PLAIN, ARMS[3]):
        return "schedules"
    return "schedules-others" if arm in ARMS else "schedules-switches"


def curves(run, look="few"):
    """Steps (T,) and accuracies by seed (seeds, T)."""
    about = settings(run)
    name = experiment_of(run)
    steps = evidence.recorded(name, f"{look}/steps", **about)[0]
    return steps, evidence.recorded(name, f"{look}/accuracy", **about)


def level_of(make):
    steps, accuracy = curves(make(*PLAIN))
    return accuracy[:, steps == EARLY].mean()


def assert_row(widget, line, run, make):
    """A row of the table says what the records of a run say."""
    at = {"split": "test", "statistics": "recomputed", "step": ENDS[run.schedule]}
    tests = evidence.values(experiment_of(run), "accuracy", **at, **settings(run))
    steps, accuracy = curves(run)
    updates = [reached(steps, one, level_of(make)) for one in accuracy]
    assert widget.number(f"{line}-rate") == pytest.approx(run.lr)
    assert widget.number(f"{line}-test") == pytest.approx(100 * tests.mean(), abs=0.051)
    mean = np.exp(np.mean(np.log(updates)))
    assert widget.number(f"{line}-reached") == pytest.approx(mean, abs=0.6)
    assert widget.number(f"{line}-seeds") == len(accuracy)


def assert_empty(widget, line):
    for column in ("rate", "test", "reached", "seeds"):
        assert widget.value(f"{line}-{column}") == "–"


def test_opens_with_the_layer_on_all_three_schedules(widget):
    for arm in ARMS[2:]:
        assert_row(widget, arm[-1], tuned(*arm), tuned)
    assert_row(widget, "plain", tuned(*PLAIN), tuned)
    assert "Not recorded" not in widget.value("said")
    assert source("schedules") in widget.at.inner_text()


def test_rates_as_printed(widget):
    widget.choose("rates", "as printed")
    for arm in ARMS[2:]:
        assert_row(widget, arm[-1], trained(*arm), trained)
    assert_row(widget, "plain", trained(*PLAIN), trained)
    level = f"{100 * level_of(trained):.1f}%"
    assert level in widget.value("said")


def test_without_the_layer_one_schedule_is_not_recorded_and_it_says_so(widget):
    widget.choose("norm", "without")
    widget.choose("dropout", "with")
    widget.choose("convolutions", "8")
    for arm in ARMS[:2]:
        assert_row(widget, arm[-1], tuned(*arm), tuned)
    assert_empty(widget, "short_step")
    assert widget.value("said").endswith("short step.")


def test_keys_move_the_switches(widget):
    """To eight convolutions with the layer, on the rates as printed."""
    for name, key in (("convolutions", "ArrowLeft"), ("rates", "ArrowLeft")):
        chosen = widget.control(name).locator("input:checked")
        widget.press(chosen, key)
    for schedule in ("original", "multistep"):
        assert_row(widget, schedule, trained(EIGHT, LAYER, schedule), trained)


def test_a_finger_moves_the_switches(widget):
    widget.swipe(widget.control("dropout").get_by_text("with", exact=True), 0)
    for line in ("original", "multistep", "short_step"):
        assert_empty(widget, line)
    assert "7 convolutions, with batch norm, with dropout" in widget.value("said")


def path_of(widget, plot, line):
    """The places of a line's points in a plot: (T, 2), and its dashes."""
    curve = widget.at.locator("svg.bn-drawing").nth(plot).locator("path[stroke-width]")
    curve = curve.nth(LINES[line])
    places = curve.get_attribute("d").replace("L", "M").split("M")[1:]
    numbers = np.array([[float(x) for x in place.split()] for place in places])
    return numbers, curve.get_attribute("stroke-dasharray")


@pytest.mark.parametrize(("span", "look"), SPANS.items())
def test_curves_rise_as_the_recorded_ones_do(widget, span, look):
    """The higher the accuracy, the higher its point, by the logarithm of the error."""
    widget.choose("span", span)
    for arm in ARMS[2:]:
        steps, accuracy = curves(tuned(*arm), look)
        kept = steps <= (1000 if look == "few" else steps[-1])
        places, _ = path_of(widget, 0, arm[-1])
        assert len(places) == kept.sum()
        error = np.log(1 - accuracy.astype(float).mean(0)[kept])
        inside = error < np.log(0.29 if look == "whole" else 0.89)
        assert np.corrcoef(places[inside, 1], error[inside])[0, 1] > 0.9999
        assert np.corrcoef(places[:, 0], steps[kept])[0, 1] > 0.9999


def test_the_level_is_drawn_where_it_is_read(widget):
    level = widget.at.locator("svg.bn-drawing").first.locator(
        "path[stroke-dasharray='5 4']"
    )
    assert level.get_attribute("d") == ""
    widget.choose("span", "the first 1,000 updates")
    assert level.get_attribute("d") != ""


def test_rates_fall_in_the_right_plot(widget):
    places, dashes = path_of(widget, 1, "original")
    assert len(places) == 6  # three heights
    assert dashes is None
    heights = places[::2, 1]
    assert np.diff(heights) == pytest.approx([np.diff(heights)[0]] * 2, abs=0.05)
    _, dashes = path_of(widget, 1, "multistep")
    assert dashes


def test_a_link_brings_the_switches_back(widget, browser, address):
    widget.choose("norm", "without")
    widget.choose("rates", "as printed")
    table = widget.at.locator("table").inner_text()
    with shown(browser, widget.link(), NAME) as again:
        both = again, widget
        for name in ("norm", "rates"):
            one, two = (w.control(name).locator("label:has(:checked)") for w in both)
            assert one.inner_text() == two.inner_text()
        assert again.at.locator("table").inner_text() == table
