"""What every test may ask for: one thread, a few real images, an empty results/."""

from pathlib import Path

import pytest
import torch

from normlab.data import fashion_mnist

# Files that take long begin first: else one process ends with them, the other idle.
LONG = [
    *("site/test_pages.py", "site/test_widgets.py", "site/test_phone.py"),
    *("site/test_playground.py", "site/test_addresses.py", "notebooks/test_wheel.py"),
]


def pytest_collection_modifyitems(items):
    tests = Path(__file__).parent
    long = {tests / name: at for at, name in enumerate(LONG)}
    items.sort(key=lambda item: long.get(item.path, len(long)))


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    torch.set_num_threads(1)  # as the recorded runs do


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def fashion():
    """All of Fashion-MNIST; read it, never change it."""
    return fashion_mnist(download=False)


@pytest.fixture(scope="session")
def playwright():
    """One for all tests of a process: a second one beside it would not start."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


@pytest.fixture
def images(fashion):
    """The first 600 training images and their labels."""
    train_x, train_y, _, _ = fashion
    return train_x[:600].clone(), train_y[:600].clone()


@pytest.fixture
def results(tmp_path, monkeypatch):
    """An empty folder in the place of ``results/``."""
    folder = tmp_path / "results"
    folder.mkdir()
    monkeypatch.setenv("NORMLAB_RESULTS", str(folder))
    return folder
