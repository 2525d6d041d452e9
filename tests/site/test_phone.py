"""Widgets on a phone: narrow, with wider text, under a finger that wants to scroll."""

from itertools import product

import pytest
from hand import shown
from test_widgets import each_widget

# The distances that WCAG 1.4.12 wants a reader to be able to set.
SPACED = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
  word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; }"""
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
    with shown(browser, address + page, name, width=390, bypass_csp=True) as widget:
        for width, style in ((390, " "), (360, " "), (320, " "), (390, SPACED)):
            widget.page.set_viewport_size({"width": width, "height": 844})
            widget.page.add_style_tag(content=style)
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


@pytest.fixture
def phone(browser, address):
    """Return a function that opens a widget on a phone, with room to scroll below."""
    opened = []

    def open_widget(page, name):
        widget = shown(browser, address + page, name, width=390, is_mobile=True)
        opened.append(widget)
        found = widget.__enter__()
        found.page.evaluate("document.body.style.padding = '900px 0 3000px'")
        return found

    yield open_widget
    for widget in opened:
        widget.__exit__(None, None, None)


def scrolled(widget):
    return widget.page.evaluate("scrollY")


def swiped(widget, target, *way, **options):
    """Swipe; return (the link before and after, how far the page then has scrolled)."""
    before = widget.link()
    target.evaluate("(e) => e.scrollIntoView({ block: 'center', behavior: 'instant' })")
    top = scrolled(widget)
    widget.swipe(target, *way, **options)
    widget.page.evaluate(REST)
    distance = scrolled(widget) - top
    return before, widget.link(), distance


@each_widget
def test_a_finger_that_scrolls_moves_nothing(page, name, phone):
    """Up or down, a little aslant: from each slider, handle and grid."""
    widget = phone(page, name)
    for target, dy in product(widget.at.locator(DRAGGED).all(), (-200, 200)):
        before, after, distance = swiped(widget, target, 12, dy, at=0.3)
        assert after == before, target.evaluate("(e) => e.outerHTML.slice(0, 200)")
        assert -dy * distance > 100 * 100


@each_widget
def test_a_finger_that_goes_sideways_moves_it(page, name, phone):
    widget = phone(page, name)
    for target in widget.at.locator(DRAGGED).all():
        way = -60 if "microscope" not in name else 60
        before, after, distance = swiped(widget, target, way, 5)
        assert after != before, target.evaluate("(e) => e.outerHTML.slice(0, 200)")
        assert abs(distance) < 5
        widget.click("Reset")
        widget.settle()


@each_widget
def test_a_tap_on_a_slider_sets_it(page, name, phone):
    widget = phone(page, name)
    for slider in widget.at.locator(SLIDER).all():
        swiped(widget, slider, 0, 0, at=0.98)
        assert slider.evaluate("(e) => e.value === e.max")
        swiped(widget, slider, 0, 0, at=0.02)
        assert slider.evaluate("(e) => e.value === e.min")


def test_a_point_that_has_the_focus_goes_up_and_down(phone):
    """Tapped first, it follows the finger; the page stays."""
    widget = phone("notebooks/backward-by-hand.html", "projection")
    point = widget.at.get_by_role("slider", name="value 2")
    g = widget.number("g-1")
    widget.swipe(point, 0)
    assert point.evaluate("(e) => document.activeElement === e")
    assert widget.number("g-1") == g
    point.evaluate("(e) => e.scrollIntoView({ block: 'center', behavior: 'instant' })")
    top = scrolled(widget)
    widget.swipe(point, 0, -40)
    assert widget.number("g-1") > g + 0.3
    assert abs(scrolled(widget) - top) < 5


def test_numbers_under_a_scrolling_finger_stay(phone):
    """Also while the finger is down, when a network would start anew."""
    widget = phone("notebooks/playground.html", "playground")
    widget.at.get_by_role("button", name="Step", exact=True).tap()
    step = widget.at.locator("[data-value=step]", has_text="1")
    step.wait_for()
    slider = widget.control("depth").locator("input")
    swiped(widget, slider, 0, -200, at=0.2)
    assert step.inner_text() == "1"
    assert widget.control("depth").locator("output").inner_text() == "15"
    assert slider.input_value() == "14"  # the place of 15 in its list
