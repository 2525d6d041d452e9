"""What `make book` does again when something changed, asked with --dry-run."""

import shlex
import subprocess
from pathlib import Path

import pytest

from normlab.runs import EXPERIMENTS

ROOT = Path(__file__).parents[1]


def plan(changed):
    """The commands that `make book` would run if the file had just changed."""
    result = subprocess.run(
        ["make", "--dry-run", f"--what-if={changed}", "book"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout


@pytest.mark.parametrize(
    "changed",
    ["normlab/models.py", "results/lenet.csv", "benchmarks/results/latest.json"],
)
def test_changed_code_or_records_execute_every_chapter_anew(changed):
    commands = plan(changed)
    assert "rm -rf _build/.jupyter_cache _build/.doctrees" in commands
    assert "jupyter-book build" in commands


@pytest.mark.parametrize("changed", ["notebooks/lenet.md", "web/booksite/tidy.py"])
def test_a_changed_page_keeps_the_other_chapters(changed):
    commands = plan(changed)
    assert "jupyter-book build" in commands
    assert ".jupyter_cache" not in commands


def test_what_makes_the_notebooks_builds_no_page():
    commands = plan("web/colab/roles.py")
    assert "-m web.colab _build/html/colab" in commands
    assert "jupyter-book" not in commands


def test_the_notebooks_follow_the_pages():
    assert "-m web.colab _build/html/colab" in plan("notebooks/lenet.md")


def test_a_changed_test_builds_nothing():
    commands = plan("tests/test_make.py")
    assert "jupyter-book" not in commands and "web.colab" not in commands


def test_sums_are_tested_as_on_an_older_processor():
    """What it names is there, and what it leaves out is a part of it."""
    command = subprocess.run(
        ["make", "--dry-run", "test-avx2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "ATEN_CPU_CAPABILITY=avx2" in command
    assert "OMP_NUM_THREADS=1" in command
    words = shlex.split(command)
    named = [word.split("::") for word in words if word.startswith("tests/")]
    assert {"tests/layers", "tests/gradients"} <= {path for path, *_ in named}
    for path, *test in named:
        assert (ROOT / path).exists()
        assert all(f"def {name}(" in (ROOT / path).read_text() for name in test)
    left_out = [word[11:] for word in words if word.startswith("--deselect=")]
    for path, test in (word.split("::") for word in left_out):
        function, beginning = test.split("[")
        assert [path, function] in named
        assert any(name.startswith(beginning) for name in EXPERIMENTS)
