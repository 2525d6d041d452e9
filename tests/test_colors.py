"""The table of colours: text in them can be read, and none is taken for another."""

import re
from pathlib import Path

import pytest
from colors import LEAST, PAGES, ROOT, alike, can_be_read, distances, on_white

from normlab import widgets
from normlab.figures.style import COLORS, MEANINGS, NORMALIZERS

each_page = pytest.mark.parametrize("page", PAGES)


def together():
    """Figures' file or widget -> the names of the colours that may meet there."""
    found = {}
    for file in sorted((ROOT / "normlab/figures").glob("[!_]*.py")):
        chapter = ROOT / f"notebooks/{file.stem.replace('_', '-')}.md"
        text = file.read_text("utf-8")
        text += chapter.read_text("utf-8") if chapter.exists() else ""
        found[file.name] = set(re.findall(r'COLORS\["(\w+)"\]', text))
    found.pop("style.py")
    for name in widgets.__all__:
        found[name] = set(getattr(widgets, name).paints)
    return found


TOGETHER = together()


@pytest.mark.parametrize("name", COLORS)
def test_a_label_in_any_colour_can_be_read(name):
    assert can_be_read(COLORS[name])


def test_a_colour_has_one_meaning():
    """But evaluation mode, which is how a network with batch normalization is shown."""
    others = {name: c for name, c in MEANINGS.items() if name != "evaluation"}
    colors = list((NORMALIZERS | others).values())
    assert len(set(colors)) == len(colors)


@each_page
def test_no_normalizer_is_taken_for_another(page):
    assert not alike(NORMALIZERS, page)


@each_page
@pytest.mark.parametrize("place", TOGETHER)
def test_no_colour_is_taken_for_another_beside_it(place, page):
    assert not alike(TOGETHER[place], page)


def test_colours_that_differ_by_hue_alone_are_found(monkeypatch):
    """Orange and brown of one lightness: apart for most, the same without red cones."""
    monkeypatch.setitem(COLORS, "brown", "#8F6000")
    assert alike(["none", "brown"], "light")
    apart = distances(COLORS["none"], "#8F6000", on_white)
    assert apart["any colour vision"] > LEAST["light"] > apart["protanopia"]


@pytest.mark.parametrize("name", widgets.__all__)
def test_a_widget_paints_with_the_colours_it_is_given(name):
    kind = getattr(widgets, name)
    folder = Path(ROOT, *kind.__module__.split("."))
    text = "".join(file.read_text("utf-8") for file in folder.glob("*.js"))
    used = set(re.findall(r"--bn-(\w+)", text))
    assert used <= set(kind.paints) <= set(COLORS)


def test_the_stylesheet_paints_with_colours_of_the_table():
    css = (ROOT / "normlab/widgets/widget.css").read_text("utf-8")
    own = set(re.findall(r"^  --bn-(\w+):", css, re.MULTILINE))
    assert set(re.findall(r"var\(--bn-(\w+)\)", css)) - own <= set(COLORS)
