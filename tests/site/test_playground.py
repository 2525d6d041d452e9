"""The playground in the page: its numbers are the engine's, and it obeys at once."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hand import shown
from playwright.sync_api import expect
from widgets.playground import train

from normlab.playground.normalizers import NORMALIZERS
from normlab.playground.stories import STORIES, USUAL

PAGE = "notebooks/playground.html"
NAME = "playground"
FIRST = STORIES["tiny"].settings
QUICK = USUAL | {"seed": 2, "width": 32}
LISTEN = """
window.told = [];
const post = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (message, ...rest) {
  told.push(message);
  post.call(this, message, ...rest);
};
"""


@pytest.fixture
def playground(browser, address):
    with shown(browser, address + PAGE, NAME) as widget:
        yield widget


@pytest.fixture
def endless(browser, address):
    """Set to what is no story, so that it plays on."""
    with shown(browser, link(address, QUICK), NAME) as widget:
        yield widget


def link(address, settings):
    """The address that sets the controls."""
    query = "&".join(f"{name}={json.dumps(value)}" for name, value in settings.items())
    return f"{address}{PAGE}#widget-{NAME}?{query}"


def button(widget, name):
    return widget.at.get_by_role("button", name=name, exact=True)


def state(widget):
    """The sentence that says how things stand."""
    return widget.at.locator(".bn-play-said").inner_text()


def step(widget):
    return int(widget.value("step").replace(",", ""))


def wait_for(widget, steps):
    """Wait until so many steps are shown."""
    widget.page.wait_for_function(
        """([name, steps]) => steps <= Number(document.querySelector(
          `#widget-${name} [data-value=step]`).textContent.replace(",", ""))""",
        arg=[NAME, steps],
    )


def wait_until(widget, word):
    widget.at.locator(".bn-play-said", has_text=word).wait_for()


def press_step(widget, times=1):
    """Press Step and wait for each to be done."""
    for _ in range(times):
        before = step(widget)
        button(widget, "Step").click()
        wait_for(widget, before + 1)


def play_until(widget, steps):
    """Play for at least so many steps; return how many it were."""
    button(widget, "Play").click()
    wait_for(widget, steps)
    button(widget, "Pause").click()
    wait_until(widget, "Paused")
    widget.page.wait_for_timeout(300)  # for the last report
    return step(widget)


def per_cent(widget):
    return float(widget.value("accuracy").rstrip("%"))


def settings_of(widget):
    """What the link says, and otherwise the first story."""
    button(widget, "Copy link").click()
    copied = widget.page.evaluate("navigator.clipboard.readText()")
    query = parse_qs(urlsplit(copied).fragment.partition("?")[2])
    return FIRST | {name: json.loads(value) for name, (value,) in query.items()}


def assert_agrees(widget, settings, steps):
    """Loss, accuracy and rows against the worker's module in Node.js."""
    (run,) = train([(settings, steps)])
    assert step(widget) == steps
    assert widget.number("loss") == pytest.approx(run.losses[-1], abs=5.1e-5)
    accuracy = 100 * run.held[settings["evaluation"]]
    assert per_cent(widget) == pytest.approx(accuracy, abs=0.051)
    for number, layer in enumerate(run.layers, 1):
        for name, key in (("flat", "saturated"), ("dead", "dead")):
            said = widget.at.locator(f"[data-value={name}-{number}]").text_content()
            shown_share = float(said.rstrip("%"))
            assert shown_share == pytest.approx(100 * layer[key], abs=0.51)


def test_opens_at_rest_with_the_first_story(playground):
    playground.page.wait_for_timeout(500)
    assert step(playground) == 0
    assert playground.value("loss") == "–"
    assert settings_of(playground) == FIRST
    pressed = playground.at.locator("[aria-pressed=true]")
    assert pressed.inner_text() == STORIES["tiny"].label
    (run,) = train([(FIRST, 0)])
    assert f"{run.parameters:,}" in state(playground)
    assert per_cent(playground) == 100 * run.held["running"]


def test_steps_are_the_engine_s(browser, address):
    with shown(browser, link(address, QUICK), NAME) as widget:
        press_step(widget, 3)
        assert_agrees(widget, QUICK, 3)


def test_playing_is_the_same_as_stepping_and_pause_stops_it(browser, address):
    with shown(browser, link(address, QUICK), NAME) as widget:
        steps = play_until(widget, 30)
        assert_agrees(widget, QUICK, steps)
        widget.page.wait_for_timeout(300)
        assert step(widget) == steps
        assert state(widget) == f"Paused at step {steps:,}."
        press_step(widget)
        assert_agrees(widget, QUICK, steps + 1)


def test_speed_is_shown_while_it_plays(endless):
    button(endless, "Play").click()
    endless.page.wait_for_function(
        "(s) => Number(document.querySelector(s).textContent) > 0",
        arg=f"#widget-{NAME} [data-value=speed]",
    )
    assert button(endless, "Step").is_disabled()
    button(endless, "Pause").click()
    endless.settle()
    assert endless.value("speed") == "–"


@pytest.mark.parametrize("name", ["Restart", "Reset"])
def test_from_the_start_the_same_numbers_come_again(playground, name):
    press_step(playground, 2)
    loss = playground.value("loss")
    button(playground, name).click()
    wait_until(playground, "new network")
    assert (step(playground), playground.value("loss")) == (0, "–")
    press_step(playground, 2)
    assert playground.value("loss") == loss


def test_reset_returns_to_the_first_story_and_forgets(playground):
    press_step(playground, 12)
    playground.choose("normalizer", "batch")
    assert playground.at.get_by_text("run before: no normalizer").is_visible()
    button(playground, "Reset").click()
    playground.settle()
    assert settings_of(playground) == FIRST
    assert not playground.at.get_by_text("run before").is_visible()


@pytest.mark.parametrize("name", STORIES)
def test_story_sets_its_controls_and_a_new_network(playground, name):
    story = STORIES[name]
    press_step(playground)
    button(playground, story.label).click()
    playground.settle()
    assert settings_of(playground) == story.settings
    assert story.watch in playground.at.inner_text()
    wait_until(playground, "new network")
    assert step(playground) == 0
    press_step(playground, 2)
    assert_agrees(playground, story.settings, 2)


def test_the_line_stays_while_the_story_s_control_is_turned(playground):
    playground.choose("normalizer", "batch")
    assert STORIES["tiny"].watch in playground.at.inner_text()
    playground.press(slider(playground, "depth"), "ArrowLeft")
    assert "Your own settings" in playground.at.inner_text()


def slider(widget, name):
    return widget.control(name).locator("input[type=range]")


def test_keys_move_the_controls(playground):
    playground.press(slider(playground, "depth"), "ArrowLeft", times=9)
    playground.press(slider(playground, "initial_scale"), "End")
    playground.press(slider(playground, "learning_rate"), "Home")
    playground.press(slider(playground, "batch_size"), "ArrowLeft")
    radio = playground.control("normalizer").get_by_role("radio", name="none")
    playground.press(radio, "ArrowRight")
    playground.press(playground.control("activation").locator("select"), "ArrowUp")
    changed = {
        "depth": 6,
        "initial_scale": 10,
        "learning_rate": 0.001,
        "batch_size": 32,
        "normalizer": "batch",
        "activation": "tanh",
    }
    assert settings_of(playground) == FIRST | changed
    playground.press(button(playground, "Step"), "Enter")
    wait_for(playground, 1)
    assert_agrees(playground, FIRST | changed, 1)


def test_fingers_play_and_choose(browser, address):
    with shown(browser, link(address, QUICK), NAME, width=390) as widget:
        widget.control("normalizer").get_by_role("radio", name="layer").tap()
        button(widget, "Play").tap()
        wait_for(widget, 3)
        button(widget, "Pause").tap()
        wait_until(widget, "Paused")
        widget.page.wait_for_timeout(300)
        assert_agrees(widget, QUICK | {"normalizer": "layer"}, step(widget))


def test_some_settings_take_effect_at_once(browser, address):
    with shown(browser, link(address, QUICK), NAME) as widget:
        press_step(widget, 4)
        widget.slide("learning_rate", 0)
        widget.slide("batch_size", 0)
        assert step(widget) == 4
        widget.control("seed").locator("select").select_option("5")
        wait_until(widget, "new network")
        assert step(widget) == 0


@pytest.mark.parametrize("way", ["running", "mixed", "class"])
def test_way_of_testing_changes_the_accuracy_not_the_network(browser, address, way):
    with shown(browser, link(address, QUICK), NAME) as widget:
        press_step(widget, 5)
        at = {"running": 0, "mixed": 1, "class": 2}[way]
        widget.control("evaluation").locator("select").select_option(str(at))
        (run,) = train([(QUICK, 5)])
        expected = f"{100 * run.held[way]:.1f}%"
        widget.at.locator("[data-value=accuracy]", has_text=expected).wait_for()
        assert_agrees(widget, QUICK | {"evaluation": way}, 5)


@pytest.mark.parametrize("normalizer", NORMALIZERS)
def test_what_has_no_effect_cannot_be_set(browser, address, normalizer):
    with shown(browser, link(address, QUICK | {"normalizer": normalizer}), NAME) as it:
        disabled = {
            name: it.control(name).locator("select").is_disabled()
            for name in ("placement", "evaluation")
        }
    no_norm = normalizer in ("none", "scaled")
    one_mode = normalizer not in ("batch", "ghost", "renorm")
    assert disabled == {"placement": no_norm, "evaluation": one_mode}


def more(widget):
    """The list of normalizers behind the buttons."""
    return widget.control("normalizer").locator("select")


@pytest.mark.parametrize("name", ["ghost", "renorm", "rms", "scaled"])
def test_a_normalizer_of_the_list_trains(browser, address, name):
    with shown(browser, link(address, QUICK), NAME) as widget:
        more(widget).select_option(label=NORMALIZERS[name].label)
        widget.settle()
        wait_until(widget, "new network")
        pressed = widget.control("normalizer").locator("input:checked")
        expect(pressed).to_have_count(0)
        assert settings_of(widget) == QUICK | {"normalizer": name}
        press_step(widget, 12)
        assert_agrees(widget, QUICK | {"normalizer": name}, 12)
        button(widget, "Restart").click()
        widget.at.get_by_text(f"run before: {NORMALIZERS[name].words}").wait_for()


def test_keys_go_through_the_list_and_back_to_the_buttons(playground):
    playground.press(more(playground), "ArrowDown")
    assert settings_of(playground)["normalizer"] == "ghost"
    playground.press(more(playground), "ArrowDown", times=9)
    assert settings_of(playground)["normalizer"] == "scaled"
    playground.press(more(playground), "Home")  # "more" is no normalizer
    assert settings_of(playground)["normalizer"] == "scaled"
    assert more(playground).evaluate("(e) => e.selectedOptions[0].text") != "more"
    radio = playground.control("normalizer").get_by_role("radio", name="layer")
    playground.press(radio, "Space")
    assert settings_of(playground)["normalizer"] == "layer"
    assert more(playground).evaluate("(e) => e.selectedOptions[0].text") == "more"


def test_a_link_opens_with_a_normalizer_of_the_list(browser, address):
    settings = QUICK | {"normalizer": "renorm"}
    with shown(browser, link(address, settings), NAME) as widget:
        assert settings_of(widget) == settings
        chosen = more(widget).evaluate("(e) => e.selectedOptions[0].text")
        assert chosen == NORMALIZERS["renorm"].label


def test_divergence_is_said_and_stops_it(playground):
    story = STORIES["rate"]
    button(playground, story.label).click()
    wait_until(playground, "new network")
    button(playground, "Play").click()
    wait_until(playground, "Diverged")
    (run,) = train([(story.settings, story.steps)])
    assert run.diverged
    assert step(playground) == len(run.losses)
    assert f"at step {len(run.losses)} the loss" in state(playground)
    assert playground.value("loss") == "NaN nats"
    assert playground.value("accuracy") == "–"  # not of the network before that
    assert button(playground, "Play").is_disabled()
    playground.choose("normalizer", "batch")
    wait_until(playground, "new network")
    assert button(playground, "Play").is_enabled()
    press_step(playground)


def test_a_story_pauses_after_its_steps_and_goes_on(playground):
    story = STORIES["tiny"]
    button(playground, "Play").click()
    wait_until(playground, "where the story")
    assert_agrees(playground, story.settings, story.steps)
    playground.choose("normalizer", "batch")  # turned, it is the same story
    wait_until(playground, "new network")
    button(playground, "Play").click()
    wait_until(playground, "where the story")
    assert_agrees(playground, story.settings | {"normalizer": "batch"}, story.steps)
    assert play_until(playground, story.steps + 1) > story.steps


def test_a_link_shows_the_line_that_says_what_to_watch(browser, address):
    """The widget is higher than the window."""
    with shown(browser, link(address, STORIES["two"].settings), NAME) as widget:
        widget.page.wait_for_timeout(500)
        line = widget.at.locator(".bn-play-watch")
        place = line.evaluate("(e) => e.getBoundingClientRect().toJSON()")
        window = widget.page.evaluate("innerHeight")
        assert widget.at.bounding_box()["height"] > window
        assert place["top"] > 0 and place["bottom"] < window


def test_link_opens_with_its_settings_and_at_rest(browser, address):
    settings = STORIES["sorted"].settings
    with shown(browser, link(address, settings), NAME) as widget:
        widget.page.wait_for_timeout(500)
        assert step(widget) == 0
        assert settings_of(widget) == settings
        assert STORIES["sorted"].watch in widget.at.inner_text()


def test_settings_outside_the_lists_are_not_taken(browser, address):
    wrong = {"depth": 2.5, "batch_size": 1, "normalizer": "group", "seed": -1}
    with shown(browser, link(address, wrong), NAME) as widget:
        assert settings_of(widget) == FIRST


def test_without_a_second_thread_the_widget_says_so(browser, address):
    context = browser.new_context()
    context.add_init_script(
        "window.Worker = class { constructor() { throw Error(4) } }"
    )
    tab, errors = context.new_page(), []
    tab.on("pageerror", lambda error: errors.append(error))
    tab.goto(address + PAGE)
    tab.locator(f"#widget-{NAME}").scroll_into_view_if_needed()
    said = tab.locator(".bn-play-said", has_text="The network cannot train here")
    said.wait_for()
    assert "Web Worker" in said.inner_text()
    assert tab.get_by_role("button", name="Play").is_disabled()
    assert errors == []
    context.close()


def test_out_of_view_it_pauses(endless):
    endless.page.evaluate("document.body.style.paddingBottom = '9000px'")
    button(endless, "Play").click()
    wait_for(endless, 1)
    endless.page.evaluate("scrollTo(0, 8000)")
    wait_until(endless, "out of view")
    assert button(endless, "Play").is_enabled()


def test_in_a_hidden_tab_it_pauses(endless):
    button(endless, "Play").click()
    wait_for(endless, 1)
    endless.page.evaluate(
        """() => {
          Object.defineProperty(document, "hidden", { value: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    wait_until(endless, "out of view")


@pytest.mark.parametrize(
    ("motion", "calm"), [("reduce", True), ("no-preference", False)]
)
def test_less_motion_means_fewer_reports(browser, address, motion, calm):
    context = browser.new_context(reduced_motion=motion)
    context.add_init_script(LISTEN)
    tab = context.new_page()
    tab.goto(address + PAGE)
    tab.locator(f"#widget-{NAME}[data-ready]").wait_for()
    tab.get_by_role("button", name="Play").click()
    intervals = tab.evaluate(
        "told.filter((m) => m.type === 'play').map((m) => m.interval)"
    )
    context.close()
    (interval,) = intervals
    assert interval >= (500 if calm else 60)
    assert interval <= (1000 if calm else 100)


def test_the_run_before_is_kept_beside_the_new_one(browser, address):
    with shown(browser, link(address, QUICK), NAME) as widget:
        play_until(widget, 12)
        widget.slide("learning_rate", 0)
        assert not widget.at.get_by_text("run before").is_visible()
        button(widget, "Restart").click()
        widget.settle()
        said = widget.at.get_by_text("run before: batch norm")
        assert said.is_visible()
