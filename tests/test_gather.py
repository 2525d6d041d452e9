"""A room shows what its modules define, and refuses two things of one name."""

import sys

import pytest

from normlab.gather import public


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A package of which a test writes the modules."""
    folder = tmp_path / "some_room"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [n for n in sys.modules if n.split(".")[0] == "some_room"]:
        del sys.modules[name]


def shown(room, **options):
    return public("some_room", [str(room)], **options)


def test_what_a_module_defines_is_shown_and_what_it_imports_is_not(room):
    (room / "one.py").write_text(
        "from math import sqrt\nfrom json import dumps\nA = 1\n"
        "def f(): ...\ndef _g(): ...\nclass C: ...\n"
    )
    (room / "two.py").write_text("from some_room.one import f\ndef h(): ...\n")
    assert [*shown(room)] == ["f", "C", "h"]
    assert [*shown(room, leave_out={"two"})] == ["f", "C"]


@pytest.mark.parametrize("name", ["f", "one"])
def test_two_things_of_one_name_are_refused(room, name):
    (room / "one.py").write_text("def f(): ...\n")
    (room / "two.py").write_text(f"def {name}(): ...\n")
    with pytest.raises(ImportError, match=f"two things named '{name}'"):
        shown(room)
