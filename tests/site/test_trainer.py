"""LeNet trains in the page: on a click, as one tells it, and it says what it cannot."""

import base64
import json
import threading

import pytest
from hand import shown
from playwright.sync_api import expect

from normlab.widgets.rerun.asked import ASKED

PAGE, NAME = "notebooks/lenet.html", "train"
CLAIMS = "notebooks/run-claims.html"
IMAGES = "**/images.*.bin"
UPDATES = 78  # an epoch of 10,000 images in batches of 128
PATIENCE = 60_000  # ms, for some updates beside other tests
SMALL = "?size=128"


@pytest.fixture
def trainer(browser, address):
    with shown(browser, f"{address}{PAGE}#widget-{NAME}{SMALL}", NAME) as widget:
        yield widget


def button(widget, name):
    return widget.at.get_by_role("button", name=name, exact=True)


def fetch(widget):
    widget.at.get_by_role("button", name="Fetch").click()


def updates(widget, side="none"):
    cell = widget.at.get_by_role("row", name="updates").locator("td")
    text = cell.nth(["none", "batch"].index(side)).inner_text()
    return int(text.replace(",", ""))


def trained(widget, more=0):
    """Wait until both networks have had so many updates."""
    for side in ("none", "batch"):
        for _ in range(PATIENCE // 100):
            if updates(widget, side) > more:
                break
            widget.page.wait_for_timeout(100)
        assert updates(widget, side) > more


def standing(widget):
    """Wait until no report moves the count any more; return where it stands."""
    at = -1
    for _ in range(PATIENCE // 500):
        before, at = at, updates(widget)
        if at == before:
            return at
        widget.page.wait_for_timeout(500)
    raise AssertionError("it goes on training")


def said(widget):
    return widget.at.locator("[data-value=said]")


def test_images_come_on_a_click_and_both_networks_train(trainer):
    asked = []
    trainer.page.on("request", lambda request: asked.append(request.url))
    trainer.page.wait_for_timeout(500)
    assert not any("images." in url for url in asked)
    fetch(trainer)
    trained(trainer)
    assert sum("images." in url for url in asked) == 1
    button(trainer, "Pause").click()
    expect(said(trainer)).to_contain_text("Paused")
    before = standing(trainer)
    button(trainer, "Step").click()
    expect(trainer.at.get_by_role("row", name="updates")).to_contain_text(
        f"{before + 1:,}"
    )
    button(trainer, "Restart").click()
    expect(said(trainer)).to_contain_text("Ready")
    assert updates(trainer) == 0


def test_another_rate_is_another_training(trainer):
    fetch(trainer)
    trained(trainer)
    trainer.control("rate").locator("input").focus()
    trainer.page.keyboard.press("ArrowLeft")
    expect(said(trainer)).to_contain_text("Ready")
    assert updates(trainer) == 0
    button(trainer, "Train").press("Enter")  # by keys
    trained(trainer)


def test_train_waits_for_both_networks(trainer):
    """Pressed while they are made: none of them may be left behind."""
    fetch(trainer)
    trained(trainer)
    for key in ("ArrowLeft", "ArrowRight", "ArrowLeft"):
        trainer.control("rate").locator("input").press(key)
    button(trainer, "Train").click()
    trained(trainer)
    button(trainer, "Pause").click()
    expect(said(trainer)).to_contain_text("Paused")


def test_the_focus_goes_to_what_takes_a_button_s_place(trainer):
    trainer.at.get_by_role("button", name="Fetch").press("Enter")
    trained(trainer)
    assert trainer.page.evaluate("document.activeElement.textContent") == "Pause"


def test_nobody_trains_in_a_page_that_nobody_sees(trainer):
    fetch(trainer)
    trained(trainer)
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    trainer.page.evaluate(hide, True)
    expect(said(trainer)).to_contain_text("Paused")
    at = standing(trainer)
    trainer.page.evaluate(hide, False)
    trained(trainer, more=at)


def test_images_that_do_not_come_can_be_asked_for_again(browser, address):
    with shown(browser, f"{address}{PAGE}#widget-{NAME}", NAME) as widget:
        widget.page.route(IMAGES, lambda route: route.abort())
        fetch(widget)
        expect(said(widget)).to_contain_text("The images did not come")
        widget.page.unroute(IMAGES)
        widget.complaints.clear()  # the browser's own word on the failed request
        fetch(widget)
        trained(widget)


def test_fetching_can_be_stopped(browser, address):
    held = threading.Event()
    with shown(browser, f"{address}{PAGE}#widget-{NAME}", NAME) as widget:
        routes = []
        widget.page.route(IMAGES, lambda route: (routes.append(route), held.set()))
        fetch(widget)
        button(widget, "Stop").click()
        expect(said(widget)).to_contain_text("you stopped it")
        widget.page.unroute(IMAGES)
        fetch(widget)
        trained(widget)


def without_engine(route):
    """The widget's state, as a browser without vectors would have it."""
    answer = route.fetch()
    state = answer.json()
    if "engine" in state["buffers"]:
        state["buffers"]["engine"] = base64.b64encode(b"").decode()
    route.fulfill(response=answer, body=json.dumps(state))


def test_without_vectors_plain_javascript_computes(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.route("**/state.*.json", without_engine)
    page.goto(f"{address}{PAGE}#widget-{NAME}?size=16")
    place = page.locator(f"#widget-{NAME}")
    place.get_by_role("button", name="Fetch").click()
    place.get_by_role("button", name="Pause", exact=True).click(timeout=PATIENCE)
    words = place.locator("[data-value=said]")
    expect(words).to_contain_text("plain JavaScript", timeout=PATIENCE)
    context.close()


def test_without_workers_it_says_so(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script("window.Worker = undefined")
    page = context.new_page()
    page.goto(f"{address}{PAGE}#widget-{NAME}")
    place = page.locator(f"#widget-{NAME}")
    place.get_by_role("button", name="Fetch").click()
    expect(place.locator("[data-value=said]")).to_contain_text("It does not run here")
    context.close()


def test_a_claim_is_tried(browser, address):
    """Its first training only: the rule itself is tested without a page."""
    at = f"{address}{CLAIMS}#widget-claims?claim=%22gap-sign%22"
    with shown(browser, at, "claims") as widget:
        verdict = widget.value("verdict")
        assert verdict.startswith("Recorded: ")
        fetch(widget)
        expect(said(widget)).to_contain_text("of 10 networks")
        button(widget, "Stop").click()
        expect(button(widget, "Run it yourself")).to_be_visible()
        assert widget.value("verdict") == verdict


def test_an_identity_is_tried_to_its_end(browser, address):
    at = f"{address}{CLAIMS}#widget-claims?claim=%22C7%22"
    with shown(browser, at, "claims") as widget:
        fetch(widget)
        verdict = widget.at.locator("[data-value=verdict]")
        expect(verdict).to_contain_text("Here: reproduced", timeout=PATIENCE)
        expect(verdict).to_contain_text("the same word")
        cells = widget.at.locator(".bn-rerun-table td").all_inner_texts()
        values = [float(text.replace("−", "-")) for text in cells if text]
        moved, gradient, last = values[::3], values[1::3], values[2::3]
        assert len(last) == 5
        assert max(moved + gradient) < 1e-9 < 1e-3 < min(last)
        verdict_of_five = verdict.inner_text()
        widget.at.get_by_role("combobox").select_option(index=0)
        assert "Here" not in verdict.inner_text()
        widget.at.get_by_role("combobox").select_option(index=len(ASKED) - 1)
        expect(verdict).to_have_text(verdict_of_five)  # nothing was lost
        button(widget, "Run it with five other seeds").click()
        expect(widget.at.get_by_role("row", name="seed 9")).to_be_visible()
        expect(verdict).to_contain_text("Here: reproduced", timeout=PATIENCE)
