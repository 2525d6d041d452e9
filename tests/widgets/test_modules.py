"""Every module of a widget is one text once its neighbours are in it: does it parse?"""

from pathlib import Path

import pytest

from normlab.widgets import base

from .node import call, run

HERE = Path(base.__file__).parent
MODULES = sorted(
    str(file.relative_to(HERE).with_suffix(""))
    for name in ("widget", "worker")
    for file in HERE.glob(f"*/{name}.js")
)


@pytest.mark.parametrize("name", MODULES)
def test_neighbours_have_names_of_their_own(name):
    """Two that are alike are an error before anything runs."""
    (said,) = call(name, [("no such function",)])
    assert said["error"] == "TypeError"  # it was loaded, and has none of that name


def test_a_name_that_stands_twice_is_seen():
    with pytest.raises(AssertionError, match="SyntaxError"):
        run("signal/layers", [], ("const PIXELS", "const RAISED = 1;\nconst PIXELS"))
