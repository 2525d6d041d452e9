"""Every link inside the site leads to a page, and to a place on it, that exists."""

import json
from posixpath import dirname, join, normpath
from urllib.parse import parse_qsl, unquote, urlsplit

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
        name = anchor.split("?")[0]  # what follows is the state of a widget
        if not (site / target).is_file() or (name and name not in known):
            lost.append(link)
    assert lost == []


def test_links_to_widgets_set_what_can_be_set(page_name, site, soups):
    """A widget leaves alone what its controls do not allow, so a link says nothing."""
    for link in soups[page_name].select('a[href^="#widget-"]'):
        name, _, query = link["href"].removeprefix("#").partition("?")
        place = soups[page_name].find(id=name)
        state = json.loads(
            (site / page_name).parent.joinpath(place["data-state"]).read_text()
        )
        for trait, value in parse_qsl(query, strict_parsing=bool(query)):
            assert fits(json.loads(value), state["traits"]["controls"][trait]), link[
                "href"
            ]


def fits(value, control):
    if control["options"]:
        return value in [option for option, _ in control["options"]]
    values = value if control["length"] else [value]
    inside = (control["low"] <= v <= control["high"] for v in values)
    return all(inside) and len(values) == max(control["length"], 1)


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
