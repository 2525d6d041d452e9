"""The built site, watched, and one window of each browser that is driven here."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup

sys.path.insert(0, str(Path(__file__).parents[1]))  # for their helpers
sys.path.insert(0, str(Path(__file__).parents[1] / "site"))
from drivers import DRIVERS
from watched import watched

ROOT = Path(__file__).parents[2]
SITE = Path(os.environ.get("BOOK_SITE", ROOT / "_build" / "html"))
UNBUILT = "the book is not built: run `make book`"


def built_pages():
    """Every page of the site but the root, which leads to the first of them."""
    pages = [page.relative_to(SITE).as_posix() for page in sorted(SITE.rglob("*.html"))]
    return [page for page in pages if page != "index.html"]


@pytest.fixture(scope="session", params=DRIVERS)
def browser(request):
    with DRIVERS[request.param]() as driven:
        yield driven


@pytest.fixture(scope="session")
def served():
    """The site under the path that it has when published."""
    assert (SITE / "search.html").exists(), UNBUILT
    soup = BeautifulSoup((SITE / "search.html").read_text("utf-8"), "html.parser")
    canonical = soup.select_one("link[rel=canonical]")["href"]
    with watched(SITE, urlsplit(canonical).path.removesuffix("search.html")) as site:
        yield site


@pytest.fixture
def site(served):
    served.missing.clear()
    return served
