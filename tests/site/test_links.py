"""Every link inside the site leads to a page, and to a place on it, that exists."""

from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit

import pytest


@pytest.fixture(scope="session")
def places(soups):
    """The ids on each page."""
    return {
        path: {e["id"] for e in soup.select("[id]")} for path, soup in soups.items()
    }


def internal_links(path, soup, prefix):
    """Yield (link, target path, anchor) of every link of a page into the site."""
    for element in soup.select(
        "a[href], link[href], img[src], script[src], form[action]"
    ):
        key = next(k for k in ("href", "src", "action") if k in element.attrs)
        parts = urlsplit(element[key])
        if parts.scheme or parts.netloc:
            continue
        target = unquote(parts.path)
        if target.startswith("/"):
            assert target.startswith(prefix), f"{element[key]} leaves the site"
            target = target.removeprefix(prefix)
        else:
            target = normpath(join(dirname(path), target)) if target else path
        yield element[key], target, unquote(parts.fragment)


def test_links_lead_somewhere(page_name, site, soups, places, address):
    prefix = urlsplit(address).path
    lost = []
    for link, target, anchor in internal_links(page_name, soups[page_name], prefix):
        known = places.get(target, {anchor})
        if not (site / target).is_file() or (anchor and anchor not in known):
            lost.append(link)
    assert lost == []


def test_no_page_links_to_this_machine(page_name, soups):
    text = str(soups[page_name])
    for word in ("localhost", "127.0.0.1", "file://"):
        assert f'"{word}' not in text and f"//{word}" not in text


def test_every_page_is_in_the_sitemap(site, soups):
    sitemap = (site / "sitemap.xml").read_text("utf-8")
    hidden = {"index.html", "404.html", "search.html", "genindex.html"}
    for path, soup in soups.items():
        if path not in hidden:
            canonical = soup.select_one("link[rel=canonical]")["href"]
            assert f"<loc>{canonical}</loc>" in sitemap


def test_root_leads_to_the_book(tab, address):
    tab.goto(address)
    tab.wait_for_url("**/book/index.html")
    assert tab.locator("h1").count() == 1


def test_shared_image_is_there(site, soups, address):
    prefix = urlsplit(address).path
    for path, soup in soups.items():
        for meta in soup.select('meta[property="og:image"]'):
            image = urlsplit(meta["content"]).path.removeprefix(prefix)
            assert (site / image).is_file(), path
