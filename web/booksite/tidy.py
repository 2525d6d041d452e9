"""Small repairs of the HTML that the theme and the notebooks produce."""

import hashlib
import re
import shutil
from pathlib import Path

from sphinx.errors import ExtensionError

UNUSED_FOLDERS = ["vendor", "locales", "images"]
UNUSED_FILES = ["*.css", "*.map", "*.html", "bootstrap.js*", "sphinx-thebe.js", "*.png"]


def tidy_page(site, page, soup):
    """Apply every repair to one page."""
    defer_scripts(soup)
    drop_doubled_metas(soup)
    drop_leftovers(soup)
    drop_table_styles(soup)
    join_header_rows(soup)
    name_folded_numbers(soup)
    name_folds_on_paper(soup)
    name_parts(soup)
    name_toggles(soup)
    size_images(site, page, soup)


def defer_scripts(soup):
    """Let the page show before scripts run; `defer` keeps their order."""
    for script in soup.select("script[src]"):
        script["defer"] = ""


def name_toggles(soup):
    """Say what the arrows in the list of pages open: the theme draws them only."""
    for summary in soup.select(".toctree-toggle"):
        chapter = summary.find_parent("li").find("a").get_text(strip=True)
        summary.find_parent("summary")["aria-label"] = f"Pages below: {chapter}"


def drop_doubled_metas(soup):
    """Keep one viewport and drop what only other hosts' services read."""
    for meta in soup.select('meta[name="viewport"]')[1:] + soup.select(
        'meta[name^="docsearch"], meta[name^="docbuild"]'
    ):
        meta.decompose()


def drop_leftovers(soup):
    """Remove the theme's second title, for printing, and settings of a live kernel."""
    for block in soup.select('#jb-print-docs-body, script[type="text/x-thebe-config"]'):
        block.decompose()


def drop_table_styles(soup):
    """Remove the style block that pandas puts into every table; ours covers it."""
    for style in soup.select(".cell_output style"):
        style.decompose()


def join_header_rows(soup):
    """Put the names of a data frame's index beside its columns' names.

    pandas gives them a row of their own, empty but for them.
    """
    for table in soup.select("table.dataframe"):
        rows = table.select("thead > tr")
        if len(rows) < 2:
            continue
        above, below = (row.find_all("th") for row in rows[-2:])
        texts = [cell.get_text(strip=True) for cell in below]
        named = sum(map(bool, texts))
        fits = len(above) == len(below) and not any(texts[named:])
        if fits and not any(c.get_text(strip=True) for c in above[:named]):
            for cell, text in zip(above[:named], texts, strict=False):
                cell.string = text
                cell["class"] = ["index"]
            rows[-1].decompose()


def name_folded_numbers(soup):
    """Say of a folded cell that it only hands numbers and figures to the text."""
    for fold in soup.select("details.hide"):
        if re.search(r"^glue\(", fold.get_text(), re.MULTILINE):
            for words, title in (
                (".collapsed", "Where the numbers around here come from"),
                (".expanded", "Hide where the numbers come from"),
            ):
                for place in fold.select(f"summary {words}"):
                    place.string = title


def name_folds_on_paper(soup):
    """Head what is folded with its name where nobody can fold it: "Solution"."""
    for words in soup.select("details.hide > summary .collapsed"):
        name = re.sub("^Show (the|a) ", "", words.get_text(strip=True))
        words.find_parent("summary")["data-paper"] = name[:1].upper() + name[1:]


def name_parts(soup):
    """Tell a screen reader what the theme leaves unsaid or says wrongly."""
    for sidebar in soup.select("div.bd-sidebar-primary"):
        sidebar["role"] = "complementary"
        sidebar["aria-label"] = "The book"
    for summary in soup.select("details.hide > summary[aria-label]"):
        del summary["aria-label"]  # the text it shows says more
    for header in soup.select("th"):
        if not header.get_text(strip=True):
            header.name = "td"  # the corner of a data frame heads nothing
    for entry in soup.select('[role="doc-biblioentry"]'):
        entry["role"] = "listitem"


def size_images(site, page, soup):
    """Write each drawing's size into the page, so that nothing jumps as it loads."""
    for number, image in enumerate(soup.select("main img")):
        image["decoding"] = "async"
        if number:  # the first is what a chapter opens with
            image["loading"] = "lazy"
        source = (page.parent / image["src"]).resolve()
        if source.suffix != ".svg" or "width" in image.attrs or not source.exists():
            continue
        head = source.read_text("utf-8")[:4000]
        box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', head)
        if box:  # matplotlib writes points; a CSS pixel is 3/4 of a point
            image["width"], image["height"] = (
                round(float(n) * 4 / 3) for n in box.groups()
            )


def hoist_styles(soup, rules):
    """Turn `style` attributes into classes, whose rules are added to `rules`.

    The security policy then need not allow styles written in the page. The class
    is tripled in the selector so that it wins like the attribute did.
    """
    for element in soup.select("[style]"):
        text = element["style"].strip().rstrip(";")
        del element["style"]
        if not text:
            continue
        name = "s-" + hashlib.sha256(text.encode()).hexdigest()[:8]
        element["class"] = [*element.get("class", []), name]
        rules[name] = f".{name}.{name}.{name}{{{text}}}"


def remove_unused_files(site):
    """Delete what the theme copies into the site and no page of ours loads."""
    static = Path(site, "_static")
    for folder in UNUSED_FOLDERS:
        shutil.rmtree(static / folder, ignore_errors=True)
    for pattern in UNUSED_FILES:
        for file in static.rglob(pattern):
            file.unlink()


def quote_only_the_text(site):
    """Let the search quote a page's text and not the buttons above it.

    Sphinx's search reads the whole of `main`; the one list of what it leaves out
    stands in its script.
    """
    script = Path(site, "_static", "searchtools.js")
    text = script.read_text("utf-8")
    old = '[".headerlink", "script", "style"]'
    if old not in text and ".bd-header-article" not in text:
        raise ExtensionError(f"{script.name} has changed: find what it leaves out")
    left_out = '[".headerlink", "script", "style", ".bd-header-article", "footer"]'
    script.write_text(text.replace(old, left_out), encoding="utf-8")
