"""Eight rules on one training: the page shows what was recorded."""

import pytest
from hand import shown

from normlab.evidence.claims.implementations import jump, level
from normlab.figures.implementations import CURVES
from normlab.runs import recordings
from normlab.widgets.implementations import EXPERIMENTS, OPENS_WITH, PRESETS, TRAITS

PAGE = "notebooks/implementations.html"
NAME = "implementations"


@pytest.fixture
def widget(browser, address):
    with shown(browser, address + PAGE, NAME) as opened:
        yield opened


def recorded(rate, seed):
    runs = recordings(EXPERIMENTS[rate])
    return next(arrays for run, arrays in runs if run.seed == seed)


def assert_agrees(widget, rate, seed):
    """The table has the level and the jump of every rule in this training."""
    arrays = recorded(rate, seed)
    for name, trait in TRAITS.items():
        found = widget.number(f"{trait}-level")
        assert found == pytest.approx(100 * level(arrays, name), abs=0.051)
        found = widget.number(f"{trait}-jump")
        assert found == pytest.approx(100 * jump(arrays, name), abs=0.0051)


def drawn(widget):
    """The names of the rules whose lines are there, in their order."""
    lines = widget.at.locator("svg[aria-label^='Test accuracy'] > path").all()
    there = [bool(line.get_attribute("d")) for line in lines]
    return [name for name, seen in zip(CURVES, there, strict=True) if seen]


def switch(widget, name):
    return widget.control(TRAITS[name]).locator("input")


def test_opens_with_four_rules_on_the_first_training(widget):
    assert drawn(widget) == list(OPENS_WITH)
    assert_agrees(widget, 0.1, 10)


def test_a_key_switches_a_rule_on_and_off(widget):
    widget.press(switch(widget, "windows-2015-06"), "Space")
    assert "windows-2015-06" in drawn(widget)
    widget.press(switch(widget, "windows-2015-06"), "Space")
    assert drawn(widget) == list(OPENS_WITH)


def test_mouse_and_finger_switch_a_rule(widget):
    switch(widget, "torch").click()
    widget.settle()
    assert "torch" not in drawn(widget)
    switch(widget, "torch").tap()
    widget.settle()
    assert "torch" in drawn(widget)


@pytest.mark.parametrize(("said", "names"), PRESETS)
def test_a_button_switches_on_its_rules_alone(widget, said, names):
    widget.at.get_by_role("button", name=said, exact=True).click()
    widget.settle()
    assert drawn(widget) == [name for name in CURVES if name in names]


def test_the_slider_goes_through_the_trainings(widget):
    slider = widget.control("seed").locator("input")
    widget.press(slider, "ArrowRight", times=2)
    assert_agrees(widget, 0.1, 12)
    widget.press(slider, "End")
    assert_agrees(widget, 0.1, 14)


def test_the_other_rate_and_the_last_tests(widget):
    widget.choose("rate", "0.01")
    assert_agrees(widget, 0.01, 10)
    whole = points(widget)
    widget.choose("span", "last 20")
    assert [len(line) for line in points(widget)] == [20] * len(OPENS_WITH)
    assert [len(line) for line in whole] == [30] * len(OPENS_WITH)


def points(widget):
    """The points of the lines that are drawn."""
    lines = widget.at.locator("svg[aria-label^='Test accuracy'] > path").all()
    ways = [line.get_attribute("d") for line in lines]
    return [way.replace("M", "L").split("L")[1:] for way in ways if way]


def test_higher_accuracies_are_drawn_higher(widget):
    widget.choose("span", "last 20")
    arrays = recorded(0.1, 10)
    ends = {
        name: float(line[-1].split()[1])
        for name, line in zip(drawn(widget), points(widget), strict=True)
    }
    by_height = sorted(ends, key=ends.get, reverse=True)  # from below
    assert by_height == sorted(ends, key=lambda name: arrays[f"accuracy/{name}"][-1])


def test_a_link_sets_it(browser, address):
    query = "?rate=0.01&seed=13&torch=false&caffe_2015_10=true"
    url = f"{address}{PAGE}#widget-{NAME}{query}"
    with shown(browser, url, NAME) as widget:
        assert_agrees(widget, 0.01, 13)
        kept = [name for name in OPENS_WITH if name != "torch"]
        assert set(drawn(widget)) == {*kept, "caffe-2015-10"}
        assert "rate=0.01" in widget.link()
