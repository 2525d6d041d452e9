"""What holds of every widget on the site: fetched late, fits, resets, links, prints."""

import gzip
import json
import sys
from dataclasses import dataclass
from functools import cache

import pytest
from axe import faults_by_theme, set_dark
from bs4 import BeautifulSoup
from conftest import ROOT, SITE, built_pages, soup
from hand import shown
from tabs import lent
from visit import is_widgets

sys.path.insert(0, str(ROOT / "web"))
from booksite import widgets

LATE = """
window.near = [];
window.IntersectionObserver = class {
  constructor(call) { this.call = call; }
  observe(target) {
    if (!target.matches(".bn-widget")) return;
    near.push(() => this.call([{ target, isIntersecting: true }], this));
  }
  unobserve() {}
  disconnect() {}
};
"""
DRAWN_BARE = """
window.bare = [];
new MutationObserver((changes) => {
  const styled = [...document.styleSheets].some((s) => s.href?.includes("/style."));
  if (!styled) bare.push(...changes.map(({ target }) => target.id));
}).observe(document, { subtree: true, attributeFilter: ["data-ready"] });
"""
# Labels that name what is not beside them, and choices of which not one is made.
SHARED = """() => [
  ...[...document.querySelectorAll(".bn-widget label[for]")].filter(
    (e) => !e.parentElement.contains(e.control)),
  ...[...document.querySelectorAll(".bn-widget .bn-choice")].filter(
    (e) => e.querySelectorAll("input:checked").length !== 1),
].map((e) => `${e.closest(".bn-widget").id}: ${e.outerHTML.slice(0, 200)}`)"""
COLORS_USED = r"""(place) => {
  const given = getComputedStyle(place.querySelector(".bn"));
  const names = [...place.querySelectorAll("[style], [fill], [stroke]")].flatMap((e) =>
    ["style", "fill", "stroke"].flatMap((attribute) =>
      e.getAttribute(attribute)?.match(/--bn-\w+/g) ?? []));
  return [names.length, names.filter((name) => !given.getPropertyValue(name))];
}"""
CONTROLS = "button, input, select, [tabindex='0']"
LIMIT = 500_000  # compressed bytes beyond the theme


@cache
def places():
    """(page, name) of every widget on the built site."""
    found = []
    for name in built_pages():
        if (SITE / name).exists() and "bn-widget" in (SITE / name).read_text("utf-8"):
            for place in soup(name).select(".bn-widget"):
                found.append((name, place["id"].removeprefix("widget-")))
    return found


def pages():
    return sorted({page for page, _ in places()})


each_widget = pytest.mark.parametrize(("page", "name"), places())
# Of each in turn all tests that share a visit to it.
each_opened = pytest.mark.parametrize(("page", "name"), places(), scope="module")
each_page = pytest.mark.parametrize("page", pages())
each_late = pytest.mark.parametrize("page", pages(), scope="module")


@pytest.fixture(scope="module")
def visited(page, name, browser, address):
    """A widget, and how it looked when it opened."""
    with shown(browser, address + page, name) as widget:
        yield widget, look(widget)


@pytest.fixture(scope="module")
def opened(visited):
    """A widget as it opens; tests leave it as it was, and the theme light."""
    return visited[0]


def look(widget):
    """How many controls there are, and all that is said."""
    return widget.at.locator("[data-control]").count(), widget.at.inner_text()


def test_there_are_widgets():
    assert places() != []


@dataclass
class Late:
    """What a page's widgets fetch before they are near, and once they are."""

    early: list
    late: dict  # address -> content
    bare: list  # the widgets that were drawn without their styles
    shared: list  # names that mean something in another widget


@pytest.fixture(scope="module")
def late(page, browser, address):
    """A fresh visit whose widgets come near after all else, their styles last."""
    context = browser.new_context()
    context.add_init_script(LATE + DRAWN_BARE)
    tab, asked, kept = context.new_page(), [], []
    tab.on("response", lambda r: asked.append(r))
    tab.route("**/style.*.css", lambda route: kept.append(route))
    tab.goto(address + page, wait_until="networkidle")
    early, count = [r.url for r in asked if is_widgets(r.url)], len(asked)
    early += [route.request.url for route in kept]
    tab.evaluate("near.forEach((call) => call())")
    tab.wait_for_timeout(500)  # long enough to start without styles
    for route in kept:
        route.continue_()
    for place in tab.locator(".bn-widget").all():
        tab.locator(f"#{place.get_attribute('id')}[data-ready]").wait_for()
    tab.wait_for_load_state("networkidle")
    fetched = {r.url: r.body() for r in asked[count:] if is_widgets(r.url)}
    found = Late(early, fetched, tab.evaluate("bare"), tab.evaluate(SHARED))
    context.close()
    return found


@each_late
def test_nothing_is_fetched_before_a_widget_is_near(page, late):
    assert late.early == []
    assert any("host" in url for url in late.late)
    assert any("/style." in url for url in late.late)


@each_late
def test_what_widgets_fetch_is_small(page, late):
    size = sum(len(gzip.compress(body, 9)) for body in late.late.values())
    assert 0 < size <= LIMIT


@each_late
def test_every_widget_waits_for_the_styles_that_it_shares(page, late):
    assert late.bare == []


@each_late
def test_widgets_of_a_page_share_no_names(page, late):
    """Else a label, or a choice, would be another widget's."""
    assert late.shared == []


@each_opened
def test_every_colour_is_one_that_it_has(page, name, opened):
    """A name that no one sets would be drawn in black."""
    used, unset = opened.at.evaluate(COLORS_USED)
    assert used > 0
    assert unset == []


def test_host_is_small():
    host = (ROOT / "web/theme/root/assets/host.js").read_bytes()
    assert len(host) <= 10_000


def assert_space_is_kept(widget, width):
    """What its place keeps free is what it takes, and it fits the window."""
    room = widget.at.evaluate("(e) => parseFloat(getComputedStyle(e).minHeight)")
    live = widget.at.locator(".bn-live").bounding_box()["height"]
    assert live <= room + 1, f"room for {room} px, {live} px used"
    assert room - live <= 40, f"room for {room} px, {live} px used"
    used = widget.page.evaluate("document.documentElement.scrollWidth")
    assert used <= width


@each_opened
def test_its_space_is_kept_free(page, name, opened):
    """In a window that is made wider; on a phone: test_phone.py."""
    opened.resize(1440)
    try:
        assert_space_is_kept(opened, 1440)
    finally:
        opened.resize(1280)


@each_opened
def test_reset_is_the_state_it_opens_in(page, name, opened, address):
    opened.at.get_by_role("button", name="Reset").click()
    opened.at.get_by_role("button", name="Copy link").click()
    link = opened.page.evaluate("navigator.clipboard.readText()")
    assert link == address + page + f"#widget-{name}"


@each_opened
def test_a_damaged_link_changes_nothing(page, name, visited, browser, address):
    bad = "gamma=1e99&values=[1]&nothing=1&seed=NaN&batch_size=%22x%22&depth={"
    with shown(browser, f"{address}{page}#widget-{name}?{bad}", name) as widget:
        assert look(widget) == visited[1]


@each_opened
def test_paper_shows_the_still(page, name, opened):
    assert not opened.at.locator(".bn-still").is_visible()
    opened.page.emulate_media(media="print")
    seen = [opened.at.locator(part).is_visible() for part in (".bn-still", ".bn-live")]
    opened.page.emulate_media(media="screen")
    assert seen == [True, False]


@each_page
def test_without_scripts_there_is_the_still(page, browser, address):
    with lent(browser, java_script_enabled=False) as tab:
        tab.page.goto(address + page)
        for place in tab.page.locator(".bn-widget").all():
            still = place.locator(".bn-still")
            assert still.is_visible(), place.get_attribute("id")
            assert len(still.get_attribute("alt")) > 30
            kept = place.bounding_box()["height"]  # no room for what never comes
            assert kept < still.bounding_box()["height"] + 40


@each_opened
def test_every_control_has_a_name_and_shows_its_focus(page, name, opened):
    for control in opened.at.locator(CONTROLS).all():
        if not control.is_visible() or control.is_disabled():
            continue
        control.focus()
        opened.page.keyboard.press("Shift")  # focus by keys is the visible kind
        look = control.evaluate(
            """(e) => {
              const seen = [e, e.nextElementSibling, ...e.children].filter(Boolean);
              return seen.some((x) => {
                const style = getComputedStyle(x);
                return style.outlineStyle !== "none" || style.stroke !== "none";
              });
            }"""
        )
        assert look, control.evaluate("(e) => e.outerHTML.slice(0, 200)")


@each_opened
def test_axe_finds_no_fault(page, name, opened):
    opened.page.evaluate("document.activeElement.blur()")
    found = faults_by_theme(opened.page, set_dark, within=f"#widget-{name}")
    opened.page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert found == {"light": [], "dark": []}


def test_what_needs_a_kernel_is_refused(tmp_path):
    """An ipywidget in a page would be dead there: the build must stop."""
    state = {"state": {"1": {"state": {"_model_name": "IntSliderModel"}}}}
    page = (
        f'<script type="{widgets.VIEW}">{{"model_id": "1"}}</script>'
        f'<script type="{widgets.STATE}">{json.dumps(state)}</script>'
    )
    parsed = BeautifulSoup(page, "html.parser")
    with pytest.raises(widgets.WidgetError, match=r"a\.html: IntSliderModel does not"):
        widgets.place_widgets(tmp_path, tmp_path / "a.html", parsed, tmp_path)
