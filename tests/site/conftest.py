"""The built site, a server for it, one browser, and one visit to each page."""

import os
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from browser import launch
from bs4 import BeautifulSoup
from server import published
from visit import SIZE, visited

ROOT = Path(__file__).parents[2]
SITE = Path(os.environ.get("BOOK_SITE", ROOT / "_build" / "html"))
UNBUILT = "the book is not built: run `make book`"


def built_pages():
    """Return every page of the site; the root's redirect is tested by itself."""
    files = sorted(SITE.rglob("*.html"))
    pages = [f.relative_to(SITE).as_posix() for f in files]
    return [p for p in pages if p != "index.html" and not p.startswith("_")] or [
        UNBUILT
    ]


def pytest_generate_tests(metafunc):
    """Run a test that takes `page_name` or `chapter` once for each of them.

    Of each page in turn all tests that share the visit to it.
    """
    if "page_name" in metafunc.fixturenames:
        scope = "module" if "visit" in metafunc.fixturenames else "function"
        metafunc.parametrize("page_name", built_pages(), scope=scope)
    if "chapter" in metafunc.fixturenames:
        chapters = [p for p in built_pages() if p.startswith("notebooks/")]
        metafunc.parametrize("chapter", chapters or [UNBUILT])


@pytest.fixture(scope="session")
def site():
    assert (SITE / "404.html").exists(), UNBUILT
    return SITE


@cache
def soup(path):
    """A page's HTML, parsed once for all tests; read it, never change it."""
    return BeautifulSoup((SITE / path).read_text("utf-8"), "html.parser")


@pytest.fixture(scope="session")
def soups(site):
    """Every page's HTML, parsed."""
    return {path: soup(path) for path in [*built_pages(), "index.html"]}


@pytest.fixture(scope="session")
def repository():
    """(owner, name) from the environment or the configuration, as in the build."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    address = os.environ.get("GITHUB_REPOSITORY") or settings["repository"]["url"]
    return tuple(address.rstrip("/").split("/")[-2:])


@pytest.fixture(scope="session")
def address(site):
    """The site under the path that it has when published."""
    canonical = soup("search.html").select_one("link[rel=canonical]")["href"]
    prefix = urlsplit(canonical).path.removesuffix("search.html")
    with published(site, prefix) as url:
        yield url


@pytest.fixture(scope="session")
def browser(playwright):
    browser = launch(playwright)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def visit(page_name, browser, address):
    """The one visit to a page that its tests share; the page is still open."""
    with visited(browser, address + page_name) as visit:
        yield visit


@pytest.fixture
def tab(browser):
    """A fresh tab, for tests that click and type."""
    context = browser.new_context(viewport=SIZE)
    yield context.new_page()
    context.close()
