"""What a reader does: switch the theme, search, unfold, copy, download, get lost."""

import json
from urllib.parse import urljoin

import pytest


def test_theme_switch_turns_dark(tab, address):
    tab.emulate_media(color_scheme="light")
    tab.goto(address + "book/index.html")
    assert tab.get_attribute("html", "data-theme") == "light"
    page_colour = "getComputedStyle(document.body).backgroundColor"
    before = tab.evaluate(page_colour)
    for _ in range(3):
        tab.click(".theme-switch-button")
        if tab.get_attribute("html", "data-theme") == "dark":
            break
    assert tab.get_attribute("html", "data-theme") == "dark"
    assert tab.evaluate(page_colour) != before
    tab.reload()
    assert tab.get_attribute("html", "data-theme") == "dark", "the choice is forgotten"


def test_first_paint_has_the_readers_theme(tab, address):
    """No flash: the theme is set before the body is read."""
    tab.emulate_media(color_scheme="dark")
    tab.add_init_script(
        "new MutationObserver((_, observer) => { if (document.body) {"
        "window.themeAtBody = document.documentElement.dataset.theme;"
        "observer.disconnect(); } })"
        ".observe(document, {childList: true, subtree: true})"
    )
    tab.goto(address + "book/index.html")
    assert tab.evaluate("window.themeAtBody") == "dark"


def test_search_finds_the_book(tab, address):
    tab.goto(address + "book/index.html")
    tab.keyboard.press("Control+k")
    tab.keyboard.type("normalization")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#search-results li a")
    tab.click("#search-results li a")
    assert tab.locator("article h1").count() == 1


def test_page_that_is_not_there(tab, address):
    answer = tab.goto(
        address + "some/where/deep/nothing.html", wait_until="networkidle"
    )
    assert answer.status == 404
    assert "not here" in tab.locator("h1").inner_text()
    assert tab.evaluate("getComputedStyle(document.body).margin") == "0px", "no style"
    assert tab.locator(".theme-switch-button svg:visible").count() == 1
    tab.click("nav.bd-links a >> nth=0")
    assert tab.locator("h1").count() == 1 and "not here" not in tab.title()


def test_site_works_from_the_root_too(tab, site):
    from server import published

    wrong = []
    tab.on("response", lambda r: r.status >= 400 and wrong.append(r.url))
    with published(site, "/") as url:
        tab.goto(url + "book/index.html", wait_until="networkidle")
        tab.click("nav.bd-links a >> nth=1")
        tab.wait_for_load_state("networkidle")
    assert wrong == []


def test_colab_button(chapter, soups, repository):
    owner, name = repository
    stem = chapter.removeprefix("notebooks/").removesuffix(".html")
    links = soups[chapter].select('a[href*="colab.research.google.com"]')
    assert [a["href"] for a in links if "colab-button" in a.get("class", [])] == [
        f"https://colab.research.google.com/github/{owner}/{name}"
        f"/blob/gh-pages/colab/{stem}.ipynb"
    ]


def test_notebook_downloads(chapter, site, soups):
    (link,) = soups[chapter].select('.page-menu a[href$=".ipynb"]')
    path = urljoin("/" + chapter, link["href"]).removeprefix("/")
    assert path == f"colab/{chapter.split('/')[-1].removesuffix('.html')}.ipynb"
    notebook = json.loads((site / path).read_text("utf-8"))
    assert notebook["nbformat"] == 4
    assert any(cell["cell_type"] == "code" for cell in notebook["cells"])


def test_menus_open_with_the_keyboard(tab, address):
    tab.goto(address + "book/index.html")
    tab.focus(".page-menu summary")
    tab.keyboard.press("Enter")
    assert tab.locator(".page-menu[open] a").first.is_visible()
    tab.keyboard.press("Escape")
    assert tab.locator(".page-menu[open]").count() == 0


def test_menu_of_chapters_opens_on_a_phone(tab, address):
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto(address + "book/index.html", wait_until="networkidle")
    chapter = tab.locator("nav.bd-links a").first
    assert not chapter.is_visible() or chapter.bounding_box()["x"] < 0
    tab.click(".primary-toggle")
    tab.wait_for_timeout(500)
    assert chapter.is_visible() and chapter.bounding_box()["x"] >= 0


def test_code_can_be_copied(tab, address, soups):
    page = with_part(soups, "div.highlight pre")
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.goto(address + page, wait_until="networkidle")
    code = tab.locator("div.highlight:visible").first
    code.hover()
    code.locator("button.copybtn").click()
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied.strip() and copied.strip() in code.inner_text()


def test_folded_answer_opens(tab, address, soups):
    page = with_part(soups, ".admonition.dropdown")
    if page is None:
        return  # the book folds nothing with this class yet
    tab.goto(address + page, wait_until="networkidle")
    fold = tab.locator(".admonition.dropdown").first
    inside = fold.locator(":scope > :not(.admonition-title)").first
    assert not inside.is_visible()
    fold.locator(".admonition-title").click()
    assert inside.is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_drawings_take_the_page_colour(theme, tab, address, soups):
    page = with_part(soups, ".cell:not(.tag_photo) .cell_output img")
    assert page, "no page with a figure"
    tab.add_init_script(f"localStorage.setItem('mode', '{theme}')")
    tab.goto(address + page)
    image = tab.locator(".cell:not(.tag_photo) .cell_output img").first
    style = image.evaluate(
        "e => [getComputedStyle(e).filter, getComputedStyle(e).mixBlendMode]"
    )
    dark = ["invert(1) hue-rotate(180deg)", "screen"]
    assert style == (dark if theme == "dark" else ["none", "multiply"])


def with_part(soups, selector):
    """Return the first page that has an element, or None."""
    return next(
        (path for path, soup in soups.items() if soup.select_one(selector)), None
    )


def test_no_icon_font_in_the_site(site):
    assert not [p for p in site.rglob("*") if "fontawesome" in str(p).lower()]
