"""A chapter's Colab notebook runs where only the built wheel is, not this checkout."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from normlab.data import find_folder
from normlab.runs.store import folder
from web.colab.__main__ import write
from web.colab.index import Book
from web.colab.notebook import convert_chapter

from .conftest import ROOT

CHAPTER = "batch-norm-by-hand"
# One line is a folder (the editable install's own .pth there is not read); the other
# hides MyST-NB, because Colab has nothing of the book's tool chain.
BORROWED = """\
{packages}
import sys; sys.modules["myst_nb"] = None
"""
SITE_PACKAGES = "import sysconfig; print(sysconfig.get_path('purelib'))"
WHERE = """\
import json, normlab
from normlab.runs import EXPERIMENTS
from normlab.runs.store import folder, load, records
tables = sorted(path.stem for path in folder().glob("*.json"))
loaded = {name: len(load(name)) for name in EXPERIMENTS if records(name)}
print(json.dumps([normlab.__file__, str(folder()), tables, loaded]))
"""
FROM_THE_WHEEL = """\
import normlab, sys
assert normlab.__file__.startswith(sys.prefix), normlab.__file__
assert "myst_nb" not in sys.modules or sys.modules["myst_nb"] is None
"""


def run(*command, cwd, **environment):
    """Run a command that knows nothing of the checkout; show its output on failure."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, f"{result.stdout[-4000:]}\n{result.stderr[-4000:]}"
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel, with what is installed here and without a network."""
    out = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation")
    run(*build, "--outdir", out, ROOT, cwd=out)
    (built,) = out.glob("normlab-*.whl")
    return built


@pytest.fixture(scope="module")
def python(tmp_path_factory, wheel):
    """Return a Python of its own: the wheel, and PyTorch and the like from here."""
    home = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", home, cwd=home)
    python = home / "bin" / "python"
    install = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    run(python, *install, wheel, cwd=home)
    packages = Path(run(python, "-c", SITE_PACKAGES, cwd=home).strip())
    here = sysconfig.get_path("purelib")
    (packages / "borrowed.pth").write_text(BORROWED.format(packages=here))
    return python


def test_wheel_brings_the_recorded_runs(python, tmp_path):
    result = run(python, "-c", WHERE, cwd=tmp_path, NORMLAB_RESULTS="")
    package, results, tables, loaded = json.loads(result.splitlines()[-1])
    home = python.parents[1].resolve()
    assert Path(package).resolve().is_relative_to(home)
    assert Path(results) == Path(package).parent / "_results"
    assert tables == sorted(path.stem for path in folder().glob("*.json"))
    assert all(loaded.values())


def test_chapter_runs_from_the_wheel(python, wheel, tmp_path):
    (page,) = (page for page in Book(ROOT).chapters() if page.name == CHAPTER)
    notebook = convert_chapter(page, str(wheel))
    last = new_code_cell(FROM_THE_WHEEL, id="from-the-wheel")
    notebook.cells.append(last)
    write(tmp_path / "chapter.ipynb", notebook)
    images = find_folder()
    assert images, "Fashion-MNIST is missing: make data"
    nbmake = ("-m", "pytest", "--nbmake", "-q", "-p", "no:cacheprovider")
    output = run(
        *(python, *nbmake, "--rootdir", tmp_path, "chapter.ipynb"),
        cwd=tmp_path,
        FASHION_MNIST_DIR=str(images.resolve()),
        NORMLAB_RESULTS="",
        PIP_NO_INDEX="1",
    )
    assert "1 passed" in output
