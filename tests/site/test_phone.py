"""Widgets on a phone: narrow, with wider text, under a finger that wants to scroll."""

from itertools import cycle

import pytest
from hand import shown
from test_widgets import each_opened, each_widget

# The distances that WCAG 1.4.12 wants a reader to be able to set.
SPACED = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
  word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; }"""
# As a reader's own, which no policy of the page stops.
WEAR = """(css) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [sheet];
}"""
# Until the page has stood still for some frames.
REST = """() => new Promise((done) => {
  let [same, last] = [0, scrollY];
  const look = () => {
    same = scrollY === last ? same + 1 : 0;
    last = scrollY;
    same < 6 ? requestAnimationFrame(look) : done();
  };
  look();
})"""
# What sticks out of a widget, if no box of its own scrolls it.
OUT = """(widget) => {
  const room = widget.getBoundingClientRect();
  const boxed = (e) => e !== widget &&
    (getComputedStyle(e).overflowX !== "visible" || boxed(e.parentElement));
  return [...widget.querySelectorAll("*")].filter((e) => {
    const { left, right, width } = e.getBoundingClientRect();
    const out = right > room.right + 1 || left < room.left - 1;
    return out && width && !boxed(e.parentElement) && !e.closest(".bn-hidden");
  }).map((e) => e.outerHTML.slice(0, 120));
}"""
SLIDER = "input[type=range]:enabled:visible"
DRAGGED = f"{SLIDER}, .bn-handle, .bn-axes-grid"


@each_widget
def test_nothing_leaves_its_widget(page, name, browser, address):
    """On a phone that is turned smaller, then with a reader's own spacing of text."""
    with shown(browser, address + page, name, width=390) as widget:
        for width, style in ((390, ""), (360, ""), (320, ""), (390, SPACED)):
            widget.page.set_viewport_size({"width": width, "height": 844})
            widget.page.evaluate(WEAR, style)
            widget.settle()
            assert widget.at.locator(".bn-live").evaluate(OUT) == [], width
            room = widget.at.evaluate("(e) => e.clientWidth - e.scrollWidth")
            assert room >= 0, width


@each_widget
def test_a_table_that_scrolls_can_be_reached_by_keys(page, name, browser, address):
    with shown(browser, address + page, name, width=200) as widget:
        for box in widget.at.locator(".bn-table").all():
            wide = box.evaluate("(e) => e.scrollWidth > e.clientWidth")
            assert box.get_attribute("tabindex") == ("0" if wide else None)


@pytest.fixture(scope="module")
def held(page, name, browser, address):
    """A widget on a phone, with room to scroll below, for all tests of fingers."""
    with shown(browser, address + page, name, width=390, is_mobile=True) as widget:
        widget.page.evaluate("document.body.style.padding = '900px 0 3000px'")
        yield widget


@pytest.fixture
def phone(held):
    """The same as it opens, and without the focus."""
    held.click("Reset")
    held.page.evaluate("document.activeElement.blur()")
    held.settle()
    return held


def scrolled(widget):
    return widget.page.evaluate("scrollY")


def swipe(widget, target, *way, **options):
    """Swipe; return how far the page then has scrolled."""
    target.evaluate("(e) => e.scrollIntoView({ block: 'center', behavior: 'instant' })")
    top = scrolled(widget)
    widget.swipe(target, *way, **options)
    widget.page.evaluate(REST)
    return scrolled(widget) - top


def swiped(widget, target, *way, **options):
    """Swipe; return (the link before and after, how far the page then has scrolled)."""
    before = widget.link()
    distance = swipe(widget, target, *way, **options)
    return before, widget.link(), distance


@each_opened
def test_a_finger_that_scrolls_moves_nothing(page, name, phone):
    """Up and down in turn, a little aslant: from each slider, handle and grid."""
    targets = phone.at.locator(DRAGGED).all()
    targets *= 2 if len(targets) == 1 else 1
    for target, dy in zip(targets, cycle((-200, 200))):
        before, after, distance = swiped(phone, target, 12, dy, at=0.3)
        assert after == before, target.evaluate("(e) => e.outerHTML.slice(0, 200)")
        assert -dy * distance > 100 * 100


@each_opened
def test_a_finger_that_goes_sideways_moves_it(page, name, phone):
    for target in phone.at.locator(DRAGGED).all():
        # To the right where a slider of few stops would come back to its own.
        way = 60 if "microscope" in name or name == "turns" else -60
        before, after, distance = swiped(phone, target, way, 5)
        assert after != before, target.evaluate("(e) => e.outerHTML.slice(0, 200)")
        assert abs(distance) < 5
        phone.click("Reset")
        phone.settle()


@each_opened
def test_a_tap_on_a_slider_sets_it(page, name, phone):
    for slider in phone.at.locator(SLIDER).all():
        swipe(phone, slider, 0, 0, at=0.98)
        assert slider.evaluate("(e) => e.value === e.max")
        swipe(phone, slider, 0, 0, at=0.02)
        assert slider.evaluate("(e) => e.value === e.min")


@pytest.mark.parametrize(
    ("page", "name"),
    [("notebooks/backward-by-hand.html", "projection")],
    scope="module",
)
def test_a_point_that_has_the_focus_goes_up_and_down(page, name, phone):
    """Tapped first, it follows the finger; the page stays."""
    point = phone.at.get_by_role("slider", name="value 2")
    g = phone.number("g-1")
    phone.swipe(point, 0)
    assert point.evaluate("(e) => document.activeElement === e")
    assert phone.number("g-1") == g
    point.evaluate("(e) => e.scrollIntoView({ block: 'center', behavior: 'instant' })")
    top = scrolled(phone)
    phone.swipe(point, 0, -40)
    assert phone.number("g-1") > g + 0.3
    assert abs(scrolled(phone) - top) < 5


@pytest.mark.parametrize(
    ("page", "name"), [("notebooks/playground.html", "playground")], scope="module"
)
def test_numbers_under_a_scrolling_finger_stay(page, name, phone):
    """Also while the finger is down, when a network would start anew."""
    phone.at.get_by_role("button", name="Step", exact=True).tap()
    step = phone.at.locator("[data-value=step]", has_text="1")
    step.wait_for()
    slider = phone.control("depth").locator("input")
    swiped(phone, slider, 0, -200, at=0.2)
    assert step.inner_text() == "1"
    assert phone.control("depth").locator("output").inner_text() == "15"
    assert slider.input_value() == "14"  # the place of 15 in its list
