"""An address says how a widget stands: links, Reset, Back and Forward agree on it."""

import pytest
from hand import shown
from test_widgets import each_widget


@pytest.fixture
def opened(browser, address, request):
    page, name = request.getfixturevalue("page"), request.getfixturevalue("name")
    with shown(browser, address + page, name) as widget:
        yield widget


def fragment(widget):
    """How the widget stands, as a link would say it."""
    return widget.link().partition("#")[2]


KEYS = "Home", "ArrowRight", "ArrowRight", "ArrowLeft", "End"


def move(widget, number):
    """Move the first slider by a key of ``KEYS``; return how the widget stands then.

    Without sliders, take the option of this number of those that are not chosen; of a
    list, one behind the first.
    """
    slider = widget.at.locator("input[type=range]:enabled")
    if slider.count():
        widget.press(slider.first, KEYS[number])
    else:
        others = widget.at.get_by_role("radio", checked=False)
        if others.count():
            others.nth(number % others.count()).click()
        else:
            widget.at.locator("select").first.select_option(index=1 + number)
        widget.settle()
    return fragment(widget)


def reset(widget):
    widget.click("Reset")
    widget.settle()


def follow(widget, link):
    """Click a link of the page that sets the widget."""
    widget.page.evaluate(
        """(link) => {
          const anchor = document.createElement("a");
          anchor.href = `#${link}`;
          anchor.textContent = "state";
          anchor.id = "state";
          document.querySelector("#state")?.remove();
          document.querySelector("article").prepend(anchor);
          anchor.click(); // whether or not the page still scrolls to a widget
        }""",
        link,
    )
    arrive(widget)


def arrive(widget):
    widget.page.wait_for_timeout(100)
    widget.settle()


def two_states(widget):
    """Links to two states that differ from the first, which the widget has again."""
    links = [move(widget, number) for number in range(3)]
    reset(widget)
    first = fragment(widget)  # of some sliders the lowest
    others = [link for link in dict.fromkeys(links) if link != first]
    assert len(others) >= 2
    return others[:2]


@each_widget
def test_a_link_sets_the_whole_state_each_time(page, name, opened):
    """Again after Reset; and what the reader moved before does not mix with it."""
    one, two = two_states(opened)
    for _ in range(2):
        follow(opened, one)
        assert fragment(opened) == one
        reset(opened)
    follow(opened, two)
    follow(opened, one)
    assert fragment(opened) == one
    follow(opened, f"widget-{name}")
    assert fragment(opened) == f"widget-{name}"


@each_widget
def test_back_and_forward_restore_what_the_address_says(page, name, opened):
    """Of an address that says nothing, what the widget was when it was left."""
    one, two = two_states(opened)
    own = move(opened, 3)  # in no address
    opened.page.evaluate("location.hash = '#elsewhere'")
    arrive(opened)
    assert fragment(opened) == own
    follow(opened, one)
    move(opened, 4)
    follow(opened, two)
    ways = [("back", one), ("back", own), ("forward", one), ("forward", two)]
    for way, state in ways:
        opened.page.evaluate(f"history.{way}()")
        arrive(opened)
        assert fragment(opened) == state


def test_back_to_a_page_that_was_not_touched(browser, address):
    url, name = address + "notebooks/batch-norm-by-hand.html", "five-numbers"
    with shown(browser, url, name) as widget:
        follow(widget, f"widget-{name}?gamma=-1")
        assert fragment(widget) == f"widget-{name}?gamma=-1"
        widget.page.go_back()
        arrive(widget)
        assert fragment(widget) == f"widget-{name}"
