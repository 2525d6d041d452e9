"""What axe must find, so that what it finds in no page (test_pages.py) is not there."""

import pytest
from axe import faults_by_theme, set_dark

MADE_UP = """<!DOCTYPE html><html lang="en" data-theme="light"><title>A page</title>
<style>{style}</style><body style="background: #fff"><main><h1>A title</h1>
<p style="transition: color 0.2s">Text</p>{more}</main>"""
DARK = "[data-theme=dark]"


@pytest.mark.parametrize(
    ("style", "more", "light", "dark"),
    [
        ("", "", [], []),
        ("p { color: #ccc }", "", ["color-contrast"], ["color-contrast"]),
        (f"{DARK} p {{ color: #ccc }}", "", [], ["color-contrast"]),
        (f"p {{ color: #ccc }} {DARK} p {{ color: #000 }}", "", ["color-contrast"], []),
        (
            f"img {{ display: none }} {DARK} img {{ display: block }}",
            '<img src="data:," width="9" height="9">',
            [],
            ["image-alt"],
        ),
        ("", "<button></button>", ["button-name"], []),
        # of the same colour, but not on the same ground, or not of the same size
        (
            "b { background: #111 }",
            "<p>Text <b>dark on dark</b></p>",
            ["color-contrast"],
            ["color-contrast"],
        ),
        (
            "section { opacity: 0.3 }",
            "<section><p>Text</p></section>",
            ["color-contrast"],
            ["color-contrast"],
        ),
        (
            "p { color: #888; font-size: 30px } i { font-size: 9px }",
            "<p>Large <i>and small</i></p>",
            ["color-contrast"],
            ["color-contrast"],
        ),
        (
            "input { color: #ddd; background: #fff }",
            '<label>A name <input value="shown"></label>',
            ["color-contrast"],
            ["color-contrast"],
        ),
    ],
)
def test_a_fault_in_either_theme_is_found(style, more, light, dark, tab):
    """What colours do not change is named once, in light."""
    tab.set_content(MADE_UP.format(style=style, more=more))
    found = faults_by_theme(tab, set_dark)
    named = {name: [f.split(":")[0] for f in found[name]] for name in found}
    assert named == {"light": light, "dark": dark}
