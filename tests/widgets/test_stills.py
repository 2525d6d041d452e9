"""Stills: the build draws them, from the state that a kernel left; a kernel never."""

import json
import sys
from pathlib import Path

import pytest
import torch
from bs4 import BeautifulSoup
from ipywidgets.embed import dependency_state, embed_data, escape_script
from matplotlib.figure import Figure
from torch import nn

from normlab import widgets
from normlab.widgets import base

sys.path.insert(0, str(Path(__file__).parents[2] / "web"))
from booksite import widgets as build

each = pytest.mark.parametrize("name", widgets.__all__)
JUDGES = {"TryClaims"}  # one of its verdicts is computed, as a card's would be


class SpentError(Exception):
    """A kernel did what only the build should."""


def forbidden(*_, **__):
    raise SpentError


@pytest.fixture
def kernel(monkeypatch):
    """No network is called, no gradient taken and no figure written in here."""
    with monkeypatch.context() as patched:
        patched.setattr(nn.Module, "__call__", forbidden)
        patched.setattr(torch.Tensor, "backward", forbidden)
        patched.setattr(Figure, "savefig", forbidden)
        yield


def page_of(shown):
    """What a notebook leaves in a page for a widget."""
    state = dependency_state([shown], drop_defaults=False)
    data = embed_data(views=[shown], state=state)
    blocks = [(build.VIEW, data["view_specs"][0]), (build.STATE, data["manager_state"])]
    return "".join(
        f'<script type="{kind}">{escape_script(json.dumps(content))}</script>'
        for kind, content in blocks
    )


@each
def test_a_kernel_draws_no_still(name, request):
    made = getattr(widgets, name)
    judged = made() if name in JUDGES else None
    request.getfixturevalue("kernel")
    shown = judged or made()
    assert not any("<svg" in str(value) for value in shown.get_state().values())
    with pytest.raises(SpentError):
        shown.stills()


@each
def test_the_build_draws_it_from_the_state(name, tmp_path, monkeypatch):
    cls = getattr(widgets, name)
    seen = []
    # What a picture costs is another test's.
    monkeypatch.setattr(cls, "picture", lambda self: seen.append(self) or Figure())
    text = page_of(cls())
    for _ in range(2):
        soup = BeautifulSoup(text, "html.parser")
        build.place_widgets(tmp_path, tmp_path / "a.html", soup, tmp_path / "stills")
        still = tmp_path / soup.select_one(".bn-still")["src"]
        assert "<svg" in still.read_text()
    assert len(seen) == 1, "drawn again though nothing changed"


def test_the_still_is_of_the_state_that_was_left(tmp_path):
    shown = widgets.FiveNumbers(gamma=-1.0)
    soup = BeautifulSoup(page_of(shown), "html.parser")
    build.place_widgets(tmp_path, tmp_path / "a.html", soup, tmp_path)
    still = (tmp_path / soup.select_one(".bn-still")["src"]).read_bytes()
    assert still == shown.stills()["svg"] != widgets.FiveNumbers().stills()["svg"]


def test_the_site_does_not_say_what_a_saved_notebook_says(tmp_path):
    note = f'<div class="output text_html">{base.WAKE.data}</div>'
    soup = BeautifulSoup(page_of(widgets.FiveNumbers()) + note, "html.parser")
    build.place_widgets(tmp_path, tmp_path / "a.html", soup, tmp_path)
    assert "run this cell" not in str(soup)


def test_a_notebook_keeps_a_sentence_beside_the_widget(monkeypatch):
    """For whoever opens it again without the kernel: what to do, in words."""
    shown = []
    monkeypatch.setattr(base, "display", lambda what, raw=False: shown.append(what))
    widgets.FiveNumbers()._ipython_display_()
    bundle, note = shown
    assert build.VIEW in bundle
    assert "run this cell again" in note.data
